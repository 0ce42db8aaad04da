"use strict";
// data: joints (names), bones [[from, to, colour]], frames [{t, people: [{xy, xyz, unclear}]}],
// images [{frame, src, size, text, texts}], text: px of the texts that a drawn image has beside
// joints, texts: [{joint: text}] of the frame's people; draws: whether the skeleton is to be drawn over the images;
// origin: of xyz, in words; floor: the y of the floor, null: each person's lowest joint is on it;
// placed: whether people stand where they were, else side by side.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const photo = byId("photo"), space = byId("space"), tip = byId("tip");
const MARK = 500, APART = 1300, MOST_SQUARES = 80; // mm, mm, of a side
const LEAST_TEXT = 14; // px, of what is written over an image
const BONE = 45; // mm, the width of bones of people who are shown small
const WORDS = 44; // px beside the rule, for what its marks say
const view = { azimuth: 25, elevation: 12, zoom: 1 };
const spots = new Map([[photo, []], [space, []]]); // canvas -> joints drawn there, for the pointer
let now = 0, playing = null;
let square = 250; // mm, more where people walk far

// Points are x right, up, away from the camera, mm; the floor is at height 0.
const frames = data.frames.map(({ t, people }) => ({
  t,
  people: people.map((person, i) => {
    const floor = data.floor ?? Math.max(...person.xyz.map((p) => p[1]));
    const shift = data.placed ? 0 : (i - (people.length - 1) / 2) * APART;
    return { ...person, points: person.xyz.map(([x, y, z]) => [x + shift, floor - y, z]) };
  }),
}));
const images = data.images.map((image) => {
  const element = new Image();
  element.onload = draw;
  element.src = image.src;
  return { ...image, element };
});

function extent() {
  const points = frames.flatMap((f) => f.people.flatMap((p) => p.points));
  const range = (axis) => points.reduce(
    ([low, high], p) => [Math.min(low, p[axis]), Math.max(high, p[axis])], [Infinity, -Infinity]);
  const ranges = points.length ? [0, 1, 2].map(range) : [[-500, 500], [0, 1700], [-500, 500]];
  ranges[1][0] = Math.min(ranges[1][0], 0);
  const widest = Math.max(...[0, 2].map((axis) => ranges[axis][1] - ranges[axis][0]));
  while (widest > MOST_SQUARES * square) square *= 2;
  byId("square").textContent = square;
  for (const axis of [0, 2]) { // the floor reaches a square beyond, and is square for one person
    const [low, high] = ranges[axis];
    const half = Math.max(2 * square, Math.ceil((high - low) / 2 / square + 0.5) * square);
    ranges[axis] = [(low + high) / 2 - half, (low + high) / 2 + half];
  }
  return ranges;
}
const ranges = extent();
const middle = ranges.map(([low, high]) => (low + high) / 2);
const [halfX, halfUp, halfZ] = ranges.map(([low, high]) => (high - low) / 2);
const reach = Math.hypot(halfX, halfZ), radius = Math.hypot(reach, halfUp);

function fitted(canvas) { // a pen in CSS pixels, on a canvas as fine as the screen
  const { width, height } = canvas.getBoundingClientRect(), fine = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * fine);
  canvas.height = Math.round(height * fine);
  const pen = canvas.getContext("2d");
  pen.scale(fine, fine);
  pen.lineCap = pen.lineJoin = "round";
  return { pen, width, height };
}

function projection(width, height) {
  const [a, e] = [view.azimuth, view.elevation].map((degrees) => degrees * Math.PI / 180);
  // All fits in at each azimuth: turning does not change the size.
  const tall = halfUp * Math.abs(Math.cos(e)) + reach * Math.abs(Math.sin(e));
  const distance = 6 * radius, closest = 1 - reach / distance;
  const scale = view.zoom * closest * 0.46 * Math.min((width - WORDS) / reach, height / tall);
  const project = (point) => {
    const [x, up, z] = point.map((value, axis) => value - middle[axis]);
    const right = Math.cos(a) * x + Math.sin(a) * z, away = Math.cos(a) * z - Math.sin(a) * x;
    const depth = away * Math.cos(e) - up * Math.sin(e);
    const near = scale * distance / (distance + depth);
    const down = -up * Math.cos(e) - away * Math.sin(e);
    return [(width + WORDS) / 2 + right * near, height / 2 + down * near, depth];
  };
  return Object.assign(project, { scale });
}

function boneWidth(project, width, height) { // of many people dots would be wider than bones long
  return Math.min(Math.max(4, Math.min(width, height) / 75), Math.max(2, BONE * project.scale));
}

function line(pen, from, to, colour, width, dotted) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash(dotted ? [0.1, 2 * width] : []);
  pen.beginPath();
  pen.moveTo(from[0], from[1]);
  pen.lineTo(to[0], to[1]);
  pen.stroke();
  pen.setLineDash([]);
}

function write(pen, text, [x, y], align = "center") { // all of it on the canvas
  pen.fillStyle = "#777";
  pen.font = "12px system-ui, sans-serif";
  const { width } = pen.measureText(text);
  const left = x - width * { left: 0, center: 0.5, right: 1 }[align];
  pen.fillText(text, Math.max(4, Math.min(left, pen.canvas.clientWidth - width - 4)), y);
}

