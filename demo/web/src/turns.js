// Vectors [3] and rotations, 3 x 3 matrices as rows; as hg3d_tf/pose_files/turns.py.
export const NONE = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];

export const minus = (a, b) => a.map((value, i) => value - b[i]);
export const scaled = (a, factor) => a.map((value) => value * factor);
export const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
export const cross = ([a, b, c], [x, y, z]) => [b * z - c * y, c * x - a * z, a * y - b * x];
export const length = (a) => Math.sqrt(dot(a, a));
// NaN where the length is 0.
export const unit = (a) => scaled(a, 1 / (length(a) || NaN));

export const transposed = (m) => m[0].map((_, i) => m.map((row) => row[i]));
export const turned = (m, v) => m.map((row) => dot(row, v));
export const product = (m, n) => transposed(transposed(n).map((column) => turned(m, column)));
export const columns = (...axes) => transposed(axes);
// What points in one place do not tell is no turn.
export const orNone = (m) => (m.flat().every(Number.isFinite) ? m : NONE);

const plus = (m, n) => m.map((row, i) => row.map((value, j) => value + n[i][j]));
const times = (m, factor) => m.map((row) => scaled(row, factor));
const crossing = ([x, y, z]) => [[0, -z, y], [z, 0, -x], [-y, x, 0]];

// The shortest turn from a unit vector to another; half a turn about some axis if they are opposite.
export function shortest(start, end) {
  const cosine = dot(start, end);
  if (cosine < -1 + 1e-12) {
    const sizes = start.map(Math.abs);
    const other = NONE[sizes.indexOf(Math.min(...sizes))];
    const half = unit(cross(start, other));
    return half.map((value, i) => half.map((each, j) => 2 * value * each - NONE[i][j]));
  }
  const m = crossing(cross(start, end));
  return plus(plus(NONE, m), times(product(m, m), 1 / (1 + cosine)));
}

// The turn by an angle about a unit axis (Rodrigues).
export function about(axis, angle) {
  const m = crossing(axis);
  return plus(plus(NONE, times(m, Math.sin(angle))), times(product(m, m), 1 - Math.cos(angle)));
}

// Angles with the turn A(a) B(b) C(c) of order "ABC".
export function euler(m, order) {
  const [i, j, k] = [...order].map((axis) => "XYZ".indexOf(axis));
  const sign = (j - i + 3) % 3 === 1 ? 1 : -1;
  return [
    Math.atan2(-sign * m[j][k], m[k][k]),
    Math.asin(Math.min(1, Math.max(-1, sign * m[i][k]))),
    Math.atan2(-sign * m[i][j], m[i][i]),
  ];
}

const TURN = 2 * Math.PI;
const apart = (a, b) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i] - TURN * Math.round((value - b[i]) / TURN)), 0);

// Angles of frames one after the other -> of the same rotations, each near the one before.
export function withoutJumps(frames) {
  let isOther = false;
  let before;
  return frames.map((angles, i) => {
    const [a, b, c] = angles;
    const other = [a + Math.PI, Math.PI - b, c + Math.PI];
    if (i && apart(other, frames[i - 1]) < apart(angles, frames[i - 1])) isOther = !isOther;
    const chosen = isOther ? other : angles;
    before = before ? chosen.map((value, n) => value + TURN * Math.round((before[n] - value) / TURN)) : chosen;
    return before;
  });
}
