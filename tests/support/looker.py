"""A predictor and a finder that need no network."""

import numpy as np

from hg3d_tf.prediction.person_finder import Found


class Looker:
    """Sees a pose where it is, more clearly the better the box fits it."""

    def __init__(self, joints_2d):
        self.joints_2d = joints_2d
        self.boxes = []

    def __call__(self, photo, box):
        self.boxes.append(box)
        confidence = np.full(16, 0.4 if box is None else 0.9)
        return {
            "joints_2d": self.joints_2d.copy(),
            "joints_3d": np.arange(48.0).reshape(16, 3),
            "confidence": confidence,
        }


def find_whole(photo):
    """Find one person, who fills the photo."""
    height, width = photo.pixels.shape[:2]
    return Found(np.array([[0, 0, width, height]], np.float32), np.array([0.9], np.float32))
