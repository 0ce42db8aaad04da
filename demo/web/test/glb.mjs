// Plays a GLB by three.js in headless Chromium; prints, as JSON, what it holds and where bones are.
// Usage: node glb.mjs CHROMIUM URL SECONDS[,SECONDS...]
import { chromium } from "playwright-core";

const [executablePath, url, times] = process.argv.slice(2);
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(String(error)));
  await page.goto(url);
  const result = await page.evaluate(async (seconds) => {
    const THREE = await import("three");
    const { GLTFLoader } = await import("three/addons/loaders/GLTFLoader.js");
    const gltf = await new GLTFLoader().loadAsync("walk.glb");
    const mixer = new THREE.AnimationMixer(gltf.scene);
    mixer.clipAction(gltf.animations[0]).play();
    const bones = [];
    const meshes = [];
    gltf.scene.traverse((node) => {
      if (node.isBone) bones.push(node);
      if (node.isSkinnedMesh) meshes.push(node.skeleton.bones.length);
    });
    const frames = seconds.map((time) => {
      mixer.setTime(time);
      gltf.scene.updateMatrixWorld(true);
      const place = (bone) => bone.getWorldPosition(new THREE.Vector3()).toArray();
      return Object.fromEntries(bones.map((bone) => [bone.name, place(bone)]));
    });
    const tracks = gltf.animations[0].tracks.map((track) => track.name);
    return { meshes, frames, tracks, duration: gltf.animations[0].duration };
  }, times.split(",").map(Number));
  console.log(JSON.stringify(result));
} finally {
  await browser.close();
}
