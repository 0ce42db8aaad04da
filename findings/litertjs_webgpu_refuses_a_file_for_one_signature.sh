#!/usr/bin/env bash
# @litertjs/core 2.5.3 on WebGPU refuses a file whose one signature gathers channels, for all of them.
#
# A file of two signatures, as TensorFlow's converter writes it: `plain` multiplies, `mirrored` puts
# the channels in another order, as pose networks do for the mirror image. In WebAssembly both answer.
# On WebGPU `loadAndCompile` throws for the file, also where only `plain` is wanted, instead of leaving
# GATHER to the processor; a file of `plain` alone computes there whole. Chromium's own renderer
# SwiftShader is the adapter. Wants Node.js and Chromium.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check tensorflow==2.21.0
npm install --silent --no-audit --no-fund @litertjs/core@2.5.3 playwright-core@1.64.1
cat > make.py <<'PY'
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

SPEC = [tf.TensorSpec([1, 8, 8, 4], tf.float32, name="x")]


class Both(tf.Module):
    @tf.function(input_signature=SPEC)
    def plain(self, x):
        return {"y": 2.0 * x}

    @tf.function(input_signature=SPEC)
    def mirrored(self, x):
        return {"y": tf.gather(x, [1, 0, 3, 2], axis=-1)}


module = Both()
for name, functions in {"plain": ["plain"], "both": ["plain", "mirrored"]}.items():
    tf.saved_model.save(module, name, {f: getattr(module, f) for f in functions})
    content = tf.lite.TFLiteConverter.from_saved_model(name, signature_keys=functions).convert()
    open(f"{name}.tflite", "wb").write(content)
PY
venv/bin/python make.py > made.txt 2>&1 || { cat made.txt; exit 1; }
cat > index.html <<'HTML'
<!doctype html>
<script type="importmap">{"imports": {
  "@litertjs/core": "/node_modules/@litertjs/core/dist/index.js",
  "@litertjs/wasm-utils": "/node_modules/@litertjs/wasm-utils/dist/index.js"}}</script>
<script type="module">
import { Tensor, loadAndCompile, loadLiteRt } from "@litertjs/core";
await loadLiteRt("/node_modules/@litertjs/core/wasm/");
window.asked = async (file, accelerator) => {
  try {
    const model = await loadAndCompile(file, { accelerator });
    const x = Tensor.fromTypedArray(new Float32Array(256).fill(3), [1, 8, 8, 4]);
    const { y } = await model.run("plain", { x });
    return `answers ${(await y.data())[0]}`;
  } catch (error) {
    return `is refused: ${String(error).split("\n")[0]}`;
  }
};
</script>
HTML
cat > run.mjs <<'JS'
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { chromium } from "playwright-core";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const server = createServer(({ url }, response) => {
  try {
    const path = url === "/" ? "index.html" : url.slice(1);
    const content = readFileSync(path);
    response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream");
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0);
const args = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
const browser = await chromium.launch({ executablePath: process.argv[2], args });
const page = await browser.newPage();
await page.goto(`http://localhost:${server.address().port}/`);
await page.waitForFunction(() => window.asked);
if (!(await page.evaluate(async () => Boolean(await navigator.gpu?.requestAdapter())))) {
  throw new Error("this Chromium gives no WebGPU adapter");
}
const seen = {};
for (const file of ["plain", "both"]) {
  for (const on of ["wasm", "webgpu"]) {
    seen[`${file} ${on}`] = await page.evaluate(([f, a]) => window.asked(f, a), [`${file}.tflite`, on]);
    console.log(`${file}.tflite on ${on}: plain ${seen[`${file} ${on}`]}`);
  }
}
await browser.close();
server.close();
const { version } = JSON.parse(readFileSync("node_modules/@litertjs/core/package.json"));
console.log(`@litertjs/core ${version}, Chromium ${browser.version()}; expected: plain answers 6 four times`);
const answers = ["plain wasm", "plain webgpu", "both wasm"].every((name) => seen[name] === "answers 6");
if (!answers || !seen["both webgpu"].startsWith("is refused")) throw new Error("changed: this finding no longer holds");
JS
node run.mjs "${CHROMIUM:-$(command -v chromium)}"
