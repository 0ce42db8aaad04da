"""A character in a pose, placed in the world."""

from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import L_HIP, PELVIS, R_HIP
from synthetic_humans.blocks import place_block
from synthetic_humans.characters import motion, poses, soup
from synthetic_humans.characters.character import Character, skin
from synthetic_humans.characters.retarget import mpii_joints
from synthetic_humans.rotations import axis_rotations

_HIPS = [R_HIP, L_HIP]
_SEAT_BELOW_HIPS_MM = 110.0


class Subject(NamedTuple):
    """A posed character in the world frame, mm."""

    character: Character
    pose: poses.Pose
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    joints: np.ndarray  # [16, 3]


def draw_subject(
    rng: np.random.Generator,
    character: Character,
    pool: motion.MotionPool,
    domain: str,
    spot: np.ndarray,
) -> Subject:
    """Draw a pose and put the character over the `spot` [2] (x, z) of the floor."""
    pose, posed = poses.random_pose(rng, pool, character.rest, character.turns, domain)
    vertices, normals = skin(character, posed)
    joints = mpii_joints(posed, character.rest)
    shift = np.array([spot[0], pose.lift_mm - vertices[:, 1].min(), spot[1]])
    shift[[0, 2]] -= joints[PELVIS, [0, 2]]
    return Subject(character, pose, vertices + shift.astype(np.float32), normals, joints + shift)


def soup_of(subject: Subject, first_row: int, labelled: bool) -> soup.Soup:
    """Return a subject's triangles; its looks are rows from `first_row` on.

    Only the person that the labels are about shows its parts.
    """
    character = subject.character
    parts = character.face_parts if labelled else np.full(len(character.faces), soup.NO_PART)
    return soup.Soup(
        subject.vertices,
        subject.normals,
        character.vertices,
        character.tints,
        character.faces,
        character.triples,
        first_row + character.face_slots,
        parts,
    )


def seat(subject: Subject) -> list:
    """Return a block to sit on, if the pose needs one."""
    if not subject.pose.seated:
        return []
    hips = subject.joints[_HIPS].mean(axis=0)
    height = max(hips[1] - _SEAT_BELOW_HIPS_MM, 60)
    facing = motion.heading(subject.pose.rotations[0])
    back = -np.array([np.sin(facing), 0, np.cos(facing)])
    base = subject.joints[PELVIS] * [1, 0, 1] + 60 * back
    spin = axis_rotations(facing, 1)
    return [place_block(0, np.array([210, height / 2, 190]), spin, base)]
