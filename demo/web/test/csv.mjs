// node csv.mjs < {"names", "name", "seen"} > the tables that the page would save: JSON of {json, csv}.
import { text } from "node:stream/consumers";
import { Downloads } from "../src/downloads.js";

const { names, name, seen } = JSON.parse(await text(process.stdin));
const downloads = new Downloads({ names });
downloads.begin(name);
seen.forEach((shot) => downloads.add(shot));
console.log(JSON.stringify({ json: downloads.json(), csv: downloads.csv() }));
