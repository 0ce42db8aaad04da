"""A film of mannequins that walk, rendered, with the places of their joints."""

from typing import NamedTuple

import numpy as np

from support.walks import strides
from synthetic_humans import rooms
from synthetic_humans.blocks import merge_blocks
from synthetic_humans.camera import look_at, project
from synthetic_humans.light import Light
from synthetic_humans.mannequin import people, rendering
from synthetic_humans.mannequin.poses import Pose
from synthetic_humans.mannequin.subject import place
from synthetic_humans.materials import Material, make_table
from synthetic_humans.rotations import axis_rotations

RATE = 15.0
# Only the people are taken of what a window shows.
_GREY = Material(np.full(3, 0.6), grain=0.0)
_NOWHERE = rooms.Room(np.full(2, -9000.0), np.full(2, 9000.0), (_GREY,) * 5, False)
_LIGHT = Light(np.array([0.4, 0.8, 0.45]), np.full(3, 0.6), np.full(3, 0.6))
_MARGIN_MM = 150.0


class RenderedFilm(NamedTuple):
    """N frames, and the truth of P people."""

    frames: np.ndarray  # [N, H, W, 3] uint8
    seconds: np.ndarray  # [N]
    joints_2d: np.ndarray  # [N, P, 16, 2] px


class Walker:
    """Someone who walks along a line before the camera, there and back.

    Args:
      seed: of looks and proportions.
      low, high: [2] mm, x and z of the line's ends.
      way: [N] in [0, 1], where on the line they are.
    """

    def __init__(self, seed: int, low, high, way: np.ndarray):
        self.person = people.random_person(np.random.default_rng(seed), variety=True)
        self._pose = strides(np.arange(len(way)) / RATE)[0]
        low, high = np.array(low, float), np.array(high, float)
        self._spots = low + way[:, None] * (high - low)
        headings = np.gradient(self._spots, axis=0)
        self._turns = np.unwrap(np.arctan2(headings[:, 0], headings[:, 1]))

    def at(self, number: int):
        root = axis_rotations(self._turns[number], 1)
        pose = Pose(self._pose[number], root, 0.0, "upright")
        return place(self.person, pose, self._spots[number])


def film(walkers: list[Walker], count: int, width: int, height: int) -> RenderedFilm:
    """Render walkers before a wall, each in a window of their own; who is nearer hides others."""
    camera = look_at(np.array([0.0, 1400.0, 5200.0]), np.array([0.0, 950.0, 0.0]))
    focal = 1.1 * width
    joints_2d = np.zeros((count, len(walkers), 16, 2))
    rows = np.linspace(0.75, 0.35, height)[:, None, None] * np.array([230, 235, 245])
    frames = np.repeat(np.broadcast_to(rows, (height, width, 3))[None], count, 0).astype(np.uint8)
    for number in range(count):
        seen = [walker.at(number) for walker in walkers]
        joints = camera.to_camera(np.stack([subject.joints for subject in seen]))
        joints_2d[number] = project(joints, np.array([focal, focal, width / 2, height / 2]))
        for who in np.argsort(-joints[..., 2].mean(-1)):  # the nearest last
            _paint(frames[number], seen[who], camera, focal, joints_2d[number, who])
    return RenderedFilm(frames, np.arange(count) / RATE, joints_2d)


def _paint(frame, subject, camera, focal, joints_2d) -> None:
    """Draw one person into a frame."""
    height, width = frame.shape[:2]
    margin = _MARGIN_MM * focal / camera.to_camera(subject.joints)[:, 2].mean()
    low = np.floor(joints_2d.min(0) - margin).astype(int)
    size = int(np.ceil((joints_2d.max(0) - low + margin).max()))
    window = np.array([focal, focal, width / 2 - low[0], height / 2 - low[1]])
    materials = subject.person.outfit.materials
    scene = rendering.Scene(
        subject.person,
        subject.vertices,
        subject.normals,
        merge_blocks([], len(materials) + 5),
        _NOWHERE,
        len(materials),
        make_table([*materials, *(_GREY,) * 6]),
        _LIGHT,
        np.zeros((size, size, 3), np.float32),
    )
    tracer = rendering.Tracer(scene, camera)
    picture = rendering.render(scene, tracer, camera, window, size)
    (left, top), (right, bottom) = np.maximum(low, 0), np.minimum(low + size, (width, height))
    if left >= right or top >= bottom:
        return
    here = np.s_[top - low[1] : bottom - low[1], left - low[0] : right - low[0]]
    body = picture.parts[here] >= 0
    frame[top:bottom, left:right][body] = (np.clip(picture.image[here], 0, 1) * 255)[body]
