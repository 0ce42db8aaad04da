// A picture that networks look at, kept in half, a quarter, ... of its size as well: a canvas that
// makes a picture much smaller in one step leaves out pixels, which training never did.
export class Picture {
  constructor(source, width, height) {
    Object.assign(this, { source, width, height });
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

  #level(level) {
    for (let i = this.halved.length; i <= level; i++) {
      const width = Math.max(1, Math.round(this.width / 2 ** i));
      const height = Math.max(1, Math.round(this.height / 2 ** i));
      const canvas = new OffscreenCanvas(width, height);
      canvas.getContext("2d").drawImage(this.halved[i - 1], 0, 0, width, height);
      this.halved.push(canvas);
    }
    return this.halved[level];
  }
}
