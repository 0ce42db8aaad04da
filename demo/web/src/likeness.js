// How alike two poses are in a picture; hg3d_tf/prediction/likeness.py does the same.
const SIGMAS = { hip: 0.107, ankle: 0.089, knee: 0.087, shoulder: 0.079, elbow: 0.072, wrist: 0.062 };
const OF_TRUNK = 0.09;

// Returns COCO's object keypoint similarity: 1 where the joints [[x, y], ...] are the same.
export function alike(one, other, names) {
  const area = Math.max(shownArea(one), shownArea(other), 1);
  const terms = one.map(([x, y], joint) => {
    const tolerance = 2 * (SIGMAS[names[joint].slice(2)] ?? OF_TRUNK);
    const square = (x - other[joint][0]) ** 2 + (y - other[joint][1]) ** 2;
    return Math.exp(-square / (2 * area * tolerance ** 2));
  });
  return terms.reduce((sum, term) => sum + term, 0) / terms.length;
}

function shownArea(joints) {
  const [width, height] = [0, 1].map((axis) => {
    const values = joints.map((joint) => joint[axis]);
    return Math.max(...values) - Math.min(...values);
  });
  return Math.max(width * height, Math.max(width, height) ** 2 / 3);
}
