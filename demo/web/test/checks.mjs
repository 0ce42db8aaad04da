// Tries the page in headless Chromium as people use it, and prints, as JSON, what came of it.
// Usage: node checks.mjs CHROMIUM PAGE CAMERA FILM FOLDER: the folder that build.mjs wrote; a .y4m; a
// film; where files that the page saves go to.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WAIT, WEB, inBrowser, isReady, launch, newPage, serve } from "./browser.mjs";

const [executablePath, built, camera, film, folder] = process.argv.slice(2);
const AXE = readFileSync(join(WEB, "node_modules/axe-core/axe.min.js"), "utf8");
const PHONE = { width: 390, height: 844 };

// Opens the page once more; errors and requests are noted.
async function opened(browser, url) {
  const context = await browser.newContext({ viewport: PHONE, acceptDownloads: true });
  const page = await newPage(context);
  const notes = { errors: [], requests: [] };
  page.on("pageerror", (error) => notes.errors.push(String(error)));
  page.on("requestfinished", (request) => notes.requests.push(request));
  await page.goto(url);
  await isReady(page);
  await page.waitForSelector("#camera:enabled", WAIT);
  return { context, page, notes };
}

// MB that came over the network until the page was there and kept for later.
async function loaded({ page, notes }) {
  await page.waitForFunction(() => window.isKept, null, WAIT);
  const sizes = await Promise.all(notes.requests.map((request) => request.sizes()));
  return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0) / 1e6;
}

const statusOf = (page) => page.textContent("#status");
const framesSeen = (page, count) =>
  page.waitForFunction((n) => window.framesSeen >= n || window.lastError, count, WAIT);

// Serious and critical findings of axe, at two widths, light and dark.
async function accessibility(page) {
  await page.evaluate(AXE);
  const found = [];
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280, 1920]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const { violations } = await page.evaluate(() => window.axe.run());
      for (const { id, impact, nodes } of violations) {
        if (!["serious", "critical"].includes(impact)) continue;
        found.push(`${id}, ${colorScheme}, ${width} px: ${nodes.map(({ html }) => html).join(" ")}`);
      }
      const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
      if (scrolled > width) found.push(`wider than the screen: ${scrolled} of ${width} px`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(PHONE);
  return found;
}

// Where the Tab key goes, from the top of the page on.
async function tabStops(page) {
  const stops = [];
  await page.evaluate(() => document.activeElement.blur());
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    stops.push(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent.trim()));
  }
  return stops;
}

async function saved(page, kind) {
  await page.evaluate(() => (document.querySelector("details").open = true));
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`[data-save=${kind}]`)]).catch(
    async () => {
      throw new Error(`${kind} was not saved; the page says: ${await statusOf(page)}`);
    },
  );
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

// What is said where something cannot be.
async function refusals(page) {
  const said = {};
  await page.setInputFiles("#file", { name: "notes.jpg", mimeType: "image/jpeg", buffer: Buffer.from("text") });
  await page.waitForFunction(() => window.lastError, null, WAIT);
  said.noPicture = await statusOf(page);
  for (const name of ["NotAllowedError", "NotFoundError"]) {
    await page.evaluate((error) => {
      window.lastError = null;
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", error));
    }, name);
    await page.click("#camera");
    await page.waitForFunction(() => window.lastError, null, WAIT);
    said[name] = await statusOf(page);
  }
  return said;
}

