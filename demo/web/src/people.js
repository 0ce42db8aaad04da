// The people of a picture, and the same people from frame to frame.
import { overlap } from "./finder.js";
import { alike } from "./likeness.js";
import { boxOfSeenJoints, meanConfidence } from "./pose.js";
import { Smoother } from "./smoothing.js";

const MOST = 4;
const SECONDS_BETWEEN_LOOKS = 1; // of the finder for newcomers, while everybody is seen
const SAME_POSE = 0.9; // likeness from which two poses are one person's
const SAME_BOX = 0.3; // overlap of boxes in neighbouring frames
const LOST = 0.58; // mean confidence below which somebody is no longer there

// Returns [{box, score, pose}, ...] of a photo, at most four, the surest first and nobody twice.
export async function findPeople(finder, poseNetwork, picture) {
  const people = [];
  for (const { box, score } of await finder.find(picture)) {
    if (people.length >= MOST) break;
    const pose = await poseNetwork.look(picture, box);
    if (!isAmong(people, pose, poseNetwork)) people.push({ box, score, pose });
  }
  return people;
}

const isAmong = (people, pose, { names }) =>
  people.some((other) => alike(other.pose.joints2d, pose.joints2d, names) >= SAME_POSE);

// Follows people through a film or before a camera.
export class Followers {
  constructor(finder, poseNetwork) {
    Object.assign(this, { finder, poseNetwork, people: [], nextLook: -Infinity, nextId: 1 });
  }

  // Returns [{id, box, pose}, ...] of the next frame, smoothed.
  async see(picture, seconds) {
    if (seconds >= this.nextLook || !this.people.length) await this.#look(picture, seconds);
    const seen = [];
    for (const person of this.people) {
      const pose = await this.poseNetwork.look(picture, person.box);
      const box = boxOfSeenJoints(pose);
      if (!box || meanConfidence(pose) < LOST) {
        if (person.pose) this.nextLook = -Infinity; // lost; else there never was anybody
        continue;
      }
      if (isAmong(seen, pose, this.poseNetwork)) continue;
      const side = Math.max(box[2] - box[0], box[3] - box[1]);
      person.box = box;
      person.pose = person.smoother.smooth(pose, seconds, side);
      seen.push(person);
    }
    this.people = seen;
    return seen.map(({ id, box, pose }) => ({ id, box, pose }));
  }

  async #look(picture, seconds) {
    this.nextLook = seconds + SECONDS_BETWEEN_LOOKS;
    for (const { box } of await this.finder.find(picture)) {
      if (this.people.length >= MOST) break;
      if (this.people.some((person) => overlap(person.box, box) > SAME_BOX)) continue;
      this.people.push({ id: this.nextId++, box, smoother: new Smoother() });
    }
  }
}
