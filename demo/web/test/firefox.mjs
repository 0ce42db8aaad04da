// Opens the page in headless Firefox and prints, as JSON, what it finds in its sample.
// Usage: node firefox.mjs FIREFOX PAGE: the folder that build.mjs wrote.
import { firefox } from "playwright-core";
import { WAIT, inBrowser, isReady, newPage, serve } from "./browser.mjs";

const [executablePath, built] = process.argv.slice(2);
const server = await serve(built);
// The channel is that of Firefox as it is, not of Playwright's own build.
await inBrowser(await firefox.launch({ channel: "moz-firefox", executablePath, ...WAIT }), async (browser) => {
  try {
    const page = await newPage(browser, { viewport: { width: 390, height: 844 } });
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(server.url);
    await isReady(page);
    const seen = await page.evaluate(() => ({
      people: window.lastPeople,
      error: window.lastError,
      isolated: crossOriginIsolated,
    }));
    return { ...seen, errors };
  } finally {
    server.stop();
  }
});
