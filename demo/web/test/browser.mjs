// What the checks of the page share: Chromium without a screen, servers, and the page when it is ready.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
export const WEB = join(import.meta.dirname, "..");
export const WAIT = { timeout: 240000 };

// `camera`: a .y4m that is played as the camera.
export function launch(executablePath, camera, ...more) {
  const args = [...ARGS, ...more];
  if (camera) {
    args.push("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream");
    args.push(`--use-file-for-fake-video-capture=${camera}`);
  }
  return chromium.launch({ executablePath, args, ...WAIT });
}

// A page that is waited for as long as anything else here: other tests may have the machine.
export async function newPage(context, options) {
  const page = await context.newPage(options);
  page.setDefaultTimeout(WAIT.timeout);
  return page;
}

// Serves a folder as `make serve-web` does, or plainly, without the headers that isolate the page.
export async function serve(folder, { isPlain = false } = {}) {
  const plain = ["-u", "-m", "http.server", "0", "--bind", "localhost", "--directory", folder];
  const args = isPlain ? plain : ["-u", join(WEB, "serve.py"), folder, "0"];
  const server = spawn("python3", args, { stdio: ["ignore", "pipe", "ignore"] });
  let said = "";
  for await (const part of server.stdout.iterator({ destroyOnReturn: false })) {
    said += part;
    if (said.includes("\n")) break;
  }
  const port = said.match(/(?:localhost:|port )(\d+)/)[1];
  return { url: `http://localhost:${port}/`, stop: () => server.kill() };
}

export const isReady = (page) =>
  page.waitForFunction(() => window.lastPeople || window.lastError, null, WAIT);

// Prints what `work` returns for a browser, as JSON, and ends it.
export async function inBrowser(browser, work) {
  try {
    console.log(JSON.stringify(await work(browser)));
  } finally {
    await browser.close();
  }
}
