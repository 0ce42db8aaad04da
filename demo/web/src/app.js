// Photo, film or camera -> people -> both views.
// ?photo=URL shows that picture at once; &box=x1,y1,x2,y2 looks there instead of searching.
import { drawPicture } from "./draw.js";
import { loadFinder } from "./finder.js";
import { Followers, findPeople } from "./people.js";
import { Picture } from "./picture.js";
import { loadPoseNetwork } from "./pose.js";
import { startRuntime } from "./runtime.js";
import { Space } from "./space.js";

const element = (id) => document.getElementById(id);
const status = (text) => (element("status").textContent = text);
const video = element("video");
const parameters = new URL(location).searchParams;

let finder, poseNetwork, space;
let shown = null; // what the views show: picture, people, network
let playing = null; // the camera or film that runs; {isCamera, stop}
let facing = "user"; // which camera: user is the front one

function show(picture, people) {
  if (shown && shown[0] !== picture) shown[0].source.close(); // memory of the frame before
  shown = [picture, people, poseNetwork];
  drawPicture(element("picture"), ...shown);
  space.show(people);
}

async function showPhoto(blob) {
  stop();
  const picture = await pictureOf(blob);
  const start = performance.now();
  const box = parameters.get("box")?.split(",").map(Number);
  const people = box
    ? [{ box, pose: await poseNetwork.look(picture, box) }]
    : await findPeople(finder, poseNetwork, picture);
  const milliseconds = performance.now() - start;
  show(picture, people);
  status(`${said(people.length)}, ${milliseconds.toFixed(0)} ms`);
  window.lastPeople = people;
}

async function pictureOf(blob) {
  try {
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
    return new Picture(bitmap, bitmap.width, bitmap.height);
  } catch {
    throw new Error("this file is no picture that the browser can read");
  }
}

const said = (count) =>
  ["Nobody seen clearly", "1 person"][count] ??
  `${count} people`;

function stop() {
  playing?.stop();
  playing = null;
  video.pause();
  video.srcObject = null;
  element("camera").textContent = "Camera";
  element("pause").textContent = "Pause";
  element("switch").hidden = element("pause").hidden = true;
}

async function startCamera() {
  stop();
  if (!navigator.mediaDevices) throw new Error("the camera needs a page from https or localhost");
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: facing } })
    .catch((error) => {
      throw new Error(CAMERA_ERRORS[error.name] ?? error.message);
    });
  video.srcObject = stream;
  element("camera").textContent = "Stop";
  element("switch").hidden = false;
  await play(true, () => stream.getTracks().forEach((track) => track.stop()));
}

const CAMERA_ERRORS = {
  NotAllowedError: "the camera was not allowed: allow it in the browser's address bar",
  NotFoundError: "there is no camera",
  NotReadableError: "another program uses the camera",
};

async function startFilm(file) {
  stop();
  video.src = URL.createObjectURL(file);
  await play(false, () => {
    URL.revokeObjectURL(video.src);
    video.removeAttribute("src");
  });
}

// Follows people through what `video` plays until it is stopped or over.
async function play(isCamera, release) {
  const run = { isCamera, isStopped: false };
  run.stop = () => {
    run.isStopped = true;
    release();
  };
  playing = run;
  await video.play().catch(() => {
    if (run.isStopped) return;
    throw new Error(isCamera ? "the camera gives no picture" : "this is no film that the browser can play");
  });
  if (run.isStopped) return;
  element("pause").hidden = false;
  const followers = new Followers(finder, poseNetwork);
  let rate = 0;
  let before = performance.now();
  while (!run.isStopped && !video.ended) {
    await new Promise(requestAnimationFrame);
    if (video.paused || video.readyState < 2) continue;
    const frame = await createImageBitmap(video);
    const picture = new Picture(frame, frame.width, frame.height);
    const people = await followers.see(picture, performance.now() / 1000);
    if (run.isStopped) return;
    show(picture, people);
    const now = performance.now();
    rate = rate ? 0.9 * rate + 100 / (now - before) : 1000 / (now - before);
    before = now;
    status(`${said(people.length)}, ${rate.toFixed(1)} frames a second`);
    window.lastPeople = people;
    window.framesSeen = (window.framesSeen ?? 0) + 1;
  }
  if (!run.isStopped) stop(); // the film is over
}

function guarded(action) {
  return async (...arguments_) => {
    try {
      await action(...arguments_);
    } catch (error) {
      stop();
      status(`That did not work: ${error.message}`);
      window.lastError = String(error);
    }
  };
}

function listen() {
  element("camera").addEventListener(
    "click",
    guarded(() => (playing?.isCamera ? stop() : startCamera())),
  );
  element("switch").addEventListener(
    "click",
    guarded(() => {
      facing = facing === "user" ? "environment" : "user";
      return startCamera();
    }),
  );
  element("pause").addEventListener("click", () => {
    if (video.paused) video.play();
    else video.pause();
    element("pause").textContent = video.paused ? "Go on" : "Pause";
  });
  element("file").addEventListener(
    "change",
    guarded(({ target: { files } }) => {
      if (!files.length) return;
      return files[0].type.startsWith("video/") ? startFilm(files[0]) : showPhoto(files[0]);
    }),
  );
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => space.view(button.dataset.view));
  }
  addEventListener("resize", () => {
    if (shown && !playing) drawPicture(element("picture"), ...shown);
    space.draw();
  });
}

async function start() {
  await startRuntime();
  [finder, poseNetwork] = await Promise.all([loadFinder(), loadPoseNetwork()]);
  space = new Space(element("skeleton"), poseNetwork);
  listen();
  const photo = parameters.get("photo") ?? "sample.jpg";
  await showPhoto(await (await fetch(photo)).blob());
  if (!parameters.has("photo")) status("A rendered person. Now yours: camera, photo or film.");
  for (const id of ["camera", "file"]) element(id).disabled = false;
  await navigator.serviceWorker?.register("offline.js");
}

guarded(start)();
