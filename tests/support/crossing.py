"""Two people who cross each other, with truth: a finder and a predictor that see the front one."""

import numpy as np

from hg3d_tf.prediction import boxes
from hg3d_tf.prediction.film_reader import Frame
from hg3d_tf.prediction.person_finder import Found

WIDTH, HEIGHT, RATE = 320, 120, 30.0
SHIRTS = np.array([(200, 40, 40), (40, 60, 200)], np.uint8)
# What hides another: overlap of the boxes.
_HIDDEN = 0.4


class Crossing:
    """`count` frames in which two people walk past each other, again and again.

    Args:
      count: of the frames.
      turns: whether they turn back where they meet instead, so that only the shirts tell.
      seed: of the network's noise.
    """

    def __init__(self, count=300, turns=False, seed=0):
        self._rng = np.random.default_rng(seed)
        pose = np.random.default_rng(3).uniform(-1, 1, (16, 2)) * (14, 36)
        seconds = np.arange(count) / RATE
        way = np.cos(2 * np.pi * seconds / 6)  # 3 s from side to side
        ways = np.stack([way, -way], 1)
        if turns:
            ways = np.stack([0.02 + np.abs(way), -0.02 - np.abs(way)], 1)
        swing = (
            4 * np.sin(2 * np.pi * 1.8 * seconds)[:, None, None] * np.linspace(-1, 1, 16)[:, None]
        )
        middle = np.stack([WIDTH / 2 + 120 * ways, HEIGHT / 2 + [[-4, 4]] * np.ones_like(ways)], -1)
        self.joints = middle[:, :, None] + pose + swing[:, None] * (1, 0)  # [N, 2, 16, 2] px
        self.boxes = np.concatenate([self.joints.min(2) - 4, self.joints.max(2) + 4], -1)
        self.looks = self.finds = 0

    def frames(self):
        for number in range(len(self.joints)):
            pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
            for person in (0, 1):  # the second is in front
                x, y = self.joints[number, person].mean(0).astype(int)
                pixels[y - 30 : y + 30, max(0, x - 14) : x + 14] = SHIRTS[person]
            self._now = number
            yield Frame(pixels, number, number / RATE)

    def seen(self, number):
        """Return who is not hidden in a frame."""
        one, other = self.boxes[number]
        return [1] if boxes.overlaps(one, other) > _HIDDEN else [0, 1]

    def find(self, photo):
        self.finds += 1
        seen = self.seen(self._now)
        found = self.boxes[self._now][seen] + self._rng.normal(0, 1.5, (len(seen), 4))
        return Found(found.astype(np.float32), np.array([0.8, 0.7][: len(seen)], np.float32))

    def look(self, photo, box):
        """See whoever fills the box best, of those who are not hidden; nobody elsewhere."""
        self.looks += 1
        seen = self.seen(self._now)
        overlaps = boxes.overlaps(self.boxes[self._now][seen], np.asarray(box))
        clear = 0.8 if overlaps.max() > 0.1 else 0.1
        joints = self.joints[self._now, seen[int(overlaps.argmax())]]
        joints = joints + self._rng.normal(0, 1, joints.shape)
        deep = np.concatenate([10 * (joints - joints.mean(0)), np.zeros((16, 1))], 1)
        return {"joints_2d": joints, "joints_3d": deep, "confidence": np.full(16, clear)}
