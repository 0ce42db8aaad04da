// Photo, film or camera -> people -> both views.
// ?photo=URL shows that picture at once; &box=x1,y1,x2,y2 looks there instead of searching.
import { Downloads } from "./downloads.js";
import { Looker } from "./looker.js";
import { Player } from "./player.js";
import { Space } from "./space.js";
import { Times } from "./times.js";
import { checkInside, parseBox } from "./given_box.js";
import { drawPicture } from "./draw.js";

const element = (id) => document.getElementById(id);
const parameters = new URL(location).searchParams;
const looker = new Looker();
const times = new Times(element("times"));

let network, space, downloads, player;
let film = null; // the file chosen last, if it is one
let shown = null; // what the views show: {bitmap, people, isMirrored}

function status(text) {
  if (element("status").textContent !== text) element("status").textContent = text;
}

const said = (count) => ["Nobody seen clearly", "1 person"][count] ?? `${count} people`;

function show(seen) {
  if (shown && shown.bitmap !== seen.bitmap) shown.bitmap.close(); // memory of the frame before
  shown = seen;
  drawPicture(element("picture"), shown, network);
  space.show(seen.people, seen.isMirrored);
  element("picture").setAttribute("aria-label", `The picture with the skeletons found: ${said(seen.people.length)}`);
  window.lastPeople = seen.people; // for tests
}

// Forgets what was seen before. A `file` is a film's.
function begin(name, file = null) {
  downloads.begin(name);
  film = file;
  element("again").hidden = true;
}

async function showPhoto(blob, name, box) {
  player.stop();
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => {
    throw new Error("this file is no picture that the browser can read");
  });
  if (box) checkInside(box, bitmap);
  const seen = await looker.photo(bitmap, box);
  begin(name);
  downloads.add(seen);
  const start = performance.now();
  show(seen);
  times.show({ ...seen.spent, drawing: performance.now() - start });
  status(said(seen.people.length));
}

function showFrame(seen, spent) {
  downloads.add(seen);
  const start = performance.now();
  show(seen);
  times.add({ ...seen.spent, ...spent, drawing: performance.now() - start });
  status(said(seen.people.length));
  window.framesSeen = (window.framesSeen ?? 0) + 1; // for tests
}

// What the buttons say while something runs, or nothing does.
function showState({ isCamera, isRunning, isPaused, hasOther }) {
  element("camera").textContent = isRunning && isCamera ? "Stop camera" : "Camera";
  element("pause").hidden = !isRunning;
  element("pause").textContent = isPaused ? "Go on" : "Pause";
  element("switch").hidden = !hasOther;
  element("again").hidden = isRunning || !film;
  if (!isRunning) times.rest();
}

function showEnd({ seen, all }) {
  const count = seen < all ? `${seen} of ${all} frames; the browser left out the others` : `all ${all} frames`;
  status(`The film is over: ${count}.`);
}

function guarded(action) {
  return async (...arguments_) => {
    try {
      await action(...arguments_);
    } catch (error) {
      player?.stop();
      status(`That did not work: ${error.message}`);
      window.lastError = String(error);
    }
  };
}

function openFile(file) {
  return file.type.startsWith("video/") ? showFilm(file) : showPhoto(file, file.name);
}

function showFilm(file) {
  begin(file.name, file);
  return player.startFilm(file);
}

function listen() {
  const on = (id, event, action) => element(id).addEventListener(event, guarded(action));
  on("camera", "click", () => {
    if (player.isCamera) return player.stop();
    begin("camera");
    return player.startCamera();
  });
  on("switch", "click", () => player.switchCamera());
  on("pause", "click", () => player.pause());
  on("again", "click", () => showFilm(film));
  on("file", "change", ({ target }) => {
    const [file] = target.files;
    target.value = ""; // the same file may be chosen again
    return file && openFile(file);
  });
  on("full", "click", () =>
    document.fullscreenElement ? document.exitFullscreen() : element("views").requestFullscreen(),
  );
  element("full").hidden = !document.fullscreenEnabled;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => space.view(button.dataset.view));
  }
  for (const button of document.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => space.zoomBy(Number(button.dataset.zoom)));
  }
  for (const button of document.querySelectorAll("[data-save]")) {
    button.addEventListener("click", guarded(() => downloads.save(button.dataset.save, shown)));
  }
  document.addEventListener("visibilitychange", () => player.hide(document.hidden));
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) guarded(openFile)(file);
  });
  new ResizeObserver(() => {
    if (shown && !player.isRunning) drawPicture(element("picture"), shown, network);
    space.draw();
  }).observe(element("views"));
}

async function fetched(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new Error(`the photo ${address} cannot be fetched${response ? ` (${response.status})` : ""}`);
  return response.blob();
}

async function showFirst(content, name) {
  const box = parameters.has("box") ? parseBox(parameters.get("box")) : undefined;
  await showPhoto(await content, name, box);
  if (!parameters.has("photo")) status("A rendered person. Now yours: camera, photo or film.");
}

async function start() {
  if (!window.Worker || !window.WebAssembly || !window.DecompressionStream) {
    throw new Error("this browser is too old: the page needs one from 2023 or later");
  }
  const photo = parameters.get("photo") ?? "sample.jpg";
  const content = fetched(photo); // while the networks come
  content.catch(() => {}); // told when it is shown
  const { description, runtimeFiles } = await looker.load();
  const names = description.joint_names;
  network = { names, bones: description.bones.map((bone) => bone.map((name) => names.indexOf(name))) };
  space = new Space(element("skeleton"), network);
  downloads = new Downloads(network);
  player = new Player(element("video"), looker, showFrame, showState, showEnd);
  listen();
  await guarded(showFirst)(content, photo.split("/").at(-1));
  for (const button of document.querySelectorAll(":disabled")) button.disabled = false;
  await keep(runtimeFiles);
}

// Keeps the page's files, so that it starts without a network from now on.
async function keep(runtimeFiles) {
  if (!navigator.serviceWorker) return;
  const files = await (await fetch("files.json")).json();
  const cache = await caches.open("hg3d");
  await cache.addAll(["./", "files.json", ...files, ...runtimeFiles]);
  await navigator.serviceWorker.register("offline.js");
  window.isKept = true; // for tests
}

guarded(start)();