// Before the camera: how many people are seen from frame to frame, and who; and the memory.
async function beforeCamera(page) {
  await page.evaluate(() => {
    window.framesSeen = 0;
    window.seen = []; // [ids] of the frames, where they change
    let ids;
    const watch = () => {
      const now = JSON.stringify(window.framesSeen ? window.lastPeople.map(({ id }) => id) : []);
      if (now !== ids) window.seen.push(JSON.parse((ids = now)));
      requestAnimationFrame(watch);
    };
    watch();
  });
  await page.click("#camera");
  await framesSeen(page, 10);
  const button = await page.textContent("#camera");
  await page.setViewportSize({ width: PHONE.height, height: PHONE.width }); // the phone is turned
  const memory = () =>
    page.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes / 1e6);
  await framesSeen(page, 60);
  const before = await memory();
  await framesSeen(page, 160);
  const grown = (await memory()) - before;
  await page.waitForFunction(
    () => {
      const counts = window.seen.map(({ length }) => length);
      const lost = counts.indexOf(0, counts.indexOf(1));
      return lost > 0 && counts.includes(2) && counts.indexOf(1, lost) > 0;
    },
    null,
    WAIT,
  );
  await page.click("#pause");
  const paused = await page.textContent("#pause");
  const [result, times] = await page.evaluate(() => [window.seen, document.querySelector("#times").textContent]);
  const csv = await saved(page, "csv");
  await page.click("#camera");
  await page.setViewportSize(PHONE);
  return { seen: result, button, paused, grown, times, csv };
}

async function inFilm(page) {
  await page.evaluate(() => (window.framesSeen = 0));
  await page.setInputFiles("#file", film);
  await framesSeen(page, 10);
  await page.waitForSelector("#pause", { state: "hidden", ...WAIT }); // it is over
  const people = await page.evaluate(() => window.lastPeople);
  const said = await statusOf(page);
  const files = {};
  for (const kind of ["json", "bvh", "png"]) files[kind] = await saved(page, kind);
  await page.evaluate(() => (window.framesSeen = 0));
  await page.click("#again");
  await framesSeen(page, 3);
  await page.waitForSelector("#again", WAIT); // it is over once more
  return { people, said, again: await statusOf(page), ...files };
}

// What is said where the address names what is not there; the controls must do all the same.
async function badAddresses(browser, url) {
  const said = {};
  for (const query of ["photo=nosuch.jpg", "photo=app.js", "box=1,2,x", "box=9,9,5,5", "box=999,0,1200,90"]) {
    const { context, page } = await opened(browser, `${url}?${query}`); // waits for the controls
    said[query] = await statusOf(page);
    await context.close();
  }
  return said;
}

// The server is gone: what was kept must do.
async function offline({ page, context }, stop) {
  stop();
  const later = await newPage(context);
  await later.goto(page.url());
  await isReady(later);
  return later.evaluate(() => ({ people: window.lastPeople?.length, error: window.lastError }));
}

async function unisolated(browser) {
  const plain = await serve(built, { isPlain: true });
  try {
    const { page, context, notes } = await opened(browser, plain.url);
    const result = await page.evaluate(() => ({ people: window.lastPeople?.length, isolated: crossOriginIsolated }));
    await context.close();
    return { ...result, errors: notes.errors };
  } finally {
    plain.stop();
  }
}

// On a machine of four processors networks take several threads.
async function onFourProcessors(browser, url) {
  const context = await browser.newContext();
  await context.route("**/runtime.js", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace("navigator.hardwareConcurrency", "4");
    await route.fulfill({ response, body });
  });
  const asked = [];
  context.on("request", (request) => asked.push(request.url().split("/").at(-1)));
  const page = await newPage(context);
  await page.goto(url);
  await isReady(page);
  const result = await page.evaluate(() => ({ people: window.lastPeople, error: window.lastError }));
  await context.close();
  return { ...result, asked };
}

const server = await serve(built);
const flags = ["--enable-blink-features=ForceEagerMeasureMemory"];
await inBrowser(await launch(executablePath, camera, ...flags), async (browser) => {
  try {
    const first = await opened(browser, server.url);
    const { page, notes } = first;
    const results = { firstLoad: await loaded(first), stops: await tabStops(page), accessibility: await accessibility(page) };
    results.photo = { json: await saved(page, "json"), people: await page.evaluate(() => window.lastPeople) };
    results.camera = await beforeCamera(page);
    results.film = await inFilm(page);
    results.refusals = await refusals(page);
    results.badAddresses = await badAddresses(browser, server.url);
    results.threads = await onFourProcessors(browser, server.url);
    results.offline = await offline(first, server.stop);
    results.plain = await unisolated(browser);
    return { ...results, errors: notes.errors };
  } finally {
    server.stop();
  }
});
