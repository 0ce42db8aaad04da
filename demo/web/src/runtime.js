// LiteRT in the browser: networks that take a square picture.
import { Tensor, isWebGPUSupported, loadAndCompile, loadLiteRt } from "./litert/index.js";

// Several threads need a page that is isolated by its server's headers.
export const startRuntime = () => loadLiteRt("litert/wasm/", { threads: crossOriginIsolated });

export async function loadNetwork(file, signature, size) {
  return new Network(await compile(file), signature, size);
}

async function compile(file) {
  if (isWebGPUSupported()) {
    try {
      return await loadAndCompile(file, { accelerator: "webgpu" });
    } catch (error) {
      console.info(`WebGPU does not run ${file}, the CPU does:`, error.message);
    }
  }
  return loadAndCompile(file, { accelerator: "wasm" });
}

class Network {
  constructor(model, signature, size) {
    Object.assign(this, { model, signature, size });
    this.canvas = new OffscreenCanvas(size, size);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.image = new Float32Array(size * size * 3);
  }

  // Looks at a part [x, y, side] of a Picture, which may reach beyond it, over a background;
  // returns the outputs as typed arrays, by name.
  async run(picture, part, background) {
    const { context, size, image } = this;
    context.fillStyle = background;
    context.fillRect(0, 0, size, size);
    picture.draw(context, part, size);
    const { data } = context.getImageData(0, 0, size, size);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
      image[to] = data[from] / 255;
      image[to + 1] = data[from + 1] / 255;
      image[to + 2] = data[from + 2] / 255;
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
