// A film of one person as BVH, for Blender, MotionBuilder and others: the file of `hg3d convert
// --format=bvh`; rig.py, motion.py, markers.py and bvh.py of hg3d_tf/pose_files say why each is as it is.
import { isSeen } from "./seen.js";
import * as turns from "./turns.js";

const UP = [0, 1, 0];
const DOWN = [0, -1, 0];
const M_PER_MM = 1e-3;
const SIGMA_S = 0.3; // of the twists' smoothing
const REACH = 3; // of its kernel, in sigmas
const NO_TWIST = 0.25; // weight of no twist where no hinge shows
const HINGE_SHOWS = [Math.sin(Math.PI / 18), Math.sin((25 * Math.PI) / 180)]; // sine of the bend
const HINGE_DEG = { Arm: [130, 170], UpLeg: [60, 90] }; // twist that counts, that does not
const EVEN = 0.25; // how far steps between frames may differ and still be one rate, in steps
const MOST_ADDED = 50; // how many times its frames a film of uneven times may have at one rate

const bone = (name, parent, joint, reach, offset, target, end, endReach) =>
  ({ name, parent, joint, reach, offset, target, end, endReach });

function limbs(side, sign, first) {
  const out = [sign, 0, 0];
  const of = (joint) => `${side[0].toLowerCase()}_${joint}`;
  return [
    bone(`${side}Shoulder`, 1, "thorax", "spine", UP, of("shoulder")),
    bone(`${side}Arm`, first, of("shoulder"), "shoulder", out, of("elbow")),
    bone(`${side}ForeArm`, first + 1, of("elbow"), "arm", out, of("wrist")),
    bone(`${side}Hand`, first + 2, of("wrist"), "forearm", out, null, [0.4 * sign, 0, 0], "forearm"),
    bone(`${side}UpLeg`, 0, of("hip"), "hip", out, of("knee")),
    bone(`${side}Leg`, first + 4, of("knee"), "thigh", DOWN, of("ankle")),
    bone(`${side}Foot`, first + 5, of("ankle"), "shin", DOWN, null, [0, -0.1, 0.3], "shin"),
  ];
}

const BONES = [
  bone("Hips", -1, "pelvis", null, [0, 0, 0], null),
  bone("Spine", 0, "pelvis", null, [0, 0, 0], "thorax"),
  bone("Neck", 1, "thorax", "spine", UP, "upper_neck"),
  bone("Head", 2, "upper_neck", "neck", UP, "head_top", UP, "head"),
  ...limbs("Left", 1, 4),
  ...limbs("Right", -1, 11),
];
const bothSides = (...ends) => ["l_", "r_"].map((side) => ends.map((end) => (end === "pelvis" || end === "thorax" ? end : side + end)));
const LENGTHS = {
  spine: [["pelvis", "thorax"]],
  neck: [["thorax", "upper_neck"]],
  head: [["upper_neck", "head_top"]],
  shoulder: bothSides("thorax", "shoulder"),
  arm: bothSides("shoulder", "elbow"),
  forearm: bothSides("elbow", "wrist"),
  hip: bothSides("pelvis", "hip"),
  thigh: bothSides("hip", "knee"),
  shin: bothSides("knee", "ankle"),
};
const HINGED = BONES.flatMap(({ name }, i) => (/tArm$|UpLeg$/.test(name) ? [i] : []));
const ORDERS = BONES.map(({ name }) => (name.endsWith("Leg") ? "XZY" : "ZXY"));

// Where a bone points at rest.
const REST = BONES.map(({ end }, place) => (BONES.find(({ parent }) => parent === place)?.offset ?? end));
// The axis of a T pose's elbow, which bends forwards, or knee, which bends backwards.
const hingeAtRest = (name) => (name.endsWith("UpLeg") ? [1, 0, 0] : [0, name.startsWith("Left") ? -1 : 1, 0]);

// The file's text. `names` are the joints'; `frames` are those that show the person, of `frame`,
// `seconds`, `joints` [16][3] mm of the camera's axes and `confidence` [16]. `clock` is the film's.
export function bvh(names, frames, clock = clockOf(frames)) {
  if (frames.length < 2) throw new Error("BVH holds a film: a photo goes into JSON or CSV");
  const { step, start } = clock;
  const rows = evenly(frames, step);
  const film = rows.map(({ joints, confidence, isLost }) => ({
    confidence,
    isLost,
    at: Object.fromEntries(names.map((name, i) => [name, [joints[i][0], -joints[i][1], -joints[i][2]]])),
  }));
  const lengths = fittedLengths(names, film.filter(({ isLost }) => !isLost));
  const twists = smoothTwists(film.map(({ at }) => shownTwists(at)), rows.map(({ seconds }) => seconds));
  const angles = film.map(({ at }, i) => {
    const found = globalTurns(at, twists.map((column) => column[i]));
    return found.map((turn, n) => turns.euler(n ? turns.product(turns.transposed(found[BONES[n].parent]), turn) : turn, ORDERS[n]));
  });
  const smooth = BONES.map((_, n) => turns.withoutJumps(angles.map((frame) => frame[n])));
  const { order, lines } = hierarchy(lengths);
  const motion = film.map(({ at }, i) => {
    const degrees = order.flatMap((n) => turns.scaled(smooth[n][i], 180 / Math.PI));
    return [...turns.scaled(at.pelvis, M_PER_MM), ...degrees].map((value) => value.toFixed(6)).join(" ");
  });
  // Who comes later stands still until then.
  const still = Array(Math.round((frames[0].seconds - start) / step)).fill(motion[0]);
  const time = `Frames: ${still.length + motion.length}\nFrame Time: ${Number(step.toPrecision(10))}`;
  return `HIERARCHY\n${lines.join("\n")}\nMOTION\n${time}\n${[...still, ...motion].join("\n")}\n`;
}

