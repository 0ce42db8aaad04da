// The networks run here, beside the page, so that it stays smooth. A classic worker: LiteRT loads its
// WebAssembly by importScripts, which modules lack.
const looking = import("./looking.js");
let last = Promise.resolve();

// One request after the other; requests that come while networks load wait.
onmessage = ({ data }) => {
  last = last.then(() => looking).then(({ answer }) => answer(data));
  last = last.catch((error) => postMessage({ error: String(error.message ?? error) }));
};
