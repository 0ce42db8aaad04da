"""A posed mannequin in the world."""

import functools
from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import PELVIS
from synthetic_humans.blocks import place_block
from synthetic_humans.camera import Camera
from synthetic_humans.mannequin import cameras, people, poses
from synthetic_humans.mannequin.kinematics import forward_kinematics, posed_joints
from synthetic_humans.mannequin.mesh import TEMPLATE, skin
from synthetic_humans.parts import part_index
from synthetic_humans.rotations import axis_rotations
from synthetic_humans.task import Task, generator

_STUDIO_PEOPLE = {"train": 12, "validation": 4, "test": 4}


@functools.lru_cache(maxsize=32)
def _studio_person(task: Task) -> people.Person:
    """Return the person number `task.index` of a split's few."""
    return people.random_person(generator(task, 1, task.index), variety=False)


class Subject(NamedTuple):
    """A posed person in the world frame, mm."""

    person: people.Person
    pose: poses.Pose
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    joints: np.ndarray  # [16, 3]


def place(person: people.Person, pose: poses.Pose, spot: np.ndarray) -> Subject:
    """Pose a person over the `spot` [2] (x, z) of the floor."""
    pivots = person.skeleton.pivots
    rotations, positions = forward_kinematics(pose.angles, pose.root, pivots)
    vertices, normals = skin(person.vertices, person.normals, pivots, rotations, positions)
    used = TEMPLATE.faces[person.faces]
    height = pose.lift_mm - vertices[used, 1].min()
    shift = np.array([spot[0], height, spot[1]])
    joints = posed_joints(person.skeleton, rotations, positions)
    return Subject(person, pose, vertices + shift, normals, joints + shift)


def seat(subject: Subject) -> list:
    """Return a block to sit on, if the pose needs one."""
    if not subject.pose.seated:
        return []
    torso = subject.vertices[TEMPLATE.vertex_parts == part_index("torso")]
    height = torso[:, 1].min() + 8
    back = -subject.pose.root[:, 2] * [1, 0, 1]
    heading = np.arctan2(back[0], back[2])
    base = subject.joints[PELVIS] * [1, 0, 1] + 70 * back
    spin = axis_rotations(heading, 1)
    return [place_block(0, np.array([210, height / 2, 170]), spin, base)]


def draw_subject(rng: np.random.Generator, task: Task) -> tuple[Subject, Camera]:
    """Draw a person in a pose and a camera that sees it."""
    wild = task.config == "wild"
    if wild:
        person = people.random_person(rng, variety=True)
    else:
        number = int(rng.integers(_STUDIO_PEOPLE[task.split]))
        person = _studio_person(task._replace(index=number))
    pose = poses.random_pose(rng, person.skeleton, person.scale, wild)
    spot = np.zeros(2) if wild else rng.uniform(-900, 900, 2)
    subject = place(person, pose, spot)
    if wild:
        return subject, cameras.wild_camera(rng, subject.joints[PELVIS])
    return subject, cameras.studio_camera(int(rng.integers(len(cameras.STUDIO_CAMERAS_MM))))
