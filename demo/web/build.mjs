// Puts the page, LiteRT's runtime and a model into one folder that any server can offer.
// Usage: node build.mjs MODEL_DIR OUTPUT_DIR; MODEL_DIR is what hg3d_tf.export --tflite wrote, or
// the package's own hg3d_tf/weights.
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

const [modelDir, output] = process.argv.slice(2);
const here = import.meta.dirname;
const forms = ["float16", "float32", "pose"];
const form = forms.find((name) => existsSync(join(modelDir, `${name}.tflite`)));
if (!form) {
  console.error(`error: ${modelDir} holds none of ${forms.join(".tflite, ")}.tflite`);
  process.exit(1);
}
rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
cpSync(join(here, "src"), output, { recursive: true });
const packages = join(here, "node_modules/@litertjs");
cpSync(join(packages, "core/dist"), join(output, "litert"), { recursive: true });
cpSync(join(packages, "core/wasm"), join(output, "litert/wasm"), { recursive: true });
cpSync(join(packages, "wasm-utils/dist"), join(output, "litert/wasm-utils"), { recursive: true });
cpSync(join(modelDir, `${form}.tflite`), join(output, "model.tflite"));
cpSync(join(modelDir, "description.json"), join(output, "description.json"));
const finders = [modelDir, join(here, "../../hg3d_tf/weights")];
const finder = finders.map((dir) => join(dir, "finder.tflite")).find((file) => existsSync(file));
cpSync(finder, join(output, "finder.tflite"));
console.log(`${output}: the page with ${form}.tflite`);
