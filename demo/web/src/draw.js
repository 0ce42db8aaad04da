// Skeletons over the picture: orange right, blue left, green middle; dotted where a joint is unclear.
import { isSeen } from "./pose.js";

const RIGHT = "#e4572e";
const LEFT = "#17a2d6";
const MIDDLE = "#8fbf4a";

export function drawPicture(canvas, { source, width, height }, people, network) {
  const context = fitted(canvas, height / width);
  const scale = canvas.width / width;
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  for (const { pose } of people) {
    const points = pose.joints2d.map((joint) => joint.map((value) => value * scale));
    drawBones(context, points, pose, network, Math.max(2, canvas.width / 160));
  }
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
  canvas.style.aspectRatio = 1 / aspect;
  const width = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
  const height = Math.round(width * aspect);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return canvas.getContext("2d");
}
