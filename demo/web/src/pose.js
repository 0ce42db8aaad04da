// The pose of the person in a box of a picture.
import { turning } from "./line_of_sight.js";
import { THREADS, loadNetwork, spend } from "./runtime.js";
import { isSeen } from "./seen.js";

const MARGIN = 1.25; // side of the crop, in longer sides of the box
const FEWEST_SEEN = 6;
const FLESH = 0.06; // what a person extends beyond the joints, in longer sides of their box

// `content`: the file's bytes, or a promise of them.
export const loadPoseNetwork = async (content, description) =>
  new PoseNetwork(
    await loadNetwork(content, "joints", description.input_size, THREADS),
    description,
  );

class PoseNetwork {
  constructor(network, description) {
    this.network = network;
    this.names = description.joint_names;
    this.canonicalScale = canonicalScaling(description);
    const canvas = new OffscreenCanvas(network.size, network.size);
    this.context = canvas.getContext("2d", { willReadFrequently: true });
  }

  // Returns joints2d [[x, y], ...] px of the picture, joints3d [[x, y, z], ...] mm, confidence [...].
  async look(picture, [x1, y1, x2, y2]) {
    const side = Math.max(x2 - x1, y2 - y1) * MARGIN;
    const corner = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2];
    const { size } = this.network;
    const start = performance.now();
    this.context.fillRect(0, 0, size, size); // black
    picture.draw(this.context, [...corner, side], size);
    const { data } = this.context.getImageData(0, 0, size, size);
    const looking = spend("cutting out", start);
    const outputs = await this.network.run(data);
    spend("pose", looking);
    const scale = side / size;
    const middle = corner.map((value) => value + side / 2);
    const place = (joint) => joint.map((value, i) => corner[i] + value * scale);
    const confidence = Array.from(outputs.confidence);
    const joints3d = rows(outputs.joints_3d, 3);
    const canonical = this.canonicalScale(joints3d, confidence);
    const turn = turning(middle, picture.width, picture.height);
    return {
      joints2d: rows(outputs.joints_2d, 2).map(place),
      joints3d: joints3d.map((joint) => turn(joint.map((value) => value * canonical))),
      confidence,
    };
  }
}

// Returns the function from joints, mm, and their confidence to what brings them to the canonical
// size: what is not seen is guessed too short, so a bone counts by how sure its ends are.
function canonicalScaling(description) {
  const names = description.joint_names;
  const bones = description.bones.map((bone) => bone.map((name) => names.indexOf(name)));
  const shares = description.canonical_bone_shares;
  return (joints, confidence) => {
    const weights = bones.map(([a, b]) => (confidence[a] * confidence[b]) ** 2 + 1e-4);
    const lengths = bones.map(([a, b]) => Math.hypot(...joints[a].map((v, i) => v - joints[b][i])));
    const sum = (values) => values.reduce((total, value, i) => total + weights[i] * value, 0);
    return (description.canonical_bone_sum_mm * sum(shares)) / Math.max(sum(lengths), 1e-6);
  };
}

export const meanConfidence = ({ confidence }) =>
  confidence.reduce((sum, value) => sum + value, 0) / confidence.length;

// Returns the box round the joints that were seen, or null where there are too few.
export function boxOfSeenJoints(pose) {
  const joints = pose.joints2d.filter((_, joint) => isSeen(pose, joint));
  if (joints.length < FEWEST_SEEN) return null;
  const low = [0, 1].map((axis) => Math.min(...joints.map((joint) => joint[axis])));
  const high = [0, 1].map((axis) => Math.max(...joints.map((joint) => joint[axis])));
  const longest = Math.max(high[0] - low[0], high[1] - low[1]);
  if (longest < 8) return null;
  return [...low.map((v) => v - FLESH * longest), ...high.map((v) => v + FLESH * longest)];
}

function rows(values, width) {
  return Array.from({ length: values.length / width }, (_, i) =>
    Array.from(values.slice(i * width, (i + 1) * width)),
  );
}
