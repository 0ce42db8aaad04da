"""MediaPipe Pose on the same pictures: a process of another environment that answers line by line.

`python -m hg3d_tf.benchmarks.mediapipe_peer`, by an interpreter that has mediapipe and av; reading
and writing are this package's own, so that both sides do the same. A line asks, JSON: {"photo":
path} or {"film": path, "output": path}; a line answers: {"seconds", "found"}, of a film {"seconds",
"frames", "found"}. {"crop_of": path, "box": x,y,w,h px} is answered by {"image": [33, 2] px of the
picture, "world": [33, 3] m}, or by {} where nobody is found.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

_CROP_PX = 256  # side of what MediaPipe looks at


def main() -> None:
    """Answer until the other side closes its end."""
    import mediapipe

    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    pose = mediapipe.solutions.pose
    photos = pose.Pose(static_image_mode=True, model_complexity=1)
    for line in sys.stdin:
        asked = json.loads(line)
        if "photo" in asked:
            answer = _photo(photos, asked["photo"])
        elif "crop_of" in asked:
            answer = _landmarks(photos, asked["crop_of"], asked["box"])
        else:
            answer = _film(mediapipe.solutions, asked["film"], asked["output"])
        print(json.dumps(answer), file=answers, flush=True)


def _photo(pose, path: str) -> dict:
    from hg3d_tf.prediction import photos

    pixels = np.ascontiguousarray(photos.read_photo(Path(path)).pixels)
    began = time.perf_counter()
    found = pose.process(pixels).pose_landmarks is not None
    return {"seconds": time.perf_counter() - began, "found": found}


def _landmarks(pose, path: str, box: list[float]) -> dict:
    """Return the landmarks of the person in a box, of the square round it."""
    from hg3d_tf.network.crop import BOX_MARGIN, crop_square
    from hg3d_tf.prediction import photos

    x, y, width, height = box
    side = max(width, height) * BOX_MARGIN
    corner = np.array([x + width / 2, y + height / 2]) - side / 2
    found = pose.process(crop_square(photos.read_photo(Path(path)).pixels, corner, side, _CROP_PX))
    if found.pose_landmarks is None:
        return {}
    image = [[one.x, one.y] for one in found.pose_landmarks.landmark]
    world = [[one.x, one.y, one.z] for one in found.pose_world_landmarks.landmark]
    return {"image": (corner + side * np.array(image)).tolist(), "world": world}


def _film(solutions, path: str, output: str) -> dict:
    """Follow, draw and write, decoding included."""
    from hg3d_tf.prediction.film_reader import FilmReader
    from hg3d_tf.prediction.film_sources import Source
    from hg3d_tf.prediction.film_writer import FilmWriter

    frames = found = 0
    began = time.perf_counter()
    with (
        solutions.pose.Pose(static_image_mode=False, model_complexity=1) as pose,
        FilmReader(Source(path)) as reader,
        FilmWriter(Path(output), reader.time_base, reader.rate) as writer,
    ):
        for frame in reader:
            landmarks = pose.process(frame.pixels).pose_landmarks
            drawn = frame.pixels
            if landmarks is not None:
                bones = solutions.pose.POSE_CONNECTIONS
                solutions.drawing_utils.draw_landmarks(drawn, landmarks, bones)
            writer.add(drawn, frame.ticks)
            frames += 1
            found += landmarks is not None
    return {"seconds": time.perf_counter() - began, "frames": frames, "found": found}


if __name__ == "__main__":
    main()
