// What pointer, keys, buttons and the time slider do; see view_3d.js, which draws.
function turn(right, up) {
  view.azimuth += right;
  view.elevation = Math.max(-5, Math.min(89, view.elevation + up));
  drawSpace();
}

function zoom(factor) {
  view.zoom = Math.max(0.4, Math.min(6, view.zoom * factor));
  drawSpace();
}

function nameOf(joint) {
  const words = { r: "right", l: "left" };
  return data.joints[joint].split("_").map((part) => words[part] || part).join(" ");
}

function showName(canvas, event) {
  const corner = canvas.getBoundingClientRect();
  const at = [event.clientX - corner.left, event.clientY - corner.top];
  const far = (spot) => Math.hypot(spot.x - at[0], spot.y - at[1]);
  const [spot] = [...spots.get(canvas)].sort((p, q) => far(p) - far(q));
  tip.hidden = !spot || far(spot) > 16;
  if (tip.hidden) return;
  const place = spot.person.xyz[spot.joint].map(Math.round).join(", ");
  const guessed = spot.person.unclear[spot.joint] ? ", hardly seen" : "";
  tip.textContent = `${nameOf(spot.joint)}${guessed}: ${place} mm from ${data.origin}`;
  const width = tip.getBoundingClientRect().width;
  tip.style.left = `${Math.max(4, Math.min(event.clientX + 12, window.innerWidth - width - 4))}px`;
  tip.style.top = `${Math.max(4, event.clientY - 34)}px`;
}

const fingers = new Map();
space.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, event);
  space.setPointerCapture(event.pointerId);
  showName(space, event);
});
space.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return showName(space, event);
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  };
  const was = fingers.size === 2 ? spread() : 0;
  fingers.set(event.pointerId, event);
  tip.hidden = true;
  if (was) zoom(spread() / was);
  else turn((before.clientX - event.clientX) / 2, (event.clientY - before.clientY) / 3);
});
for (const end of ["pointerup", "pointercancel"])
  space.addEventListener(end, (event) => fingers.delete(event.pointerId));
for (const canvas of [photo, space])
  canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
for (const kind of ["pointermove", "pointerdown"])
  photo.addEventListener(kind, (event) => showName(photo, event));
space.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 600));
}, { passive: false });
space.addEventListener("keydown", (event) => {
  const turns = { ArrowLeft: [10, 0], ArrowRight: [-10, 0], ArrowUp: [0, 5], ArrowDown: [0, -5] };
  if (turns[event.key]) { event.preventDefault(); turn(...turns[event.key]); }
  if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1.15 : 0.87);
});
for (const button of document.querySelectorAll("[data-view]"))
  button.addEventListener("click", () => {
    [view.azimuth, view.elevation] = button.dataset.view.split(",").map(Number);
    turn(0, 0);
  });

function show(frame) {
  now = frame;
  byId("slider").value = now;
  byId("clock").textContent = `${frames[now].t.toFixed(2)} s`;
  draw();
}

function play() {
  const began = performance.now() / 1000 - frames[now].t;
  const step = () => {
    const t = performance.now() / 1000 - began;
    let next = now;
    while (next + 1 < frames.length && frames[next + 1].t <= t) next += 1;
    if (next !== now) show(next);
    if (next === frames.length - 1) return pause();
    playing = requestAnimationFrame(step);
  };
  byId("play").textContent = "pause";
  playing = requestAnimationFrame(step);
}

function pause() {
  cancelAnimationFrame(playing);
  playing = null;
  byId("play").textContent = "play";
}

if (frames.length > 1) {
  byId("time").hidden = false;
  byId("slider").max = frames.length - 1;
  byId("slider").addEventListener("input", (event) => { pause(); show(Number(event.target.value)); });
  byId("play").addEventListener("click", () => {
    if (playing) return pause();
    if (now === frames.length - 1) show(0);
    play();
  });
  show(0);
}
window.addEventListener("resize", draw);
draw();
