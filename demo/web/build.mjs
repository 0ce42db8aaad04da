// Puts the page, LiteRT's runtime and the networks into one folder that any server can offer.
// Usage: node build.mjs MODEL_DIR OUTPUT_DIR; MODEL_DIR is what hg3d_tf.export --tflite wrote, or
// the package's own hg3d_tf/weights.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

const [modelDir, output] = process.argv.slice(2);
const here = import.meta.dirname;
const source = join(here, "src");
const forms = ["float16", "float32", "dynamic", "pose", "int8"];
const files = forms.map((form) => `${form}.tflite`);
const photo = files.find((file) => existsSync(join(modelDir, file)));
if (!photo) {
  console.error(`error: ${modelDir} holds none of ${files.join(", ")}`);
  process.exit(1);
}
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
cpSync(source, output, { recursive: true });
const networks = { photo, film: filmFile() };
if (networks.film !== "film.delta") rmSync(join(output, "film.delta"));
for (const file of new Set([photo, networks.film, "description.json"])) {
  if (file !== "film.delta") cpSync(join(modelDir, file), join(output, file));
}
const finders = [modelDir, join(here, "../../hg3d_tf/weights")];
const finder = finders.map((dir) => join(dir, "finder.tflite")).find((file) => existsSync(file));
cpSync(finder, join(output, "finder.tflite"));
copyRuntime();
writeFileSync(join(output, "networks.json"), JSON.stringify(networks));
const kept = readdirSync(output).filter((file) => file.includes(".") && file !== "offline.js");
writeFileSync(join(output, "files.json"), JSON.stringify([...kept, "litert/index.js", "litert/wasm-utils.js"]));
console.log(`${output}: the page with ${photo} for photos, ${networks.film} for films`);

// int8, which is fastest: a file of its own, or what differs from the package's pose.tflite.
function filmFile() {
  if (existsSync(join(modelDir, "int8.tflite"))) return "int8.tflite";
  const digest = createHash("sha256").update(readFileSync(join(modelDir, photo))).digest();
  const delta = gunzipSync(readFileSync(join(source, "film.delta")));
  return digest.equals(delta.subarray(0, digest.length)) ? "film.delta" : photo;
}

// Without import maps, which workers lack, and with packed WebAssembly: not every server packs it, and
// some would unpack what is called .gz.
function copyRuntime() {
  const packages = join(here, "node_modules/@litertjs");
  const runtime = join(output, "litert");
  mkdirSync(join(runtime, "wasm"), { recursive: true });
  const index = readFileSync(join(packages, "core/dist/index.js"), "utf8");
  writeFileSync(join(runtime, "index.js"), index.replace('"@litertjs/wasm-utils"', '"./wasm-utils.js"'));
  cpSync(join(packages, "wasm-utils/dist/index.js"), join(runtime, "wasm-utils.js"));
  for (const kind of ["", "_threaded", "_compat"]) {
    const name = `litert_wasm${kind}_internal`;
    const wasm = join(packages, "core/wasm", name);
    cpSync(`${wasm}.js`, join(runtime, "wasm", `${name}.js`));
    writeFileSync(join(runtime, "wasm", `${name}.wasm.packed`), gzipSync(readFileSync(`${wasm}.wasm`), { level: 9 }));
  }
}
