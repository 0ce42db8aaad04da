// Plays a film and prints, as JSON, the frames that the player has looked at: src/player.js without a
// browser. Stdin: {"times", "isStepped", "passedOver"}; a browser that is not stepped shows another frame
// each time it is asked, one that is passes over the frames of the numbers given.
import { readFileSync } from "node:fs";
import { Player } from "../src/player.js";

const { times, isStepped, passedOver = [] } = JSON.parse(readFileSync(0, "utf8"));
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "" }, configurable: true });
globalThis.requestAnimationFrame = (resolve) => setImmediate(resolve);
globalThis.createImageBitmap = async () => ({ close() {} });
const last = times.length - 1;
let shown = -1; // number of the frame that the video shows

const polled = {
  paused: false,
  readyState: 4,
  play: async () => {},
  pause() {},
  removeAttribute() {},
  getVideoPlaybackQuality: () => ({ totalVideoFrames: ++shown }),
  get ended() {
    return shown >= last;
  },
  get currentTime() {
    return times[shown];
  },
};

// Shows frames while it plays, to whom asks for them or not.
class Stepped {
  paused = true;
  ended = false;
  presentedFrames = 0;
  rates = [];
  async play() {
    if (!this.paused) return;
    this.paused = false;
    setImmediate(() => this.#next());
  }
  pause() {
    this.paused = true;
  }
  removeAttribute() {}
  getVideoPlaybackQuality = () => ({ totalVideoFrames: times.length, droppedVideoFrames: 0 });
  requestVideoFrameCallback(tell) {
    this.tell = tell;
  }
  set playbackRate(rate) {
    this.rates.push(rate);
  }
  #next() {
    if (this.paused) return;
    if (shown >= last) {
      this.ended = true;
      return this.onended();
    }
    shown++;
    this.presentedFrames++;
    const { tell } = this;
    if (!passedOver.includes(shown)) {
      this.tell = null;
      tell?.(0, { mediaTime: times[shown], presentedFrames: this.presentedFrames });
    }
    setImmediate(() => this.#next());
  }
}

const video = isStepped ? new Stepped() : polled;
const looker = { frame: async (bitmap, seconds) => ({ bitmap, people: [], seconds }) };
const seen = [];
let over;
const onFrame = ({ frame, seconds }) => seen.push({ frame, seconds });
const player = new Player(video, looker, onFrame, () => {}, (counts) => (over = counts));
await player.startFilm(new Blob([]));
console.log(JSON.stringify({ seen, over, rates: video.rates }));
