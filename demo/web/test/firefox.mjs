// Opens the page in headless Firefox and prints, as JSON, what it finds in its sample and in a film.
// Usage: node firefox.mjs FIREFOX PAGE FILM: the folder that build.mjs wrote; a WebM.
import { firefox } from "playwright-core";
import { WAIT, inBrowser, isReady, newPage, serve } from "./browser.mjs";

const [executablePath, built, film] = process.argv.slice(2);
const server = await serve(built);
// The channel is that of Firefox as it is, not of Playwright's own build.
await inBrowser(await firefox.launch({ channel: "moz-firefox", executablePath, ...WAIT }), async (browser) => {
  try {
    const page = await newPage(browser, { viewport: { width: 390, height: 844 } });
    const errors = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    const requests = [];
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(server.url);
    await isReady(page);
    const state = () =>
      page.evaluate(() => ({ people: window.lastPeople, error: window.lastError, frames: window.framesSeen }));
    const sample = await state();
    await page.waitForSelector("#camera:enabled");
    await page.setInputFiles("#file", film);
    await page.waitForSelector("#pause"); // it runs
    await page.waitForSelector("#pause", { state: "hidden" }); // it is over
    const isolated = await page.evaluate(() => crossOriginIsolated);
    const status = await page.textContent("#status");
    return { sample, film: await state(), status, isolated, errors, requests };
  } finally {
    server.stop();
  }
});
