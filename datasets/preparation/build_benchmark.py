"""Measures how fast videos become stored crops; `hg3d_tf.benchmark --what=build` runs this script.

Compares decoding alone (the video library, the same frames, one thread) with decoding, cropping,
compressing and writing, on an h264 video of the size of Human3.6M's, made of noise and a person.
Prints JSON.
"""

import json
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]

from hg3d_tf.skeleton import JOINT_NAMES  # noqa: E402
from preparation.frame_image import FrameImage  # noqa: E402
from preparation.painted_people import paint, standing  # noqa: E402
from preparation.records import pose_record, stored  # noqa: E402
from preparation.stored_crop import Storage  # noqa: E402
from preparation.units import Unit, finish  # noqa: E402
from preparation.video import decode_frames  # noqa: E402

SIZE = (1000, 1000)
_PX_PER_MM = 0.23


def write_video(path: Path, num_frames: int) -> None:
    """Write a video of a moving person before a textured wall, as h264 of about 3 Mbit/s."""
    rng = np.random.default_rng(0)
    wall = rng.integers(-40, 40, (50, 50, 3)).repeat(20, 0).repeat(20, 1)
    painted = [paint(_joints(i), SIZE, 14) + wall for i in range(10)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=50, options={"b": "3M", "g": "12"})
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for i in range(num_frames):
            grain = rng.integers(-6, 6, (*SIZE, 1))
            image = (painted[i % 10] + grain).clip(0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def _joints(index):
    return standing(JOINT_NAMES)[:, :2] * _PX_PER_MM + (400 + 8 * (index % 10), 480)


def decode_alone(path: Path) -> int:
    """Decode all frames with the video library alone; return their number."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def repeat_video(path: Path, times: int, output: Path) -> None:
    """Write a video that shows another one several times, as it is encoded."""
    with av.open(str(output), "w") as target:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(path)) as source:
                original = source.streams.video[0]
                stream = stream or target.add_stream_from_template(original)
                for packet in source.demux(original):
                    if packet.dts is not None:
                        packet.pts, packet.dts = packet.pts + offset, packet.dts + offset
                        packet.stream = stream
                        target.mux(packet)
                offset += original.duration


def read_crops(path: Path, num_frames: int, step: int) -> Iterator[dict]:
    """Yield the records of every `step`-th frame, as the readers of the datasets do."""
    visible, joints = np.ones(len(JOINT_NAMES), bool), [_joints(i) for i in range(10)]
    for index, frame in decode_frames(path, range(0, num_frames, step)):
        record = pose_record(str(index), joints[index % 10], visible)
        yield stored(record, FrameImage(frame), Storage())


def build(path: Path, num_frames: int, step: int, output: Path) -> None:
    """Decode, crop, compress and write."""
    output.unlink(missing_ok=True)
    arguments = {"path": path, "num_frames": num_frames, "step": step}
    finish(Unit("benchmark", read_crops, arguments), output)


def measure(num_frames: int = 600, repeats: int = 3, times: int = 10) -> dict:
    """Return frames per second of one core, decoding alone and building; ratios; memory.

    Args:
      num_frames: of the video.
      repeats: how often each is measured; the fastest counts.
      times: how many times as long the second video is, of which the memory is measured.
    """
    with tempfile.TemporaryDirectory() as folder:
        video, long_video, output = (Path(folder) / name for name in ("a.mp4", "b.mp4", "crops"))
        write_video(video, num_frames)
        tasks = {
            "decode_alone": (decode_alone, video),
            "every_frame": (build, video, num_frames, 1, output),
            "every_5th_frame": (build, video, num_frames, 5, output),
        }
        seconds = {name: [] for name in tasks}
        for _ in range(repeats):
            for name, task in tasks.items():
                seconds[name].append(_seconds(*task))
        rates = {name: num_frames / min(values) for name, values in seconds.items()}
        result = {f"{name}_frames_per_second": round(rate, 1) for name, rate in rates.items()}
        for name in ("every_frame", "every_5th_frame"):
            result[f"{name}_ratio"] = round(rates[name] / rates["decode_alone"], 3)
        result["peak_memory_mib"] = _peak_memory_mib()
        repeat_video(video, times, long_video)
        build(long_video, times * num_frames, 1, output)
        return result | {f"peak_memory_{times}_times_as_long_mib": _peak_memory_mib()}


def _seconds(function, *arguments):
    # Of this process: all of the work is done by one thread, and other programs do not count.
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


def _peak_memory_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    print(json.dumps(measure()))
