// Plays the camera, or a film frame by frame, and has each looked at while the one before is drawn.
const CAMERA_ERRORS = {
  NotAllowedError: "the camera was not allowed: allow it in the browser's address bar",
  NotFoundError: "there is no camera",
  OverconstrainedError: "there is no such camera",
  NotReadableError: "another program uses the camera",
};
const NO_FILM = "this is no film that the browser can play";
const LEAST_LASTING = 0.05; // seconds that a film's frame is shown: in less the browser passes over some

// Firefox 153, paused at a frame, shows another than it names: there films play on, slowly. It shows a frame
// each 40 ms of the film at most, so that to be slower helps little; Chromium refuses less than 1/16.
const isFirefox = () => navigator.userAgent.includes("Firefox/");
const slowest = () => (isFirefox() ? 1 / 4 : 1 / 16);

export class Player {
  // onFrame takes {people, bitmap, spent, frame, seconds, isMirrored} and more parts of the time; onState
  // takes {isRunning, isCamera, isPaused, hasOther}; onOver takes {seen, all}, numbers of a film's frames.
  constructor(video, looker, onFrame, onState, onOver) {
    Object.assign(this, { video, looker, onFrame, onState, onOver });
    this.run = null; // what plays: {isCamera, isMirrored, isStopped, isPaused, release}
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
    run.wake?.();
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
      isStepped: "requestVideoFrameCallback" in video,
      lasting: LEAST_LASTING,
      release() {
        URL.revokeObjectURL(video.src);
        video.removeAttribute("src");
      },
    });
  }

  pause() {
    const { run } = this;
    run.isPaused = !run.isPaused;
    this.#rest(run.isPaused);
    this.#tell();
  }

  // A page that nobody sees is given no frames: its film waits.
  hide(isHidden) {
    if (this.run && !this.run.isCamera && !this.run.isPaused) this.#rest(isHidden);
  }

  #rest(isResting) {
    if (isResting) this.video.pause();
    else this.video.play().catch(() => {}); // it was paused again before it played
  }

  #tell() {
    const { isCamera, isPaused, hasOther } = this.run ?? {};
    this.onState({ isRunning: this.isRunning, isCamera, hasOther, isPaused });
  }

  async #play(run) {
    this.run = run;
    const { video } = this;
    if (!run.isStepped) {
      await video.play().catch(() => {
        if (run.isStopped) return;
        throw new Error(run.isCamera ? "the camera gives no picture" : NO_FILM);
      });
    }
    if (run.isStopped) return;
    this.#tell();
    try {
      await this.#follow(run);
    } catch (error) {
      if (!run.isStopped) throw error;
    }
    if (this.run !== run) return;
    const all = video.getVideoPlaybackQuality().totalVideoFrames;
    this.stop(); // the film is over
    this.onOver({ seen: run.seen, all: Math.max(run.seen, all) });
  }

  // The worker looks at a frame while this thread draws the one before and takes the next.
  async #follow(run) {
    let before = null;
    for (run.seen = 0; await (run.isStepped ? this.#step(run) : this.#newFrame(run)); run.seen++) {
      const start = performance.now();
      const bitmap = await createImageBitmap(this.video);
      const taking = performance.now() - start;
      const { frame = run.seen, seconds } = run;
      const answer = this.looker.frame(bitmap, seconds, run.seen === 0);
      if (run.isStepped && !run.seen) await answer; // the network is loaded for it, while the film waits
      await this.#shown(before, run);
      before = { answer, frame, seconds, taking };
      answer.catch(() => {}); // told when it is shown
    }
    await this.#shown(before, run);
  }

  async #shown(frame, run) {
    if (!frame) return;
    const seen = await frame.answer;
    if (run.isStopped) return seen.bitmap.close();
    const { frame: number, seconds, taking } = frame;
    this.onFrame({ ...seen, frame: number, seconds, isMirrored: run.isMirrored }, { "taking the frame": taking });
  }

  // Plays the film to its next frame and stays there; false: the film is over.
  async #step(run) {
    const { video } = this;
    for (;;) {
      while (run.isPaused && !run.isStopped) await new Promise(requestAnimationFrame);
      if (video.ended || run.isStopped) return false;
      video.playbackRate = Math.min(1, Math.max(slowest(), (run.step ?? LEAST_LASTING / 4) / run.lasting));
      const shown = await this.#shownFrame(run);
      if (!shown) return false;
      if (!isFirefox() || !run.shown) video.pause();
      if (run.shown && shown.mediaTime <= run.seconds) continue; // the same once more
      this.#count(run, shown);
      return true;
    }
  }

  // Resolves to what the browser tells of the frame that it shows next, or null: there is none.
  #shownFrame(run) {
    const { video } = this;
    return new Promise((resolve, reject) => {
      const fail = () =>
        reject(new Error(run.shown ? `the browser cannot play this film beyond ${run.seconds.toFixed(1)} s` : NO_FILM));
      run.wake = video.onended = () => resolve(null);
      video.onerror = fail;
      video.requestVideoFrameCallback((_, metadata) => resolve(metadata));
      video.play().catch(({ name }) => name === "AbortError" || fail());
    });
  }

  // Numbers a frame, and lets the next be shown for longer if the browser has passed over some.
  #count(run, { mediaTime, presentedFrames }) {
    const { totalVideoFrames, droppedVideoFrames } = this.video.getVideoPlaybackQuality();
    // Firefox counts the frames that its clock has passed, others ahead of it those that are decoded; some
    // count as dropped what they show late.
    const passed = isFirefox() ? totalVideoFrames : presentedFrames + droppedVideoFrames;
    if (!run.shown) {
      run.frame = 0;
    } else {
      const gap = mediaTime - run.seconds;
      const count = Math.max(1, presentedFrames - run.shown);
      run.step = Math.min(run.step ?? Infinity, gap / count);
      const most = isFirefox() ? Infinity : Math.round(gap / run.step);
      run.frame += Math.max(count, Math.min(passed - run.passed, most));
      run.lasting = count > 1 ? Math.min(1.5 * run.lasting, 1) : Math.max(0.97 * run.lasting, LEAST_LASTING);
    }
    run.passed = passed;
    Object.assign(run, { seconds: mediaTime, shown: presentedFrames });
  }

  // Waits for a frame of what plays that was not seen yet; false: there is none, the film is over.
  async #newFrame(run) {
    const { video } = this;
    for (;;) {
      if (video.ended || run.isStopped) return false;
      const number = video.getVideoPlaybackQuality().totalVideoFrames;
      // A busy browser may show another frame before its clock has moved: poses want times that rise.
      const isLater = run.isCamera || video.currentTime > (run.seconds ?? -1);
      if (!video.paused && video.readyState >= 2 && number !== run.lastFrame && isLater) {
        const now = performance.now();
        run.begun ??= now;
        run.lastFrame = number;
        run.seconds = run.isCamera ? (now - run.begun) / 1000 : video.currentTime;
        return true;
      }
      await new Promise(requestAnimationFrame);
    }
  }
}
