// How long a frame takes, by part: a table that is kept only while it is open.
const EVERY_MS = 500;

export class Times {
  constructor(details) {
    Object.assign(this, { details, last: 0 });
    this.rest();
  }

  // Frames of the next film or camera.
  rest() {
    Object.assign(this, { sums: {}, count: 0, since: performance.now() });
  }

  // Takes {part: ms} of a photo.
  show(parts) {
    this.rest();
    this.#write(parts, "");
  }

  // Takes {part: ms} of a frame; shows means of half a second.
  add(parts) {
    this.count++;
    for (const [part, value] of Object.entries(parts)) this.sums[part] = (this.sums[part] ?? 0) + value;
    const now = performance.now();
    if (now - this.since < EVERY_MS) return;
    const means = Object.entries(this.sums).map(([part, sum]) => [part, sum / this.count]);
    const rate = (1000 * this.count) / (now - this.since);
    this.#write(Object.fromEntries(means), `${rate.toFixed(rate < 10 ? 1 : 0)} frames a second`);
    this.rest();
  }

  #write(parts, rate) {
    this.details.querySelector(".rate").textContent = rate;
    const rows = Object.entries(parts).map(([part, value]) => {
      const row = document.createElement("tr");
      const name = document.createElement("th");
      name.scope = "row";
      name.textContent = part;
      row.append(name, document.createElement("td"));
      row.lastChild.textContent = `${value.toFixed(1)} ms`;
      return row;
    });
    this.details.querySelector("tbody").replaceChildren(...rows);
  }
}
