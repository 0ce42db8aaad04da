// A whole picture in the finder's square, made smaller as Pillow does, and so as for `hg3d predict`: what
// canvases make of it moves scores near the threshold to its other side.
const GREY = 127;
const LARGEST = 2048; // px of the longer side, beyond which it is halved first

// Returns {pixels: RGBA of size x size, scale: px of the square for one of the picture, corner: [x, y]}.
export function letterboxed(picture, size) {
  const { width, height } = picture;
  const scale = size / Math.max(width, height);
  const small = [width, height].map((side) => Math.max(1, roundedToEven(side * scale)));
  const corner = small.map((side) => Math.floor((size - side) / 2));
  const level = Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / LARGEST)));
  const resized = resample(picture.pixels(level), ...small, scale < 1 ? hamming : triangle);
  const pixels = new Uint8ClampedArray(4 * size * size).fill(GREY);
  for (let row = 0; row < small[1]; row++) {
    const line = resized.subarray(4 * row * small[0], 4 * (row + 1) * small[0]);
    pixels.set(line, 4 * ((corner[1] + row) * size + corner[0]));
  }
  return { pixels, scale, corner };
}

// The longer axis' pixels become fewer first across, then down; every pass is rounded to bytes.
function resample({ data, width, height }, toWidth, toHeight, filter) {
  const across = pass(data, width, height, toWidth, filter, 4, 4 * width, 4, 4 * toWidth);
  return pass(across, height, toWidth, toHeight, filter, 4 * toWidth, 4, 4 * toWidth, 4);
}

// Resamples `lines` lines of `from` pixels to `to`; steps are in bytes from pixel to pixel, line to line.
function pass(data, from, lines, to, filter, step, lineStep, toStep, toLineStep) {
  const result = new Uint8ClampedArray(4 * to * lines);
  for (let i = 0; i < to; i++) {
    const [first, weights] = weightsOf(i, from, to, filter);
    for (let line = 0; line < lines; line++) {
      let [r, g, b] = [0, 0, 0];
      let at = line * lineStep + first * step;
      for (const weight of weights) {
        r += weight * data[at];
        g += weight * data[at + 1];
        b += weight * data[at + 2];
        at += step;
      }
      const place = line * toLineStep + i * toStep;
      result[place] = r;
      result[place + 1] = g;
      result[place + 2] = b;
    }
  }
  return result;
}

// Returns the first pixel that counts for the new pixel i, and the weights from it on.
function weightsOf(i, from, to, filter) {
  const scale = from / to;
  const reach = Math.max(1, scale);
  const centre = (i + 0.5) * scale;
  const first = Math.max(0, Math.trunc(centre - reach + 0.5));
  const end = Math.min(from, Math.trunc(centre + reach + 0.5));
  const weights = Float64Array.from({ length: end - first }, (_, k) => filter((first + k - centre + 0.5) / reach));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return [first, weights.map((weight) => weight / sum)];
}

function hamming(x) {
  if (x === 0) return 1;
  const angle = Math.PI * x;
  return Math.abs(x) < 1 ? (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle)) : 0;
}

const triangle = (x) => Math.max(0, 1 - Math.abs(x));

// As Python rounds: halves to the even neighbour.
function roundedToEven(value) {
  const low = Math.floor(value);
  return value - low === 0.5 ? low + (low % 2) : Math.round(value);
}
