// Plays a film whose frames have the times given on stdin, as JSON, and prints the times of those that
// the player has looked at: src/player.js without a browser.
import { readFileSync } from "node:fs";
import { Player } from "../src/player.js";

const times = JSON.parse(readFileSync(0, "utf8"));
globalThis.requestAnimationFrame = (resolve) => setImmediate(resolve);
globalThis.createImageBitmap = async () => ({ close() {} });
let shown = -1; // number of the frame that the video shows
const video = {
  paused: false,
  readyState: 4,
  play: async () => {},
  pause() {},
  removeAttribute() {},
  getVideoPlaybackQuality: () => ({ totalVideoFrames: ++shown }), // another one each time it is asked
  get ended() {
    return shown >= times.length - 1;
  },
  get currentTime() {
    return times[shown];
  },
};
const looker = { frame: async (bitmap, seconds) => ({ bitmap, people: [], seconds }) };
const seen = [];
const player = new Player(video, looker, ({ seconds }) => seen.push(seconds), () => {});
await player.startFilm(new Blob([]));
console.log(JSON.stringify(seen));
