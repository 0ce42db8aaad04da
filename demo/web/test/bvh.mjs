// node bvh.mjs < {"names", "frames", "film"} > the film that the page would save of `frames`, one person's of
// `film`, or all of it.
import { text } from "node:stream/consumers";
import { bvh, clockOf } from "../src/bvh.js";

const { names, frames, film = frames } = JSON.parse(await text(process.stdin));
process.stdout.write(bvh(names, frames, clockOf(film)));
