// Gives photos to the page in headless Chromium, one after the other, and prints, as JSON, the people
// that it finds in each. Usage: node photos.mjs CHROMIUM URL PHOTO...
import { inBrowser, isReady, launch, newPage } from "./browser.mjs";

const [executablePath, url, ...photos] = process.argv.slice(2);
await inBrowser(await launch(executablePath), async (browser) => {
  const page = await newPage(browser);
  await page.goto(url);
  await page.waitForSelector("#file:enabled", { state: "attached" });
  const found = [];
  for (const photo of photos) {
    await page.evaluate(() => (window.lastPeople = null));
    await page.setInputFiles("#file", photo);
    await isReady(page);
    const error = await page.evaluate(() => window.lastError);
    if (error) throw new Error(`${photo}: ${error}`);
    found.push(await page.evaluate(() => window.lastPeople));
  }
  return found;
});
