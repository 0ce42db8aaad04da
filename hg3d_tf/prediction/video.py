"""Poses of one person through a video or before a camera."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.prediction import people, pose_json
from hg3d_tf.prediction.one_euro import OneEuroFilter
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor

_DEFAULT_RATE = 30
# How quickly the filter lets go of fast movement: for 2D px relative to the box, and for mm.
_BETA_BOX, _BETA_MM = 3.0, 0.003


class Source(NamedTuple):
    """What FFmpeg opens: a file, or a camera, which has a `form`."""

    address: str
    form: str | None = None


# The first camera of a computer, by sys.platform.
_CAMERAS = {"linux": Source("/dev/video0", "v4l2"), "darwin": Source("default", "avfoundation")}


def first_camera() -> Source:
    """Return this computer's first camera. Raises UserError where none is known by name."""
    if sys.platform not in _CAMERAS:
        raise UserError("--webcam: unknown on this system; name the camera by --video")
    return _CAMERAS[sys.platform]


def file_or_camera(address: str) -> Source:
    """Return the source that a path names."""
    return Source(address, "v4l2" if address.startswith("/dev/video") else None)


class Options(NamedTuple):
    """What to make of a video."""

    seconds: float | None = None
    smoothing: float = 1.0
    html: bool = False


def predict(source: Source, predictor: Predictor, box, output_dir: Path, options: Options) -> None:
    """Write NAME_pose.mp4 and NAME_poses.json, and NAME_3d.html if asked for.

    In every frame the person is looked for where it was in the frame before. Ctrl-C ends a
    camera's film, which is kept.

    Raises:
      UserError: if the source is no video.
    """
    av = _import_av()
    name = Path(source.address).stem
    film = output_dir / f"{name}_pose.mp4"
    until_interrupted = contextlib.suppress(*([KeyboardInterrupt] if source.form else []))
    records, joints_3d = [], []
    with _open(av, source) as opened, files.atomic_path(film) as path:
        stream = opened.streams.video[0]
        rate = stream.average_rate or _DEFAULT_RATE
        frames = _frames(opened, stream, float(rate), options.seconds)
        with av.open(str(path), "w", format="mp4") as written:
            out = None
            tracked = enumerate(_track(frames, predictor, box, rate, options))
            with until_interrupted:
                for number, (photo, person) in tracked:
                    out = out or _add_stream(written, rate, photo.pixels)
                    frame = av.VideoFrame.from_ndarray(_even(overlay(photo.pixels, person.pose)))
                    written.mux(out.encode(frame))
                    record = pose_json.as_json(source.address, person.pose, person.box)
                    records.append({"seconds": round(number / float(rate), 4)} | record)
                    joints_3d.append(person.pose["joints_3d"])
            if out is None:
                raise UserError(f"{source.address} holds no frame that can be read")
            written.mux(out.encode(None))
    files.write_json(output_dir / f"{name}_poses.json", records)
    print(f"{len(records)} poses: {film}, {name}_poses.json")
    if options.html:
        from hg3d_tf.pictures import view_3d

        view_3d.write(output_dir / f"{name}_3d.html", joints_3d, moving=True)


def _import_av():
    try:
        import av
    except ImportError as error:
        raise UserError("--video needs PyAV: pip install 'hg3d_tf[video]'") from error
    return av


def _open(av, source: Source):
    try:
        opened = av.open(source.address, format=source.form)
    except (av.error.FFmpegError, OSError) as error:
        raise UserError(f"{source.address}: cannot be read as a video ({error})") from error
    if not opened.streams.video:
        raise UserError(f"{source.address}: holds no video")
    return opened


def _frames(opened, stream, rate: float, seconds: float | None) -> Iterator[Photo]:
    total = stream.frames or None
    if seconds is not None:
        total = min(total or int(seconds * rate), int(seconds * rate))
    for number, frame in enumerate(tqdm(opened.decode(stream), total=total, unit="frame")):
        if total is not None and number >= total:
            return
        yield Photo(f"frame {number}", frame.to_ndarray(format="rgb24"))


def _track(frames, predictor, box, rate, options: Options):
    """Yield each frame with its person, looked for where the joints were before, smoothed."""
    filters = None
    last = None
    for photo in frames:
        at = box if last is None else last
        if at is None:
            person = people.find_person(photo, predictor)
        else:
            [person] = people.in_boxes(photo, predictor, [at])
        last = people.box_of_seen_joints(person.pose)
        if options.smoothing:
            filters = filters or _filters(float(rate), person, options.smoothing)
            smooth = {name: apply(person.pose[name]) for name, apply in filters.items()}
            person = person._replace(pose=person.pose | smooth)
        yield photo, person


def _filters(rate: float, person: people.Person, smoothing: float) -> dict[str, OneEuroFilter]:
    side = max(person.box[2:] - person.box[:2])
    return {
        "joints_2d": OneEuroFilter(rate, 1 / smoothing, _BETA_BOX / side),
        "joints_3d": OneEuroFilter(rate, 1 / smoothing, _BETA_MM),
    }


def overlay(pixels: np.ndarray, pose: dict[str, np.ndarray]) -> np.ndarray:
    """Return the image [H, W, 3] with the skeleton drawn over it."""
    from hg3d_tf.pictures.colours import bone_colour
    from hg3d_tf.skeleton import BONES

    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    width = max(2, min(pixels.shape[:2]) // 120)
    for bone in BONES:
        ends = [tuple(joint) for joint in pose["joints_2d"][list(bone)].tolist()]
        pen.line(ends, fill=bone_colour(bone), width=width)
    return np.asarray(image)


def _even(pixels: np.ndarray) -> np.ndarray:
    """Drop a last odd row and column: the codec halves the colours' resolution."""
    height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[: height // 2 * 2, : width // 2 * 2])


def _add_stream(written, rate, pixels: np.ndarray):
    stream = written.add_stream("libx264", rate=rate)
    stream.height, stream.width = _even(pixels).shape[:2]
    stream.pix_fmt = "yuv420p"
    return stream
