// One-Euro filters (Casiez et al. 2012) over a pose's joints, for pictures that come one by one.
const MIN_CUTOFF_HZ = 1;
const DERIVATIVE_CUTOFF_HZ = 1;
const BETA_BOX = 3; // of px, relative to the box's longer side
const BETA_MM = 0.003;

export class Smoother {
  constructor() {
    this.filters = { joints2d: new OneEuro(), joints3d: new OneEuro() };
  }

  smooth(pose, seconds, side) {
    const { joints2d, joints3d } = this.filters;
    return {
      ...pose,
      joints2d: joints2d.apply(pose.joints2d, seconds, BETA_BOX / side),
      joints3d: joints3d.apply(pose.joints3d, seconds, BETA_MM),
    };
  }
}

class OneEuro {
  apply(rows, seconds, beta) {
    const step = seconds - this.seconds;
    this.seconds = seconds;
    if (!this.values || !(step > 0)) {
      this.values ??= rows;
      this.speeds ??= rows.map((row) => row.map(() => 0));
      return this.values;
    }
    this.values = rows.map((row, i) =>
      row.map((value, j) => {
        const speed = (value - this.values[i][j]) / step;
        this.speeds[i][j] += weight(DERIVATIVE_CUTOFF_HZ, step) * (speed - this.speeds[i][j]);
        const cutoff = MIN_CUTOFF_HZ + beta * Math.abs(this.speeds[i][j]);
        return this.values[i][j] + weight(cutoff, step) * (value - this.values[i][j]);
      }),
    );
    return this.values;
  }
}

function weight(cutoff, step) {
  const tau = 2 * Math.PI * cutoff * step;
  return tau / (tau + 1);
}
