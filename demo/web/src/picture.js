// A picture that networks look at, kept in half, a quarter, ... of its size as well: a canvas that
// makes a picture much smaller in one step leaves out pixels, which training never did.
const canvases = []; // used again by the next picture: a film would make two a frame

export class Picture {
  constructor(source) {
    this.source = source;
    [this.width, this.height] = [source.width, source.height];
    this.halved = [source];
  }

  // Draws the part [x, y, side] over a context of size x size pixels.
  draw(context, [x, y, side], size) {
    const level = Math.max(0, Math.floor(Math.log2(side / size)));
    const scale = size / side;
    context.setTransform(scale, 0, 0, scale, -x * scale, -y * scale);
    context.drawImage(this.#level(level), 0, 0, this.width, this.height);
    context.resetTransform();
  }

  // Returns {data, width, height} of the picture, halved `level` times.
  pixels(level) {
    const source = this.#level(level);
    const context = level ? source.getContext("2d") : drawn(source, source.width, source.height, 0);
    return context.getImageData(0, 0, source.width, source.height);
  }

  #level(level) {
    for (let i = this.halved.length; i <= level; i++) {
      const width = Math.max(1, Math.round(this.width / 2 ** i));
      const height = Math.max(1, Math.round(this.height / 2 ** i));
      this.halved.push(drawn(this.halved[i - 1], width, height, i).canvas);
    }
    return this.halved[level];
  }
}

// Returns the context of the canvas of a level, with the source drawn over all of it.
function drawn(source, width, height, level) {
  const canvas = (canvases[level] ??= new OffscreenCanvas(width, height));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.globalCompositeOperation = "copy"; // nothing of the picture before shines through
  context.drawImage(source, 0, 0, width, height);
  return context;
}
