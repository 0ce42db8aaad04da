// Poses a second before a camera of 640 x 480 px and 60 frames a second, which plays the page's sample
// moved about; and ms from when the networks' files are there to the first pose of a photo.
// Usage: node test/speed.mjs PAGE [OTHER_PAGE]: folders that build.mjs wrote, of another commit too.
// They take turns. CHROMIUM=PATH, ROUNDS=3, SECONDS=8 are to be set.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WEB, launch, newPage, serve } from "./browser.mjs";

const { CHROMIUM = "/usr/bin/chromium", ROUNDS = 3, SECONDS = 8 } = process.env;
const WARM_UP_SECONDS = 4;
const FRAMES = 60;
const [WIDTH, HEIGHT] = [640, 480];

const folders = process.argv.slice(2);
if (!folders.length) {
  console.error("error: name the folder that build.mjs wrote, and one to compare it with");
  process.exit(1);
}

// Writes the sample, moved from side to side in a second, as the film that Chromium plays.
async function writeCamera(path) {
  const browser = await launch(CHROMIUM);
  const page = await newPage(browser);
  const sample = readFileSync(join(WEB, "src/sample.jpg")).toString("base64");
  const parts = [`YUV4MPEG2 W${WIDTH} H${HEIGHT} F60:1 Ip A1:1 C420jpeg\n`];
  for (let frame = 0; frame < FRAMES; frame++) {
    const x = 100 + 60 * Math.sin((2 * Math.PI * frame) / FRAMES);
    const planes = await page.evaluate(yuvOf, [sample, x, WIDTH, HEIGHT]);
    parts.push("FRAME\n", Buffer.from(planes, "base64"));
  }
  await browser.close();
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part))));
}

// In the browser: the planes of 4:2:0 with the sample at x over grey, in base64.
async function yuvOf([sample, x, width, height]) {
  const jpeg = await (await fetch(`data:image/jpeg;base64,${sample}`)).blob();
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.fillStyle = "rgb(127 127 127)";
  context.fillRect(0, 0, width, height);
  context.drawImage(await createImageBitmap(jpeg), x, 20, 440, 440);
  const { data } = context.getImageData(0, 0, width, height);
  const luma = width * height;
  const planes = new Uint8Array(luma * 1.5);
  for (let at = 0; at < luma; at++) {
    const [r, g, b] = data.subarray(4 * at, 4 * at + 3);
    planes[at] = 0.299 * r + 0.587 * g + 0.114 * b;
    const [row, column] = [Math.floor(at / width), at % width];
    if (row % 2 || column % 2) continue;
    const place = luma + (row / 2) * (width / 2) + column / 2;
    planes[place] = 128 - 0.169 * r - 0.331 * g + 0.5 * b;
    planes[place + luma / 4] = 128 + 0.5 * r - 0.419 * g - 0.081 * b;
  }
  let text = "";
  for (let at = 0; at < planes.length; at += 8192) text += String.fromCharCode(...planes.subarray(at, at + 8192));
  return btoa(text);
}

async function measured(url, camera) {
  const browser = await launch(CHROMIUM, camera);
  try {
    const page = await newPage(browser, { viewport: { width: 390, height: 844 } });
    // Every result is drawn once over the picture's canvas, by all versions of the page.
    await page.addInitScript(() => {
      window.shown = [];
      const draw = CanvasRenderingContext2D.prototype.drawImage;
      CanvasRenderingContext2D.prototype.drawImage = function (...values) {
        if (this.canvas.id === "picture") window.shown.push(performance.now());
        return draw.apply(this, values);
      };
    });
    const filesThere = []; // when each came; the page fetches some again, to keep them
    page.on("requestfinished", (request) => {
      if (/tflite|wasm/.test(request.url())) filesThere.push(Date.now());
    });
    await page.goto(`${url}?photo=sample.jpg`);
    await page.waitForFunction(() => window.shown.length || window.lastError);
    const firstPose = await page.evaluate((times) => {
      const shown = performance.timeOrigin + window.shown[0];
      return shown - Math.max(...times.filter((time) => time < shown));
    }, filesThere);
    await page.waitForSelector("#camera:enabled");
    await page.click("#camera");
    await page.waitForFunction(() => window.shown.length > 5);
    await page.waitForTimeout(1000 * WARM_UP_SECONDS);
    const rate = await page.evaluate(async (seconds) => {
      const [count, start] = [window.shown.length, performance.now()];
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      return (1000 * (window.shown.length - count)) / (performance.now() - start);
    }, Number(SECONDS));
    return { rate, firstPose };
  } finally {
    await browser.close();
  }
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const folder = mkdtempSync(join(tmpdir(), "hg3d-"));
const servers = await Promise.all(folders.map((page) => serve(page)));
try {
  const camera = join(folder, "camera.y4m");
  await writeCamera(camera);
  const results = folders.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { url }] of servers.entries()) {
      results[i].push(await measured(url, camera));
      const { rate, firstPose } = results[i].at(-1);
      console.log(`${folders[i]}: ${rate.toFixed(1)} poses a second${firstPose ? `, first pose ${firstPose.toFixed(0)} ms` : ""}`);
    }
  }
  const rates = results.map((rounds) => median(rounds.map(({ rate }) => rate)));
  console.log(`median: ${rates.map((rate) => rate.toFixed(1)).join(" and ")} poses a second`);
  if (rates.length > 1) console.log(`ratio: ${(rates[0] / rates[1]).toFixed(2)}`);
} finally {
  for (const { stop } of servers) stop();
  rmSync(folder, { recursive: true });
}
