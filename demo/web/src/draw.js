// Skeletons over the picture: orange right, blue left, green middle; dotted where a joint is unclear.
import { isSeen } from "./seen.js";

const RIGHT = "#e4572e";
const LEFT = "#17a2d6";
const MIDDLE = "#8fbf4a";

// Draws {bitmap, people, isMirrored} as large as the canvas is on the screen.
export function drawPicture(canvas, shown, network) {
  paint(fitted(canvas, shown.bitmap.height / shown.bitmap.width), shown, network);
}

// Returns the picture with its skeletons in its own size, as a file.
export function pictureBlob(shown, network) {
  const canvas = new OffscreenCanvas(shown.bitmap.width, shown.bitmap.height);
  paint(canvas.getContext("2d"), shown, network);
  return canvas.convertToBlob({ type: "image/png" });
}

function paint(context, { bitmap, people, isMirrored }, network) {
  const { width, height } = context.canvas;
  const scale = width / bitmap.width;
  if (isMirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(bitmap, 0, 0, width, height);
  for (const { pose } of people) {
    const points = pose.joints2d.map((joint) => joint.map((value) => value * scale));
    drawBones(context, points, pose, network, Math.max(2, width / 160));
  }
  context.resetTransform();
}

// Points are places on the canvas.
export function drawBones(context, points, pose, network, width) {
  context.lineWidth = width;
  context.lineCap = "round";
  for (const [a, b] of network.bones) {
    const isClear = isSeen(pose, a) && isSeen(pose, b);
    context.setLineDash(isClear ? [] : [0, 2 * width]);
    context.strokeStyle = colour(network.names[a], network.names[b]);
    context.beginPath();
    context.moveTo(...points[a]);
    context.lineTo(...points[b]);
    context.stroke();
  }
  context.setLineDash([]);
}

function colour(a, b) {
  if (a.startsWith("l_") || b.startsWith("l_")) return LEFT;
  return a.startsWith("r_") || b.startsWith("r_") ? RIGHT : MIDDLE;
}

// Gives a canvas the pixels that its place on the screen has; returns its context.
export function fitted(canvas, aspect) {
  const ratio = String(1 / aspect);
  if (canvas.dataset.ratio !== ratio) {
    canvas.dataset.ratio = ratio;
    canvas.style.aspectRatio = ratio;
  }
  const width = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  const height = Math.round(width * aspect);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return canvas.getContext("2d");
}
