"""BVH, a moving skeleton for Blender, MotionBuilder and others.

Bones, names and rest pose are those of `rig`, rotations those of `motion`. Axes: y up, z to the
front. A film of uneven times is written at its usual rate. The format has no time to begin at: who
comes later stands still, in their first pose, from the film's beginning. Legs turn in the order
X Z Y, all others in Z X Y: then people who sit, or let their arms hang, are far from where two axes
coincide.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.pose_files import csv_table, markers, motion, rig, turns
from hg3d_tf.pose_files.sequence import PoseSequence

_LEG_ORDER, _ORDER = "XZY", "ZXY"
_ORDERS = [_LEG_ORDER if name.endswith("Leg") else _ORDER for name in rig.NAMES]


def write(path: Path, poses: PoseSequence, unit: str = "m") -> None:
    """Write the film of one person.

    Args:
      path: of the file.
      poses: of one person.
      unit: "m", which Blender's importer takes as it is, "cm" for MotionBuilder and Maya, or "mm".

    Raises:
      UserError: for a joint that is never there.
    """
    scale = markers.units_per_mm(unit)
    poses, step_s, before = markers.evenly_timed(poses)
    lengths = rig.fitted_lengths_mm(poses)
    places, lines = _hierarchy(lengths, scale)
    with files.atomic_text(path) as file:
        file.write("HIERARCHY\n" + "\n".join(lines) + "\n")
        file.write(f"MOTION\nFrames: {before + len(poses.rows)}\nFrame Time: {step_s:.10g}\n")
        last = None
        for block in motion.blocks(poses):
            is_first = last is None
            angles = turns.without_jumps(_angles(block.turns), last)
            last = angles[-1]
            degrees = np.degrees(angles[:, places]).reshape(len(angles), -1)
            numbers = np.concatenate([block.root_mm * scale, degrees], axis=1)
            lines = [" ".join(cells) + "\n" for cells in csv_table.cells(numbers, 6)]
            file.writelines([lines[0]] * before * is_first + lines)


def _angles(found: np.ndarray) -> np.ndarray:
    """Return the Euler angles [N, B, 3] of the bones, each in its own order."""
    angles = np.empty(found.shape[:-1])
    for order in (_LEG_ORDER, _ORDER):
        places = [place for place, own in enumerate(_ORDERS) if own == order]
        angles[:, places] = turns.euler(found[:, places], order)
    return angles


def _hierarchy(lengths: dict[str, float], scale: float) -> tuple[list[int], list[str]]:
    """Return the bones in the order of the file, and its lines."""
    offsets, tips = rig.offsets_mm(lengths) * scale, rig.tips_mm(lengths)
    order: list[int] = []

    def lines(place: int, depth: int) -> Iterator[str]:
        order.append(place)
        space, inner = "  " * depth, "  " * (depth + 1)
        bone = rig.BONES[place]
        yield f"{space}{'JOINT' if place else 'ROOT'} {bone.name}"
        yield space + "{"
        yield inner + _offset(offsets[place])
        root = "" if place else "Xposition Yposition Zposition "
        rotations = " ".join(f"{axis}rotation" for axis in _ORDERS[place])
        yield f"{inner}CHANNELS {3 if place else 6} {root}{rotations}"
        for child, other in enumerate(rig.BONES):
            if other.parent == place:
                yield from lines(child, depth + 1)
        if place in tips:
            yield f"{inner}End Site"
            yield inner + "{"
            yield f"{inner}  {_offset(tips[place] * scale)}"
            yield inner + "}"
        yield space + "}"

    text = list(lines(0, 0))
    return order, text


def _offset(values: np.ndarray) -> str:
    return "OFFSET " + " ".join(f"{value + 0.0:.6f}" for value in values)
