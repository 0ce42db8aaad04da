// Plays the camera or a film, and has every frame looked at while the one before is drawn.
const CAMERA_ERRORS = {
  NotAllowedError: "the camera was not allowed: allow it in the browser's address bar",
  NotFoundError: "there is no camera",
  OverconstrainedError: "there is no such camera",
  NotReadableError: "another program uses the camera",
};

export class Player {
  // onFrame takes {people, bitmap, spent, seconds, isMirrored} and more parts of the time; onState
  // takes {isRunning, isCamera, isPaused, hasOther}.
  constructor(video, looker, onFrame, onState) {
    Object.assign(this, { video, looker, onFrame, onState });
    this.run = null; // what plays: {isCamera, isMirrored, isStopped, release}
    this.facing = "user"; // which camera: user is the front one
  }

  get isRunning() {
    return Boolean(this.run);
  }

  get isCamera() {
    return Boolean(this.run?.isCamera);
  }

  stop() {
    if (!this.run) return;
    const { run, video } = this;
    this.run = null;
    run.isStopped = true;
    run.release();
    video.pause();
    video.srcObject = null;
    this.#tell();
  }

  async startCamera() {
    this.stop();
    const { mediaDevices } = navigator;
    if (!mediaDevices) throw new Error("the camera needs a page from https or localhost");
    const wish = { facingMode: this.facing, width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 60 } };
    const stream = await mediaDevices.getUserMedia({ video: wish }).catch((error) => {
      throw new Error(CAMERA_ERRORS[error.name] ?? error.message);
    });
    const [track] = stream.getVideoTracks();
    const cameras = (await mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    this.video.srcObject = stream;
    await this.#play({
      isCamera: true,
      isMirrored: (track.getSettings().facingMode ?? this.facing) === "user",
      hasOther: cameras.length > 1,
      release: () => track.stop(),
    });
  }

  switchCamera() {
    this.facing = this.facing === "user" ? "environment" : "user";
    return this.startCamera();
  }

  async startFilm(file) {
    this.stop();
    const { video } = this;
    video.src = URL.createObjectURL(file);
    await this.#play({
      isCamera: false,
      release() {
        URL.revokeObjectURL(video.src);
        video.removeAttribute("src");
      },
    });
  }

  pause() {
    if (this.video.paused) this.video.play();
    else this.video.pause();
    this.#tell();
  }

  #tell() {
    const { isCamera, hasOther } = this.run ?? {};
    this.onState({ isRunning: this.isRunning, isCamera, hasOther, isPaused: this.video.paused });
  }

  async #play(run) {
    this.run = run;
    const { video } = this;
    await video.play().catch(() => {
      if (run.isStopped) return;
      throw new Error(run.isCamera ? "the camera gives no picture" : "this is no film that the browser can play");
    });
    if (run.isStopped) return;
    this.#tell();
    try {
      await this.#follow(run);
    } catch (error) {
      if (!run.isStopped) throw error;
    }
    if (this.run === run) this.stop(); // the film is over
  }

  // The worker looks at a frame while this thread draws the one before and takes the next.
  async #follow(run) {
    const begun = performance.now();
    let before = null;
    for (let isFirst = true; !run.isStopped && (await this.#newFrame(run)); isFirst = false) {
      const start = performance.now();
      const bitmap = await createImageBitmap(this.video);
      const taking = performance.now() - start;
      const seconds = run.isCamera ? (start - begun) / 1000 : this.video.currentTime;
      run.seconds = seconds;
      const answer = this.looker.frame(bitmap, seconds, isFirst);
      await this.#shown(before, run);
      before = { answer, seconds, taking };
      answer.catch(() => {}); // told when it is shown
    }
    await this.#shown(before, run);
  }

  async #shown(frame, run) {
    if (!frame) return;
    const seen = await frame.answer;
    if (run.isStopped) return seen.bitmap.close();
    const { seconds, taking } = frame;
    this.onFrame({ ...seen, seconds, isMirrored: run.isMirrored }, { "taking the frame": taking });
  }

  // Waits for a frame that was not seen yet; false: there is none, the film is over.
  async #newFrame(run) {
    const { video } = this;
    for (;;) {
      if (video.ended || run.isStopped) return false;
      const number = video.getVideoPlaybackQuality().totalVideoFrames;
      // A busy browser may show another frame before its clock has moved: poses want times that rise.
      const isLater = run.isCamera || video.currentTime > (run.seconds ?? -1);
      if (!video.paused && video.readyState >= 2 && number !== run.lastFrame && isLater) {
        run.lastFrame = number;
        return true;
      }
      await new Promise(requestAnimationFrame);
    }
  }
}