// The clock of a film, of frames of all its people in their order: its usual step, the mean of the steps near
// the median, for times are rounded; its start, or the first pose where times count from anywhere.
export function clockOf(frames, start = 0) {
  const moments = frames.filter(({ frame }, i) => !i || frame !== frames[i - 1].frame);
  const steps = moments.slice(1).map(({ frame, seconds }, i) => {
    const count = Math.max(1, frame - moments[i].frame);
    return { count, each: (seconds - moments[i].seconds) / count };
  });
  const middle = median(steps.map(({ each }) => each).filter((each) => each > 0));
  const near = steps.filter(({ each }) => Math.abs(each - middle) <= EVEN * middle);
  const sum = (value) => near.reduce((total, step) => total + value(step), 0);
  const step = sum(({ count, each }) => count * each) / sum(({ count }) => count);
  const first = frames[0].seconds;
  return { step, start: first >= start && first - start <= MOST_ADDED * moments.length * step ? start : first };
}

// The frames at one rate.
function evenly(frames, usual) {
  const long = frames.at(-1).seconds - frames[0].seconds;
  const isEven = ({ seconds }, i) => !i || Math.abs(seconds - frames[i - 1].seconds - usual) <= EVEN * usual;
  if (frames.every(isEven)) return frames;
  const count = Math.round(long / usual) + 1;
  if (count > MOST_ADDED * frames.length) throw new Error("the pauses are too long for a format of one rate: save JSON or CSV");
  let after = 1;
  return Array.from({ length: count }, (_, i) => {
    const seconds = frames[0].seconds + i * usual;
    while (after < frames.length - 1 && frames[after].seconds < seconds - 1e-9) after++;
    const [low, high] = [frames[after - 1], frames[after]];
    const width = high.seconds - low.seconds || 1; // a film may show two frames at one time
    const share = Math.min(1, Math.max(0, (seconds - low.seconds) / width));
    // Where frames are missing the person moves in a straight line, which tells no bone's length.
    const isLost = width > (2 + EVEN) * usual && share > 1e-6 && share < 1 - 1e-6;
    const mix = (a, b) => a * (1 - share) + b * share;
    return {
      isLost,
      seconds,
      joints: low.joints.map((joint, j) => joint.map((value, axis) => mix(value, high.joints[j][axis]))),
      confidence: low.confidence.map((value, j) => mix(value, high.confidence[j])),
    };
  });
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

// Each length: the median over the film and both sides, of joints clearly seen if there are any.
function fittedLengths(names, film) {
  const fitted = ([name, pairs]) => {
    const all = film.flatMap((frame) => pairs.map(([start, end]) => ({
      value: turns.length(turns.minus(frame.at[end], frame.at[start])),
      clear: isSeen(frame, names.indexOf(start)) && isSeen(frame, names.indexOf(end)),
    })));
    const clear = all.filter((each) => each.clear);
    return [name, median((clear.length ? clear : all).map((each) => each.value))];
  };
  return Object.fromEntries(Object.entries(LENGTHS).map(fitted));
}

// The turns of all bones in the world; `twists` of the hinged ones, if known.
function globalTurns(at, twists) {
  const found = trunkTurns(at);
  BONES.slice(2).forEach(({ parent, joint, target }, i) => {
    const place = i + 2;
    if (!target) return found.push(found[parent]);
    const local = turns.turned(turns.transposed(found[parent]), turns.unit(turns.minus(at[target], at[joint])));
    let turn = turns.orNone(turns.shortest(REST[place], local));
    const hinge = HINGED.indexOf(place);
    if (twists && hinge >= 0) turn = turns.product(turn, turns.about(REST[place], twists[hinge]));
    return found.push(turns.product(found[parent], turn));
  });
  return found;
}

// Hips: x along the line of the hips; spine: y along the trunk.
function trunkTurns(at) {
  const trunk = turns.unit(turns.minus(at.thorax, at.pelvis));
  const hips = turns.unit(turns.minus(at.l_hip, at.r_hip));
  const front = turns.unit(turns.cross(hips, trunk));
  const chest = turns.unit(turns.cross(turns.minus(at.l_shoulder, at.r_shoulder), trunk));
  return [
    turns.orNone(turns.columns(hips, turns.cross(front, hips), front)),
    turns.orNone(turns.columns(turns.cross(trunk, chest), trunk, chest)),
  ];
}

// Of each hinged bone [cosine, sine] of the twist that its hinge shows, long where it does.
function shownTwists(at) {
  const found = globalTurns(at);
  return HINGED.map((place) => {
    const { name, joint } = BONES[place];
    const lower = BONES[place + 1];
    const along = (start, end) => turns.unit(turns.minus(at[end], at[start]));
    const bend = turns.cross(along(joint, lower.joint), along(lower.joint, lower.target));
    const hinge = bend.map((value) => (Number.isFinite(value) ? value : 0));
    const swung = turns.turned(turns.transposed(found[place]), hinge);
    const zero = hingeAtRest(name);
    const angle = Math.atan2(turns.dot(swung, turns.cross(REST[place], zero)), turns.dot(swung, zero));
    const limits = HINGE_DEG[Object.keys(HINGE_DEG).find((end) => name.endsWith(end))];
    const weight = ramp(turns.length(hinge), ...HINGE_SHOWS) * (1 - ramp(Math.abs((angle * 180) / Math.PI), ...limits));
    return [weight * Math.cos(angle) + NO_TWIST * (1 - weight), weight * Math.sin(angle)];
  });
}

function ramp(value, low, high) {
  const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
  return share * share * (3 - 2 * share);
}

// Twists through time [4][N], radians, by a Gaussian; beyond the ends a line goes on as a line.
function smoothTwists(shown, times) {
  const differences = (values) => values.slice(1).map((value, i) => value - values[i]);
  // Across a pause of twice the kernel's reach it carries nothing: longer ones are cut short.
  const longest = 2 * REACH * SIGMA_S + median(differences(times));
  const seconds = [0];
  for (const step of differences(times)) seconds.push(seconds.at(-1) + Math.min(step, longest));
  // On even times, and back.
  const usual = Math.max(median(differences(seconds)), SIGMA_S / 50);
  const count = Math.max(3, Math.round(seconds.at(-1) / usual) + 1);
  const step = seconds.at(-1) / (count - 1);
  const even = Array.from({ length: count }, (_, i) => i * step);
  const reach = Math.min(Math.ceil((REACH * SIGMA_S) / step), count - 1);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * (((i - reach) * step) / SIGMA_S) ** 2));
  const sum = weights.reduce((a, b) => a + b);
  const smooth = (column) => {
    if (column.length < 3) return column;
    const line = interpolated(even, seconds, column);
    const beyond = (i) => {
      if (i < 0) return 2 * line[0] - line[-i];
      return i < count ? line[i] : 2 * line[count - 1] - line[2 * (count - 1) - i];
    };
    const folded = line.map((_, i) => weights.reduce((total, weight, n) => total + (weight / sum) * beyond(i + n - reach), 0));
    return interpolated(seconds, even, folded);
  };
  return HINGED.map((_, hinge) => {
    const [cosines, sines] = [0, 1].map((part) => smooth(shown.map((twists) => twists[hinge][part])));
    return cosines.map((cosine, i) => Math.atan2(sines[i], cosine));
  });
}

