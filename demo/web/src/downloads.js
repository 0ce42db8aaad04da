// Poses as the files that `hg3d predict` writes (JSON) and `hg3d convert` (CSV, BVH), and the picture.
import { bvh, clockOf } from "./bvh.js";
import { pictureBlob } from "./draw.js";

const MOST_POSES = 36000; // 20 minutes of one person at 30 frames a second; then the first go
const SPACE = { size: "average", origin: "pelvis", axes: "camera" };

export class Downloads {
  constructor(network) {
    this.network = network;
    this.begin("");
  }

  // Forgets the poses before: those of a photo, a film or the camera follow.
  begin(name) {
    Object.assign(this, { name, poses: [], start: 0 });
  }

  // Takes what was seen in a photo, which has no `seconds`, or in a frame of that number.
  add({ people, bitmap: { width, height }, frame = 0, seconds }) {
    people.forEach(({ id, box, pose, score }, i) => {
      const numbers = [box, pose.joints2d, pose.joints3d, pose.confidence].flat(2);
      const person = id ?? i + 1;
      this.poses.push({ size: [width, height], frame, seconds, person, score, numbers: Float32Array.from(numbers) });
    });
    if (this.poses.length <= MOST_POSES) return;
    this.poses.splice(0, this.poses.length - MOST_POSES);
    this.start = this.poses[0].seconds;
  }

  async save(kind, shown) {
    const stem = this.name.replace(/\.[^.]*$/, "") || "poses";
    if (kind === "png") return offer(await pictureBlob(shown, this.network), `${stem}_pose.png`);
    if (!this.poses.length) throw new Error("nobody has been seen whose pose could be saved");
    if (kind === "bvh") return this.#saveFilms(stem);
    const contents = kind === "json" ? this.json() : this.csv();
    offer(new Blob([contents], { type: kind === "json" ? "application/json" : "text/csv" }), `${stem}_poses.${kind}`);
  }

  // BVH holds one person: of several each has a file.
  #saveFilms(stem) {
    const { names } = this.network;
    const people = Map.groupBy(this.poses, ({ person }) => person);
    const films = [...people].filter(([, poses]) => poses.length > 1 && poses[0].seconds !== undefined);
    if (!films.length) throw new Error("BVH holds a film, not a photo: save JSON or CSV");
    const clock = clockOf(this.poses, this.start);
    for (const [person, poses] of films) {
      const frames = poses.map(({ frame, seconds, numbers }) => {
        const { joints3d: joints, confidence } = parts(numbers, names.length);
        return { frame, seconds, joints, confidence };
      });
      const name = people.size > 1 ? `${stem}_poses_${person}.bvh` : `${stem}_poses.bvh`;
      offer(new Blob([bvh(names, frames, clock)], { type: "text/plain" }), name);
    }
  }

  json() {
    return `[\n${this.poses.map((pose) => JSON.stringify(this.#record(pose))).join(",\n")}\n]\n`;
  }

  csv() {
    const { names } = this.network;
    const columns = (ending) => names.map((name) => `${name}_${ending}`);
    const each = (endings) => names.flatMap((name) => endings.map((ending) => `${name}_${ending}`));
    const head = ["image", "image_width_px", "image_height_px", "frame", "seconds", "person", "score", ...Object.keys(SPACE)];
    const sides = ["x1", "y1", "x2", "y2"].map((side) => `box_${side}_px`);
    const lines = this.poses.map((pose) => {
      const { box, joints2d, joints3d, confidence } = parts(pose.numbers, names.length);
      const numbers = [box, joints3d, joints2d, confidence].flat(2).map((value) => value.toFixed(3));
      const seconds = pose.seconds?.toFixed(6) ?? "";
      const start = [quoted(this.name), ...pose.size, pose.frame, seconds, pose.person, pose.score?.toFixed(4) ?? ""];
      return [...start, ...Object.values(SPACE), ...numbers].join(",");
    });
    const first = [...head, ...sides, ...each(["x_mm", "y_mm", "z_mm"]), ...each(["x_px", "y_px"]), ...columns("confidence")];
    return `${[first.join(","), ...lines].join("\n")}\n`;
  }

  #record({ size, frame, seconds, person, score, numbers }) {
    const { names } = this.network;
    const { box, joints2d, joints3d, confidence } = parts(numbers, names.length);
    const named = (values) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
    return {
      ...(seconds === undefined ? {} : { seconds: Number(seconds.toFixed(6)), frame }),
      image: this.name,
      image_size_px: size,
      person,
      box_px: box,
      ...(score === undefined ? {} : { score: Number(score.toFixed(4)) }),
      joints_2d_px: named(joints2d),
      joints_3d_mm: named(joints3d),
      confidence: named(confidence),
      ...SPACE,
    };
  }
}

const rounded = (value) => Math.round(value * 1000) / 1000;
const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// The numbers of a pose, to three decimals, by what they are.
function parts(numbers, count) {
  const values = Array.from(numbers, rounded);
  const rows = (start, width) =>
    Array.from({ length: count }, (_, i) => values.slice(start + i * width, start + (i + 1) * width));
  return {
    box: values.slice(0, 4),
    joints2d: rows(4, 2),
    joints3d: rows(4 + 2 * count, 3),
    confidence: values.slice(4 + 5 * count),
  };
}

function offer(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
