// LiteRT in a worker of the browser: networks that take a square picture. In WebAssembly: on WebGPU
// LiteRT refuses files that make joints of heat maps, and the int8 files are fast without it.
import { joined } from "./delta.js";
import { Tensor, loadAndCompile, loadLiteRt, supportsFeature } from "./litert/index.js";

// Of each pose network. The runtime keeps a thread for each processor, and a network that wants another
// may wait for ever: two networks together take no more than two thirds. Firefox 153 waits for ever now
// and then when a worker starts workers, as threads are: it has one.
const MOST_THREADS = 4; // more wait for each other in networks this small
const more = Math.floor(((navigator.hardwareConcurrency || 1) - 1) / 3);
const canStart = crossOriginIsolated && !navigator.userAgent.includes("Firefox/");
export const THREADS = canStart ? Math.min(1 + more, MOST_THREADS) : 1;

const WASM = "litert/wasm/";

export const runtimeFiles = []; // for the page, to keep them
export const spent = {}; // ms of the request that is answered, by part

// Several threads need a page that is isolated by its server's headers.
export async function startRuntime() {
  const isFast = await supportsFeature("relaxedSimd");
  const kind = isFast ? (THREADS > 1 ? "_threaded" : "") : "_compat";
  const script = `${WASM}litert_wasm${kind}_internal.js`;
  const binary = `${WASM}litert_wasm${kind}_internal.wasm.packed`;
  runtimeFiles.push(script, binary);
  // Unpacked here, since many servers would send the 9 MB as they are.
  const compiled = unpacked(binary, "application/wasm").then(WebAssembly.compileStreaming);
  self.Module = {
    mainScriptUrlOrBlob: new URL(script, location).href, // of the threads
    instantiateWasm(imports, receive) {
      compiled
        .then(async (module) => receive(await WebAssembly.instantiate(module, imports), module))
        .catch((error) => failed(error));
      return {};
    },
  };
  let failed;
  const failure = new Promise((_, reject) => (failed = reject));
  await Promise.race([loadLiteRt(script), failure]);
}

async function unpacked(file, type) {
  const packed = await (await fetched(file)).blob(); // the stream of a body hangs in Firefox 153
  const headers = { "Content-Type": type };
  return new Response(packed.stream().pipeThrough(new DecompressionStream("gzip")), { headers });
}

async function fetched(file) {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`fetch of ${file}: ${response.status}`);
  return response;
}

// `content`: what `contentOf` gives, or will give.
export async function loadNetwork(content, signature, size, numThreads = 1) {
  const options = { accelerator: "wasm", cpuOptions: { numThreads } };
  return new Network(await loadAndCompile(await content, options), signature, size);
}

// Returns a file's bytes; `base` is the file from which a file .delta differs.
export async function contentOf(file, base) {
  if (!file.endsWith(".delta")) return new Uint8Array(await (await fetched(file)).arrayBuffer());
  const delta = await (await unpacked(file, "application/octet-stream")).arrayBuffer();
  return joined(await contentOf(base), new Uint8Array(delta));
}

class Network {
  constructor(model, signature, size) {
    Object.assign(this, { model, signature, size });
    this.image = new Float32Array(size * size * 3);
  }

  // Takes RGBA bytes of size x size pixels; returns the outputs as typed arrays, by name.
  async run(pixels) {
    const { size, image } = this;
    for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
      image[to] = pixels[from] / 255;
      image[to + 1] = pixels[from + 1] / 255;
      image[to + 2] = pixels[from + 2] / 255;
    }
    const input = Tensor.fromTypedArray(image, [1, size, size, 3]);
    const tensors = await this.model.run(this.signature, { image: input });
    input.delete();
    const outputs = {};
    for (const [name, tensor] of Object.entries(tensors)) {
      outputs[name] = await tensor.data();
      tensor.delete();
    }
    return outputs;
  }
}

// Adds the time since `start` to a part; returns now.
export function spend(part, start) {
  const now = performance.now();
  spent[part] = (spent[part] ?? 0) + now - start;
  return now;
}
