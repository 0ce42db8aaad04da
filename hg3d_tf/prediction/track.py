"""One person of a film: what was seen last, and where that leads."""

import numpy as np

from hg3d_tf.prediction import people
from hg3d_tf.prediction.people import Person
from hg3d_tf.skeleton import joint_index

_COLOUR_SCALE = 40.0  # difference of colours, in levels, that counts as much as a person's size
_MOST_BEYOND = 0.3  # of the finder's box beyond the joints', in longer sides of the latter
_SPEED_S = 0.3  # over which speed is averaged
_TRUNK = [joint_index(f"{side}_{name}") for name in ("shoulder", "hip") for side in "rl"]


class Track:
    """What a frame showed of somebody last.

    Attributes:
      person: as seen then, at `seconds`.
      box: [4] px, where to look next.
      colour: [3] of what they wear, in levels.
      is_lost: whether they were not seen in the last frame.
    """

    def __init__(self, person: Person, seconds: float, pixels: np.ndarray):
        self.person, self.seconds, self.is_lost = person, seconds, False
        self._beyond = np.zeros(4)  # of the joints' box: sides of the finder's, in longer sides
        self.box = self._next_box(person, is_found=True)
        self.colour = colour_of(pixels, person)
        self._speed = np.zeros(2)

    def follow(self, person: Person, seconds: float, pixels: np.ndarray, is_found: bool) -> None:
        """Take what a frame shows of the person; the box may be the finder's."""
        box = self._next_box(person, is_found)
        step = seconds - self.seconds
        if step > 0:
            speed = (_middle(box) - _middle(self.box)) / step
            share = 1 - np.exp(-step / _SPEED_S)
            self._speed = self._speed + share * (speed - self._speed)
        self.colour = 0.9 * self.colour + 0.1 * colour_of(pixels, person)
        self.person, self.seconds, self.box = person, seconds, box
        self.is_lost = False

    def _next_box(self, person: Person, is_found: bool) -> np.ndarray:
        """Return where to look next: round the joints, as far beyond them as the finder's box was.

        So much the more is a limb seen that was not seen before.
        """
        own = people.box_of_seen_joints(person.pose)
        if own is None:
            return np.asarray(person.box, float)
        side = max(own[2:] - own[:2])
        if is_found:
            self._beyond = np.clip((person.box - own) / side, -_MOST_BEYOND, _MOST_BEYOND)
        return own + self._beyond * side

    @property
    def is_unclear(self) -> bool:
        """Tell whether the network hardly sees the person, who may not be there."""
        return people.box_of_seen_joints(self.person.pose) is None

    def expected_shift(self, seconds: float) -> np.ndarray:
        return self._speed * (seconds - self.seconds)

    def expected_box(self, seconds: float) -> np.ndarray:
        return self.box + np.tile(self.expected_shift(seconds), 2)

    def likeness_to(self, box: np.ndarray, colour: np.ndarray, seconds: float) -> float:
        """Return how likely somebody in a box is this one, lost before, in [0, 1]."""
        expected = self.expected_box(seconds)
        side = max(expected[2:] - expected[:2])
        off = np.linalg.norm(_middle(box) - _middle(expected)) / side
        size = abs(np.log(max(box[2:] - box[:2]) / side))
        other = np.abs(colour - self.colour).mean() / _COLOUR_SCALE
        return float(np.exp(-(off**2) / 2 - size - other))


def _middle(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2


def colour_of(pixels: np.ndarray, person: Person) -> np.ndarray:
    """Return the mean colour [3] of what a person wears on the trunk, in levels."""
    corners = person.pose["joints_2d"][_TRUNK]
    shares = np.linspace(0.2, 0.8, 6)
    across = corners[[0, 2]] + shares[:, np.newaxis, np.newaxis] * (
        corners[[1, 3]] - corners[[0, 2]]
    )
    points = across[:, :1] + shares[:, np.newaxis] * (across[:, 1:] - across[:, :1])
    size = np.array(pixels.shape[1::-1])
    x, y = np.clip(points.reshape(-1, 2).astype(int), 0, size - 1).T
    return pixels[y, x].mean(axis=0)
