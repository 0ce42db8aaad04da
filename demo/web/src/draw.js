// The skeleton over the picture, and in space.
const LEFT = "#ff8a65";
const RIGHT = "#4fc3f7";
const MIDDLE = "#fff176";

export function drawPicture(canvas, square, pose, network) {
  const context = fitted(canvas);
  context.drawImage(square, 0, 0, canvas.width, canvas.height);
  const points = pose.joints2d.map(([x, y]) => [x * canvas.width, y * canvas.height]);
  drawBones(context, points, network, canvas.width / 120);
}

export class SkeletonView {
  constructor(canvas, network) {
    Object.assign(this, { canvas, network, turn: 0.5, tilt: 0.15, pose: null });
    canvas.addEventListener("pointermove", (event) => {
      if (!event.buttons) return;
      this.turn += event.movementX / 100;
      this.tilt = Math.max(-1.5, Math.min(1.5, this.tilt + event.movementY / 100));
      this.draw();
    });
    canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  }

  show(pose) {
    this.pose = pose;
    this.draw();
  }

  draw() {
    if (!this.pose) return;
    const { canvas, network } = this;
    const context = fitted(canvas);
    context.clearRect(0, 0, canvas.width, canvas.height);
    const scale = canvas.width / 2600; // mm in view
    const points = this.pose.joints3d.map((joint) => {
      const [x, y] = turned(joint, this.turn, this.tilt);
      return [canvas.width / 2 + x * scale, canvas.height / 2 + y * scale];
    });
    drawBones(context, points, network, canvas.width / 100);
  }
}

// Turned about the vertical axis, then tilted; x right, y down, z forwards.
export function turned([x, y, z], turn, tilt) {
  const across = x * Math.cos(turn) + z * Math.sin(turn);
  const depth = z * Math.cos(turn) - x * Math.sin(turn);
  return [across, y * Math.cos(tilt) - depth * Math.sin(tilt)];
}

function drawBones(context, points, network, width) {
  context.lineWidth = width;
  context.lineCap = "round";
  for (const [a, b] of network.bones) {
    context.strokeStyle = colour(network.names[a], network.names[b]);
    context.beginPath();
    context.moveTo(...points[a]);
    context.lineTo(...points[b]);
    context.stroke();
  }
}

function colour(a, b) {
  if (a.startsWith("l_") || b.startsWith("l_")) return LEFT;
  return a.startsWith("r_") || b.startsWith("r_") ? RIGHT : MIDDLE;
}

function fitted(canvas) {
  const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  if (canvas.width !== side) canvas.width = canvas.height = side;
  return canvas.getContext("2d");
}