function drawFloor(pen, project) {
  const [xs, heights, zs] = ranges;
  const grid = (x1, z1, x2, z2) =>
    line(pen, project([x1, 0, z1]), project([x2, 0, z2]), "#dcdcdc", 1);
  for (let x = xs[0]; x <= xs[1] + 1; x += square) grid(x, zs[0], x, zs[1]);
  for (let z = zs[0]; z <= zs[1] + 1; z += square) grid(xs[0], z, xs[1], z);
  const corners = xs.flatMap((x) => zs.map((z) => [x, 0, z]));
  const inView = (axis, sign) => corners.map((corner) => [sign * project(corner)[axis], corner])
    .sort((p, q) => p[0] - q[0])[0][1];
  const near = inView(2, 1), foot = inView(0, 1); // the nearest corner, and the one furthest left
  const centre = project([middle[0], 0, middle[2]]);
  for (const [axis, text] of [[0, "x: right"], [2, "z: away"]]) {
    const ends = ranges[axis].map((at) => near.map((value, i) => (i === axis ? at : value)));
    const [from, to] = ends.map(project);
    line(pen, from, to, "#8a8a8a", 1.5);
    const [x, y] = [0, 1].map((i) => (from[i] + to[i]) / 2);
    write(pen, text, [x + 0.08 * (x - centre[0]), y + 16], x < centre[0] ? "right" : "left");
  }
  line(pen, project(foot), project([foot[0], heights[1], foot[2]]), "#8a8a8a", 1.5);
  for (let up = MARK; up <= heights[1]; up += MARK) {
    const [x, y] = project([foot[0], up, foot[2]]);
    line(pen, [x - 4, y], [x + 4, y], "#8a8a8a", 1.5);
    write(pen, `${up} mm`, [x - 8, y + 4], "right"); // people are on the other side
  }
}

function drawPerson(pen, canvas, points, person, width) {
  const order = data.bones.map(([a, b, colour]) => ({ a, b, colour,
    depth: ((points[a][2] || 0) + (points[b][2] || 0)) / 2 })).sort((p, q) => q.depth - p.depth);
  for (const { a, b, colour } of order)
    line(pen, points[a], points[b], colour, width, person.unclear[a] || person.unclear[b]);
  points.forEach(([x, y], joint) => {
    pen.beginPath();
    pen.arc(x, y, 0.5 * width + 1, 0, 7);
    pen.fillStyle = "white";
    pen.strokeStyle = canvas === space ? "#555" : "white";
    pen.lineWidth = 1;
    if (!person.unclear[joint]) pen.fill();
    pen.stroke();
    spots.get(canvas).push({ x, y, joint, person });
  });
}

function drawSpace() {
  const { pen, width, height } = fitted(space), project = projection(width, height);
  spots.set(space, []);
  drawFloor(pen, project);
  for (const person of frames[now].people) {
    const shadow = person.points.map(([x, , z]) => project([x, 0, z]));
    for (const [a, b] of data.bones) line(pen, shadow[a], shadow[b], "#cfcfcf", 3);
  }
  const depth = (person) => project(person.points[data.joints.indexOf("pelvis")])[2];
  const thickness = boneWidth(project, width, height);
  for (const person of [...frames[now].people].sort((p, q) => depth(q) - depth(p)))
    drawPerson(pen, space, person.points.map(project), person, thickness);
}

function drawPhoto() {
  const shown = images.filter((image) => image.frame <= now).pop() || images[0];
  spots.set(photo, []);
  if (!shown) return byId("photo-pane").remove();
  const [w, h] = shown.size;
  byId("photo-pane").style.setProperty("--photo-height", `min(${100 * h / w}vw, 42vh)`);
  const { pen, width, height } = fitted(photo), scale = Math.min(width / w, height / h);
  const left = (width - scale * w) / 2, top = (height - scale * h) / 2;
  if (shown.element.complete) pen.drawImage(shown.element, left, top, scale * w, scale * h);
  for (const person of frames[shown.frame].people) {
    const points = person.xy.map(([x, y]) => [left + scale * x, top + scale * y]);
    if (data.draws) drawPerson(pen, photo, points, person, Math.max(2, Math.min(width, height) / 120));
    else points.forEach(([x, y], joint) => spots.get(photo).push({ x, y, joint, person }));
  }
  const taken = [], size = Math.max(LEAST_TEXT, scale * shown.text);
  frames[shown.frame].people.forEach((person, i) => {
    for (const [joint, text] of Object.entries(shown.texts[i])) {
      const [x, y] = person.xy[joint];
      cover(pen, text, left + scale * (x + 0.6 * shown.text), top + scale * y, size, taken);
    }
  });
}

function cover(pen, text, x, y, size, taken) { // writes over a smaller text, which begins at x
  pen.font = `bold ${size}px system-ui, sans-serif`;
  const wide = pen.measureText(text).width + 6, high = size + 3;
  const at = Math.max(0, Math.min(x - 3, pen.canvas.clientWidth - wide));
  const covers = (other) =>
    Math.abs(other.y - y) < high && at < other.at + other.wide && other.at < at + wide;
  while (taken.some(covers)) y += high; // below those that stand there
  taken.push({ at, y, wide });
  pen.fillStyle = "#222";
  pen.fillRect(at, y - high / 2, wide, high);
  pen.fillStyle = "white";
  pen.textBaseline = "middle";
  pen.fillText(text, at + 3, y + 1);
  pen.textBaseline = "alphabetic";
}

function draw() {
  if (byId("photo-pane")) drawPhoto();
  drawSpace();
}
