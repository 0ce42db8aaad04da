"""Labelled persons of one's own photos, whatever file they come from."""

import collections
from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import MIDDLES, NUM_JOINTS, joint_index
from preparation.units import Skipped


class Person(NamedTuple):
    """The labels of one person, MPII order."""

    key: str  # unique among the persons of the photo
    image: str  # name of the photo's file, as the labels write it or below images/
    joints_2d: np.ndarray  # [16, 2] px
    visible: np.ndarray  # [16]
    labelled_size: tuple[int, int] | None = None  # width and height px, if the labels give them
    joints_3d: np.ndarray | None = None  # [16, 3] mm, if the labels give them


def printable(value) -> str:
    """Return text that can be stored: JSON may hold halves of characters."""
    return str(value).encode("utf-8", "backslashreplace").decode()


def placed(names, joints, labelled) -> tuple[np.ndarray, np.ndarray]:
    """Return joints_2d [16, 2] and visible [16] in MPII order.

    Args:
      names: [N] of `JOINT_NAMES`, or None for a joint that MPII has not.
      joints: [N, 2] px.
      labelled: [N] bool.
    """
    joints_2d, visible = np.zeros((NUM_JOINTS, 2)), np.zeros(NUM_JOINTS, bool)
    for name, joint, is_labelled in zip(names, joints, labelled, strict=True):
        # The first of two that mean the same is taken.
        if name and is_labelled and not visible[joint_index(name)]:
            joints_2d[joint_index(name)], visible[joint_index(name)] = joint, True
    for middle, ends in MIDDLES.items():  # where the annotation does not have them
        if not visible[middle] and visible[ends].all():
            joints_2d[middle], visible[middle] = joints_2d[ends].mean(0), True
    return joints_2d, visible


def once_each(persons: list[Person]) -> list[Person | Skipped]:
    """Return persons with unique keys; of those labelled twice alike the second is left out.

    Files that were put together list photos twice, and number their annotations twice.
    """
    keys, labels = collections.Counter(), set()
    return [_once(person, keys, labels) for person in persons]


def _once(person, keys, labels) -> Person | Skipped:
    content = (person.image, person.joints_2d.tobytes(), person.visible.tobytes())
    if content in labels:
        return Skipped(f"{person.image}/{person.key}", "the same labels a second time")
    labels.add(content)
    place = (person.image, person.key)
    keys[place] += 1
    return person._replace(key=f"{person.key}.{keys[place]}") if keys[place] > 1 else person
