"""The 31 bones of CMU's motion files, which MakeHuman's rig `cmu_mb` shares.

Body frame, mm: x to the person's LEFT, y up, z to the front.
"""

import numpy as np

_LEG = ("{}HipJoint", "{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")
_ARM = ("{}Shoulder", "{}Arm", "{}ForeArm", "{}Hand", "{}FingerBase", "{}HandIndex1", "{}Thumb")
_TRUNK = ("Hips", "LowerBack", "Spine", "Spine1", "Neck", "Neck1", "Head")
_SHORT = ("{}HipJoint", "{}Thumb")  # CMU calls these LHipJoint and LThumb


def sided(pattern: str, side: str) -> str:
    """Return a bone's name, e.g. "LeftArm" for "{}Arm" and "Left"."""
    return pattern.format(side[0] if pattern in _SHORT else side)


SIDES = ("Left", "Right")
BONES = _TRUNK + tuple(sided(pattern, side) for side in SIDES for pattern in _LEG + _ARM)
NUM_BONES = len(BONES)


def bone(name: str) -> int:
    """Return the place of the bone called `name`."""
    return BONES.index(name)


def both(pattern: str) -> list[int]:
    """Return the places of the left and the right bone of a pattern such as "{}Arm"."""
    return [bone(sided(pattern, side)) for side in SIDES]


def _parents() -> np.ndarray:
    parents = dict(zip(_TRUNK[1:], _TRUNK, strict=False)) | {"Hips": None}
    for side in SIDES:
        names = [sided(pattern, side) for pattern in _LEG]
        parents |= dict(zip(names, ["Hips", *names], strict=False))
        names = [sided(pattern, side) for pattern in _ARM]
        parents |= dict(zip(names, ["Spine1", *names], strict=False))
        parents[sided("{}Thumb", side)] = f"{side}Hand"
    return np.array([-1 if parents[name] is None else bone(parents[name]) for name in BONES])


PARENTS = _parents()


def _levels() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return bones of equal depth and their parents, from the root's children outwards."""
    depth = np.zeros(NUM_BONES, int)
    for row in range(1, NUM_BONES):  # parents come first
        depth[row] = depth[PARENTS[row]] + 1
    groups = (np.flatnonzero(depth == level) for level in range(1, depth.max() + 1))
    return tuple((rows, PARENTS[rows]) for rows in groups)


LEVELS = _levels()
# BONES are the trunk, then the left side, then the right.
MIRRORED = np.concatenate(
    [np.arange(len(_TRUNK)), *np.split(np.arange(len(_TRUNK), NUM_BONES), 2)[::-1]]
)
