// Gives photos to the page in headless Chromium, one after the other, and prints, as JSON, the people
// that it finds in each. Usage: node photos.mjs CHROMIUM URL PHOTO...
import { chromium } from "playwright-core";

const [executablePath, url, ...photos] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  await page.goto(url);
  const found = [];
  for (const photo of ["", ...photos]) {
    if (photo) {
      await page.evaluate(() => (window.lastPeople = null));
      await page.setInputFiles("#file", photo);
    }
    await page.waitForFunction(() => window.lastPeople || window.lastError, null, { timeout: 240000 });
    const error = await page.evaluate(() => window.lastError);
    if (error) throw new Error(`${photo}: ${error}`);
    if (photo) found.push(await page.evaluate(() => window.lastPeople));
    else await page.waitForSelector("#file:enabled", { state: "attached" });
  }
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
