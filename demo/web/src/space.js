// People side by side in space, on a floor of half metres; it turns and zooms.
import { drawBones, fitted } from "./draw.js";

const SHOWN_MM = 2600; // from left to right at zoom 1
const APART_MM = 1200; // from person to person
const GRID_MM = 500;
const FRONT = { turn: 0, tilt: 0.15 };
const VIEWS = { front: FRONT, side: { turn: Math.PI / 2, tilt: 0.15 }, above: { turn: 0, tilt: 1.4 } };

export class Space {
  constructor(canvas, network) {
    Object.assign(this, { canvas, network, ...FRONT, turn: 0.5, zoom: 1, people: [], side: 1 });
    this.#listenToPointers(canvas);
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoomBy(Math.exp(-event.deltaY / 500));
    });
    const keys = {
      ArrowLeft: () => this.move(-0.1, 0),
      ArrowRight: () => this.move(0.1, 0),
      ArrowUp: () => this.move(0, -0.1),
      ArrowDown: () => this.move(0, 0.1),
      "+": () => this.zoomBy(1.1),
      "-": () => this.zoomBy(1 / 1.1),
    };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  // One pointer turns, two zoom.
  #listenToPointers(canvas) {
    const pointers = new Map(); // id -> [x, y]
    const apart = () => {
      const [one, other] = [...pointers.values()];
      return Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
    };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, [event.clientX, event.clientY]);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));
    }
    canvas.addEventListener("pointermove", ({ pointerId, clientX, clientY }) => {
      if (!pointers.has(pointerId)) return;
      const before = pointers.get(pointerId);
      const apartBefore = pointers.size === 2 && apart();
      pointers.set(pointerId, [clientX, clientY]);
      if (pointers.size === 2) this.zoomBy(apart() / apartBefore);
      else if (pointers.size === 1) this.move((clientX - before[0]) / 100, (clientY - before[1]) / 100);
    });
  }

  // `isMirrored`: the picture is shown as a mirror does, so the people are too.
  show(people, isMirrored = false) {
    this.people = people;
    this.side = isMirrored ? -1 : 1;
    this.draw();
  }

  view(name) {
    Object.assign(this, VIEWS[name]);
    this.draw();
  }

  move(turn, tilt) {
    this.turn += turn;
    this.tilt = Math.max(-1.5, Math.min(1.5, this.tilt + tilt));
    this.draw();
  }

  zoomBy(factor) {
    this.zoom = Math.max(0.3, Math.min(5, this.zoom * factor));
    this.draw();
  }

  draw() {
    const context = fitted(this.canvas, 1);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const people = [...this.people].sort((one, other) => this.side * (one.box[0] - other.box[0]));
    const width = SHOWN_MM + APART_MM * Math.max(0, people.length - 1);
    const scale = (this.canvas.width / width) * this.zoom;
    const joints = people.map(({ pose }, i) => {
      const across = (i - (people.length - 1) / 2) * APART_MM;
      return pose.joints3d.map(([x, y, z]) => [this.side * x + across, y, z]);
    });
    if (!joints.length) return;
    const heights = joints.flat().map(([, y]) => y);
    const floor = Math.max(...heights);
    const middle = (floor + Math.min(...heights)) / 2;
    const place = ([x, y, z]) => {
      const [across, down] = turned([x, y - middle, z], this.turn, this.tilt);
      return [this.canvas.width / 2 + across * scale, this.canvas.height / 2 + down * scale];
    };
    this.#drawFloor(context, place, floor);
    people.forEach(({ pose }, i) =>
      drawBones(context, joints[i].map(place), pose, this.network, this.canvas.width / 110),
    );
  }

  #drawFloor(context, place, y) {
    const { color, borderTopColor } = getComputedStyle(this.canvas); // dark or light
    context.strokeStyle = borderTopColor;
    context.lineWidth = 1;
    const reach = GRID_MM * Math.max(2, this.people.length + 1);
    for (let at = -reach; at <= reach; at += GRID_MM) {
      for (const line of [[[at, y, -reach], [at, y, reach]], [[-reach, y, at], [reach, y, at]]]) {
        context.beginPath();
        context.moveTo(...place(line[0]));
        context.lineTo(...place(line[1]));
        context.stroke();
      }
    }
    // Where the camera is: in front of the people, at z towards -infinity.
    const [x, top] = place([0, y, -reach]);
    context.fillStyle = color;
    context.font = `${Math.round(this.canvas.width / 32)}px system-ui`;
    context.textAlign = "center";
    context.fillText("camera", x, top + this.canvas.width / 28);
  }
}

// Turned about the vertical axis, then tilted; x right, y down, z forwards.
function turned([x, y, z], turn, tilt) {
  const across = x * Math.cos(turn) + z * Math.sin(turn);
  const depth = z * Math.cos(turn) - x * Math.sin(turn);
  return [across, y * Math.cos(tilt) - depth * Math.sin(tilt)];
}
