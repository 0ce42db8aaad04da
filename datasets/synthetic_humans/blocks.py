"""Boxes and cylinders: furniture, clutter, and what hides a part of a person."""

import numpy as np

from synthetic_humans.camera import Camera
from synthetic_humans.meshes import Mesh
from synthetic_humans.rotations import axis_rotations

# An occluder covers at most so many of the 16 joints.
_MOST_HIDDEN = 6
_CUBE = np.array([(x, y, z) for x in (-1, 1) for y in (0, 2) for z in (-1, 1)], np.float64)
_CUBE_FACES = np.array(
    [
        (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
        (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3),
    ],
    np.int32,
)  # fmt: skip


def _prism(sides: int) -> tuple[np.ndarray, np.ndarray]:
    turn = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([np.sin(turn), 0 * turn, np.cos(turn)], axis=-1)
    top = np.array([0, 2, 0])
    vertices = np.concatenate([ring, ring + top, [0 * top, top]])
    a = np.arange(sides)
    b = (a + 1) % sides
    low, high = np.full(sides, 2 * sides), np.full(sides, 2 * sides + 1)
    triangles = [(a, b, a + sides), (b, b + sides, a + sides), (b, a, low)]
    triangles.append((a + sides, b + sides, high))
    return vertices, np.concatenate([np.stack(t, axis=-1) for t in triangles]).astype(np.int32)


_SHAPES = ((_CUBE, _CUBE_FACES), _prism(10))


def place_block(
    shape: int, half_size: np.ndarray, rotation: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices and faces of a box (0) or cylinder (1) that stands on the point `base`."""
    vertices, faces = _SHAPES[shape]
    return (vertices * half_size) @ rotation.T + base, faces


def merge_blocks(blocks: list, first_material: int) -> Mesh:
    """Merge blocks into one mesh; block i has the material first_material + i."""
    if not blocks:
        return Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32), np.zeros(0, np.int64))
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in blocks[:-1])])
    return Mesh(
        np.concatenate([vertices for vertices, _ in blocks]),
        np.concatenate([faces + s for (_, faces), s in zip(blocks, starts, strict=True)]),
        np.repeat(first_material + np.arange(len(blocks)), [len(f) for _, f in blocks]),
    )


def clutter(rng: np.random.Generator, camera: Camera, target: np.ndarray, reach: float) -> list:
    """Draw blocks beside and behind the person, none between it and the camera.

    Args:
      rng: source of randomness.
      camera: which looks at the person.
      target: [3] the person's middle.
      reach: mm around `target` that are the person's own.
    """
    away = np.delete(target - camera.center, 1)
    heading = np.arctan2(away[0], away[1])
    blocks = []
    for _ in range(rng.integers(0, 8)):
        half = np.exp(rng.uniform(np.log(60), np.log(700), 3))
        distance = reach + np.hypot(half[0], half[2]) + rng.uniform(0, 2500)
        turn = heading + np.clip(rng.normal() * 0.6, -1.4, 1.4)
        height = 0.0 if rng.random() < 0.75 else rng.uniform(200, 1800)
        base = np.array(
            [target[0] + distance * np.sin(turn), height, target[2] + distance * np.cos(turn)]
        )
        spin = axis_rotations(rng.uniform(0, 2 * np.pi), 1)
        blocks.append(place_block(int(rng.integers(2)), half, spin, base))
    return blocks


def occluder(rng: np.random.Generator, camera: Camera, joints: np.ndarray) -> list:
    """Draw a block in front of one joint and its surroundings; none if it would hide too much.

    Args:
      rng: source of randomness.
      camera: which sees the joints.
      joints: [16, 3] world, mm.
    """
    seen = camera.to_camera(joints)
    extent = np.max(np.ptp(seen[:, :2], axis=0))
    target = rng.integers(len(joints))
    # How far out on the way from the camera to the joint: nearer than the nearest flesh.
    share = rng.uniform(0.45, 0.8) * (seen[:, 2].min() - 350) / seen[target, 2]
    half = share * extent * rng.uniform(0.05, 0.2, 3)
    if rng.random() < 0.3:  # a rail or a post
        half = share * extent * rng.permutation([0.05, rng.uniform(0.6, 1), 0.05])
    middle = camera.center + share * (joints[target] - camera.center)
    spin = axis_rotations(rng.uniform(0, 2 * np.pi), 1)
    block = place_block(int(rng.integers(2)), half, spin, middle - [0, half[1], 0])
    corners = camera.to_camera(block[0])
    flat, flat_joints = corners[:, :2] / corners[:, 2:], seen[:, :2] / seen[:, 2:]
    hidden = np.all((flat_joints > flat.min(axis=0)) & (flat_joints < flat.max(axis=0)), axis=-1)
    fair = hidden.sum() <= _MOST_HIDDEN and corners[:, 2].min() > 100
    return [block] if fair else []
