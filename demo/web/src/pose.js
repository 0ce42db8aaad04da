// The network: a square crop on a canvas in, joints out.
import { Tensor, isWebGPUSupported, loadAndCompile, loadLiteRt } from "./litert/index.js";

export async function loadPoseNetwork() {
  const description = await (await fetch("description.json")).json();
  await loadLiteRt("litert/wasm/");
  const model = await compile();
  return new PoseNetwork(model, description);
}

async function compile() {
  if (isWebGPUSupported()) {
    try {
      return await loadAndCompile("model.tflite", { accelerator: "webgpu" });
    } catch (error) {
      console.warn("WebGPU does not run this model, the CPU does:", error);
    }
  }
  return loadAndCompile("model.tflite", { accelerator: "wasm" });
}

class PoseNetwork {
  constructor(model, description) {
    this.model = model;
    this.size = description.input_size;
    this.names = description.joint_names;
    this.bones = description.bones.map((bone) => bone.map((name) => this.names.indexOf(name)));
    this.canvas = new OffscreenCanvas(this.size, this.size);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.context.imageSmoothingQuality = "high";
  }

  // Returns joints2d [[x, y], ...] from 0 to 1 over the square, joints3d [[x, y, z], ...] mm.
  async run(square) {
    const { size } = this;
    this.context.drawImage(square, 0, 0, size, size);
    const { data } = this.context.getImageData(0, 0, size, size);
    const image = new Float32Array(size * size * 3);
    for (let i = 0, j = 0; i < data.length; i += 4) {
      for (let channel = 0; channel < 3; channel++) image[j++] = data[i + channel] / 255;
    }
    const input = Tensor.fromTypedArray(image, [1, size, size, 3]);
    const outputs = await this.model.run("joints", { image: input });
    input.delete();
    const joints2d = rows(await outputs.joints_2d.data(), 2);
    const joints3d = rows(await outputs.joints_3d.data(), 3);
    for (const output of Object.values(outputs)) output.delete();
    return { joints2d: joints2d.map(([x, y]) => [x / size, y / size]), joints3d };
  }
}

function rows(values, width) {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.slice(i * width, (i + 1) * width)),
  );
}
