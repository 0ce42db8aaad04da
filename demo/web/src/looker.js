// The page's side of the worker: questions are answered in the order in which they are asked.
export class Looker {
  constructor() {
    this.waiting = [];
    this.worker = new Worker("worker.js");
    this.worker.onmessage = ({ data }) => {
      const { resolve, reject } = this.waiting.shift();
      if (data.error) reject(new Error(inPlainWords(data.error)));
      else resolve(data);
    };
    this.worker.onerror = ({ message }) => {
      for (const { reject } of this.waiting.splice(0)) {
        reject(new Error(message || "this browser cannot run the networks"));
      }
    };
  }

  // Returns {description, runtimeFiles} when the networks are there.
  load = () => this.#ask({ kind: "load" });

  // Both take the bitmap away and return {people, bitmap, spent}: ms by part.
  photo = (bitmap, box) => this.#ask({ kind: "photo", bitmap, box }, [bitmap]);
  frame = (bitmap, seconds, isFirst) =>
    this.#ask({ kind: "frame", bitmap, seconds, isFirst }, [bitmap]);

  #ask(message, transferred = []) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.worker.postMessage(message, transferred);
    });
  }
}

function inPlainWords(error) {
  if (/memory|allocat|Array buffer/i.test(error)) {
    return "there is not enough memory: close other pages, or take a smaller picture";
  }
  return /fetch|NetworkError|load/i.test(error) ? `a file did not come: reload the page (${error})` : error;
}