// The values at `places`, all rising, of a line through `values` at `known`.
function interpolated(places, known, values) {
  let after = 1;
  return places.map((place) => {
    while (after < known.length - 1 && known[after] < place) after++;
    const share = Math.min(1, Math.max(0, (place - known[after - 1]) / (known[after] - known[after - 1])));
    return values[after - 1] * (1 - share) + values[after] * share;
  });
}

// The bones in the order of the file, and its lines.
function hierarchy(lengths) {
  const [order, lines] = [[], []];
  const offset = (values) => `OFFSET ${values.map((value) => (value * M_PER_MM).toFixed(6)).join(" ")}`;
  const add = (place, depth) => {
    const { name, reach, end, endReach, offset: rest } = BONES[place];
    const [space, inner] = ["  ".repeat(depth), "  ".repeat(depth + 1)];
    order.push(place);
    const channels = [...(place ? [] : ["Xposition", "Yposition", "Zposition"]), ...[...ORDERS[place]].map((axis) => `${axis}rotation`)];
    lines.push(`${space}${place ? "JOINT" : "ROOT"} ${name}`, `${space}{`);
    lines.push(inner + offset(turns.scaled(rest, reach ? lengths[reach] : 0)));
    lines.push(`${inner}CHANNELS ${channels.length} ${channels.join(" ")}`);
    BONES.forEach(({ parent }, child) => parent === place && add(child, depth + 1));
    if (end) lines.push(`${inner}End Site`, `${inner}{`, `${inner}  ${offset(turns.scaled(end, lengths[endReach]))}`, `${inner}}`);
    lines.push(`${space}}`);
  };
  add(0, 0);
  return { order, lines };
}
