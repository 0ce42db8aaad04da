// Camera or photo -> pose -> both views. ?photo=URL shows that picture at once.
import { SkeletonView, drawPicture } from "./draw.js";
import { loadPoseNetwork } from "./pose.js";

const element = (id) => document.getElementById(id);
const status = (text) => (element("status").textContent = text);
const video = element("video");

let network, view;
let camera = null; // the running camera's stream

// Returns the middle square of a picture or video frame.
function middleSquare(source, width, height) {
  const side = Math.min(width, height);
  const square = new OffscreenCanvas(side, side);
  const x = (width - side) / 2;
  const y = (height - side) / 2;
  square.getContext("2d").drawImage(source, x, y, side, side, 0, 0, side, side);
  return square;
}

async function show(source, width, height) {
  const square = middleSquare(source, width, height);
  const start = performance.now();
  const pose = await network.run(square);
  const milliseconds = performance.now() - start;
  drawPicture(element("picture"), square, pose, network);
  view.show(pose);
  return { pose, milliseconds };
}

async function showPhoto(blob) {
  stopCamera();
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
  const { pose, milliseconds } = await show(bitmap, bitmap.width, bitmap.height);
  status(`${milliseconds.toFixed(0)} ms`);
  window.lastPose = pose;
}

function stopCamera() {
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  element("camera").textContent = "Camera";
}

async function toggleCamera() {
  if (camera) return stopCamera();
  camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  element("camera").textContent = "Stop";
  video.srcObject = camera;
  await video.play();
  let rate = 0;
  let before = performance.now();
  while (camera) {
    await new Promise(requestAnimationFrame);
    await show(video, video.videoWidth, video.videoHeight);
    const now = performance.now();
    rate = rate ? 0.9 * rate + 100 / (now - before) : 1000 / (now - before);
    before = now;
    status(`${rate.toFixed(1)} frames a second`);
  }
}

function guarded(action) {
  return async (...arguments_) => {
    try {
      await action(...arguments_);
    } catch (error) {
      stopCamera();
      status(`That did not work: ${error.message}`);
      window.lastError = String(error);
    }
  };
}

async function start() {
  network = await loadPoseNetwork();
  view = new SkeletonView(element("skeleton"), network);
  status("Ready");
  element("camera").addEventListener("click", guarded(toggleCamera));
  element("photo").addEventListener(
    "change",
    guarded((event) => event.target.files.length && showPhoto(event.target.files[0])),
  );
  const url = new URLSearchParams(location.search).get("photo");
  if (url) await showPhoto(await (await fetch(url)).blob());
  await navigator.serviceWorker?.register("offline.js");
}

guarded(start)();
