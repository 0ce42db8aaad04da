// Boxes of all people of a picture, in one look; hg3d_tf/prediction/finder_decoding.py does the same.
import { letterboxed } from "./letterbox.js";
import { loadNetwork, spend } from "./runtime.js";

const SIZE = 256; // px of the finder's input
const STRIDE = 8; // px of a cell
const UNIT = 16; // px, of the distances
const LEAST_SCORE = 0.54;
const SAME_PERSON = 0.55; // overlap of two boxes that are one person's

// `content`: the file's bytes, or a promise of them.
export const loadFinder = async (content) =>
  new Finder(await loadNetwork(content, "serving_default", SIZE));

class Finder {
  constructor(network) {
    this.network = network;
  }

  // Returns [{box: [x1, y1, x2, y2], score}, ...] in px of the picture, the surest first.
  async find(picture) {
    const start = performance.now();
    const { pixels, scale, corner } = letterboxed(picture, SIZE);
    const looking = spend("making smaller", start);
    const maps = await this.network.run(pixels);
    spend("finding", looking);
    const limits = [picture.width, picture.height];
    const inPicture = ({ box, score }) => ({
      box: box.map((value, i) => clipped((value - corner[i % 2]) / scale, 0, limits[i % 2])),
      score,
    });
    return decode(maps).map(inPicture);
  }
}

// Maps of logits -> boxes in px of the finder's input.
export function decode({ centre, box, quality }) {
  const cells = SIZE / STRIDE;
  const found = [];
  for (let place = 0; place < cells * cells; place++) {
    if (!isPeak(centre, place, cells)) continue;
    const score = Math.sqrt(sigmoid(centre[place]) * sigmoid(quality[place]));
    if (score < LEAST_SCORE) continue;
    const x = ((place % cells) + 0.5) * STRIDE;
    const y = (Math.floor(place / cells) + 0.5) * STRIDE;
    const [left, top, right, bottom] = Array.from(box.slice(4 * place, 4 * place + 4), (value) =>
      UNIT * Math.exp(clipped(value, -6, 5)),
    );
    const corners = [x - left, y - top, x + right, y + bottom];
    found.push({ box: corners.map((value) => clipped(value, 0, SIZE)), score });
  }
  found.sort((one, other) => other.score - one.score);
  const kept = [];
  for (const one of found) {
    if (kept.every((other) => overlap(one.box, other.box) < SAME_PERSON)) kept.push(one);
  }
  return kept;
}

function isPeak(map, place, cells) {
  const column = place % cells;
  const row = Math.floor(place / cells);
  for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, cells - 1); y++) {
    for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, cells - 1); x++) {
      if (map[y * cells + x] > map[place]) return false;
    }
  }
  return true;
}

// The intersection over union of two boxes.
export function overlap(one, other) {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  const shared = Math.max(width, 0) * Math.max(height, 0);
  const area = ([x1, y1, x2, y2]) => (x2 - x1) * (y2 - y1);
  return shared / (area(one) + area(other) - shared);
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const clipped = (value, low, high) => Math.min(Math.max(value, low), high);
