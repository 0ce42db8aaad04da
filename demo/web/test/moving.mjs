// Shows the page in headless Chromium a camera, that plays a .y4m file, and then a film; prints, as
// JSON, the people whom it sees in each after ten frames. Usage: node moving.mjs CHROMIUM URL Y4M FILM
import { chromium } from "playwright-core";

const [executablePath, url, y4m, film] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
args.push("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
args.push(`--use-file-for-fake-video-capture=${y4m}`);
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(url);
  await page.waitForSelector("#camera:enabled", { timeout: 240000 });

  const seen = async () => {
    await page.waitForFunction(() => window.framesSeen >= 10 || window.lastError, null, {
      timeout: 240000,
    });
    return page.evaluate(() => ({ people: window.lastPeople, error: window.lastError }));
  };
  await page.click("#camera");
  const byCamera = await seen();
  await page.setViewportSize({ width: 844, height: 390 }); // the phone is turned
  const button = await page.textContent("#camera");
  await page.click("#camera");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.evaluate(() => (window.framesSeen = 0));
  await page.setInputFiles("#file", film);
  const byFilm = await seen();
  await page.waitForSelector("#pause", { state: "hidden", timeout: 240000 }); // it is over
  console.log(JSON.stringify({ byCamera, button, byFilm, errors }));
} finally {
  await browser.close();
}
