// Opens the page in headless Chromium and prints, as JSON, the pose that it finds in a photo.
// Usage: node page.mjs CHROMIUM URL [SCREENSHOT]
import { inBrowser, isReady, launch, newPage } from "./browser.mjs";

const [executablePath, url, screenshot] = process.argv.slice(2);
await inBrowser(await launch(executablePath), async (browser) => {
  const page = await newPage(browser, { viewport: { width: 390, height: 844 } }); // a phone's
  page.on("console", (message) => console.error(message.text()));
  page.on("pageerror", (error) => console.error(String(error)));
  const elsewhere = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) elsewhere.push(request.url());
  });
  await page.goto(url);
  await isReady(page);
  const result = await page.evaluate(() => ({
    people: window.lastPeople,
    error: window.lastError,
    isolated: crossOriginIsolated,
    width: document.documentElement.scrollWidth,
  }));
  if (screenshot) await page.screenshot({ path: screenshot });
  return { ...result, elsewhere };
});
