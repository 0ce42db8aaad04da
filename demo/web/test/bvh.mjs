// node bvh.mjs < {"names", "frames"} > the film that the page would save.
import { text } from "node:stream/consumers";
import { bvh } from "../src/bvh.js";

const { names, frames } = JSON.parse(await text(process.stdin));
process.stdout.write(bvh(names, frames));
