"""What experiments/finding_*.py count: people found, and how far a film's poses are off."""

from pathlib import Path

import numpy as np

from hg3d_tf.prediction.boxes import overlaps
from hg3d_tf.skeleton import joint_index

LARGE_PX, LARGE_SHARE = 32, 0.03  # height, and share of the photo
_SAME = 0.5  # intersection over union
_MARGIN = 0.06  # of a box round a person, in longer sides of the joints' box
LIMBS = [f"{s}_{n}" for n in ("hip", "knee", "ankle", "shoulder", "elbow", "wrist") for s in "lr"]
_BONES = [
    (LIMBS.index(f"{s}_{a}"), LIMBS.index(f"{s}_{b}"))
    for s in "lr"
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
]


def box_of(joints: np.ndarray) -> np.ndarray:
    """Return the box [4] px of a person with joints [N, 2] px."""
    low, high = joints.min(0), joints.max(0)
    margin = _MARGIN * (high - low).max()
    return np.concatenate([low - margin, high + margin])


def hits(true: np.ndarray, found: list, size) -> list[tuple[float, bool]]:
    """Return those found who count, by score and whether they are large people.

    Who is found and small counts neither way.
    """
    free, counted = np.ones(len(true), bool), []
    large = are_large(true, size)
    for person in found:
        alike = overlaps(true, person.box) * free
        best = int(alike.argmax()) if len(true) else 0
        if len(true) and alike[best] >= _SAME:
            free[best] = False
            counted += [(person.score, True)] if large[best] else []
        elif are_large(person.box[np.newaxis], size)[0]:
            counted.append((person.score, False))
    return counted


def are_large(boxes: np.ndarray, size) -> np.ndarray:
    """Return which boxes [N, 4] count in a photo of width and height `size` px."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return (sides[:, 1] >= LARGE_PX) & (sides.prod(axis=1) >= LARGE_SHARE * np.prod(size))


def poses_in_true_boxes(film: Path, truth: dict, look):
    """Yield number, pose, box [4] px and the size [2] px of each frame that has a truth."""
    from hg3d_tf.prediction.film_reader import FilmReader
    from hg3d_tf.prediction.film_sources import file_or_camera
    from hg3d_tf.prediction.photos import Photo

    with FilmReader(file_or_camera(str(film))) as reader:
        for number, frame in enumerate(reader):
            if number in truth:
                joints = np.array(list(truth[number]["joints_px"].values()), float)
                box = box_of(joints)
                pose = look(Photo("frame", frame.pixels), box)
                yield number, pose, box, np.array(frame.pixels.shape[1::-1])


def errors(truth: dict, poses: dict, count: int) -> dict[str, float]:
    """Return a film's mean errors, mm and mm/frame^2, and how many of `count` frames have no pose.

    Args:
      truth: frame -> joints_mm by name.
      poses: frame -> joints_3d [16, 3] mm.
      count: of the frames.
    """
    off = {}
    for number in truth.keys() & poses.keys():
        true = np.array([truth[number]["joints_mm"][name] for name in LIMBS], float)
        found = poses[number]["joints_3d"][[joint_index(name) for name in LIMBS]].astype(float)
        true = true - true[:2].mean(0)
        off[number] = as_large(found, true) - true
    lengths = [np.linalg.norm(one, axis=1).mean() for one in off.values()]
    middles = [n for n in off if n - 1 in off and n + 1 in off]
    second = [off[n + 1] - 2 * off[n] + off[n - 1] for n in middles]
    return {
        "MPJPE": float(np.mean(lengths)),
        "acceleration": float(np.mean([np.linalg.norm(one, axis=1).mean() for one in second])),
        "lost": float(len({n for n in truth if n < count} - poses.keys())),
    }


def as_large(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return limb joints [..., 12, 3], the hips' middle at 0, scaled to the bones of `true`."""
    scale = _bone_sum(true) / _bone_sum(found)
    return (found - found[..., :2, :].mean(-2, keepdims=True)) * scale[..., None, None]


def _bone_sum(joints: np.ndarray) -> np.ndarray:
    start, end = np.transpose(_BONES)
    return np.linalg.norm(joints[..., start, :] - joints[..., end, :], axis=-1).sum(-1)
