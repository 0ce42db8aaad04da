"""Measures how fast videos become stored crops: python datasets/preparation/build_benchmark.py.

Compares decoding alone (the video library, the same frames, one thread) with decoding, cropping,
compressing and writing, on an h264 video of the size of Human3.6M's, made of noise and a person.
"""

import pickle
import resource
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[n]) for n in (1, 2)]

from hg3d_tf.skeleton import JOINT_NAMES  # noqa: E402
from preparation.frame_image import FrameImage  # noqa: E402
from preparation.painted_people import paint, standing  # noqa: E402
from preparation.records import pose_record, stored  # noqa: E402
from preparation.stored_crop import Storage  # noqa: E402
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


def decode_crop_write(path: Path, step: int, output: Path) -> int:
    """Decode, crop and write every `step`-th frame; return the bytes written of each."""
    visible, storage, count = np.ones(len(JOINT_NAMES), bool), Storage(), 0
    joints = [_joints(i) for i in range(10)]
    with open(output, "wb") as file:
        for index, frame in decode_frames(path, range(0, 10**6, step)):
            record = pose_record(str(index), joints[index % 10], visible)
            pickle.dump(stored(record, FrameImage(frame), storage), file)
            count += 1
    return output.stat().st_size // count


def measure(num_frames: int = 600, repeats: int = 3) -> dict:
    """Return frames per second of one core, decoding alone and building; the ratios of these."""
    with tempfile.TemporaryDirectory() as folder:
        video, output = Path(folder) / "video.mp4", Path(folder) / "crops"
        write_video(video, num_frames)
        seconds = {"decode_alone": [], "every_frame": [], "every_5th_frame": []}
        for _ in range(repeats):
            seconds["decode_alone"].append(_seconds(decode_alone, video))
            seconds["every_frame"].append(_seconds(decode_crop_write, video, 1, output))
            seconds["every_5th_frame"].append(_seconds(decode_crop_write, video, 5, output))
        rates = {name: num_frames / min(values) for name, values in seconds.items()}
        result = {f"{name}_frames_per_second": round(rate, 1) for name, rate in rates.items()}
        for name in ("every_frame", "every_5th_frame"):
            result[f"{name}_ratio"] = round(rates[name] / rates["decode_alone"], 3)
        result["peak_memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return result


def _seconds(function, *arguments):
    # Of this process: all of the work is done by one thread, and other programs do not count.
    start = time.process_time()
    function(*arguments)
    return time.process_time() - start


if __name__ == "__main__":
    print(measure())
