// What the page asks of the networks, inside of the worker; each answer is one message.
import { loadFinder } from "./finder.js";
import { Followers, findPeople } from "./people.js";
import { Picture } from "./picture.js";
import { loadPoseNetwork } from "./pose.js";
import { contentOf, runtimeFiles, spent, startRuntime } from "./runtime.js";

let description, files, finder, ofPhotos, ofFilms, followers;

const requests = {
  // Loads what a photo needs; says what the page has to know.
  async load() {
    const json = async (file) => (await fetch(file)).json();
    const runtime = startRuntime(); // and the files come at the same time
    const finderFile = contentOf("finder.tflite");
    [description, files] = await Promise.all([json("description.json"), json("networks.json")]);
    const contents = [finderFile, contentOf(files.photo)];
    await Promise.all([runtime, ...contents]);
    finder = await loadFinder(contents[0]);
    ofPhotos = await loadPoseNetwork(contents[1], description);
    return { description, runtimeFiles };
  },

  // Finds everybody in a photo, or the one in a box.
  async photo({ bitmap, box }) {
    const picture = new Picture(bitmap);
    const people = box
      ? [{ box, pose: await ofPhotos.look(picture, box) }]
      : await findPeople(finder, ofPhotos, picture);
    return { people, bitmap };
  },

  // Follows everybody through a film; `isFirst` forgets whom it followed before.
  async frame({ bitmap, seconds, isFirst }) {
    const { film, photo } = files;
    ofFilms ??= film === photo ? ofPhotos : await loadPoseNetwork(contentOf(film, photo), description);
    if (isFirst) followers = new Followers(finder, ofFilms);
    return { people: await followers.see(new Picture(bitmap), seconds), bitmap };
  },
};

export async function answer({ kind, ...request }) {
  for (const part of Object.keys(spent)) delete spent[part];
  try {
    const reply = await requests[kind](request);
    postMessage({ ...reply, spent }, reply.bitmap ? [reply.bitmap] : []);
  } catch (error) {
    request.bitmap?.close();
    throw error;
  }
}
