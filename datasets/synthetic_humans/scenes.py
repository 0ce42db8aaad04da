"""Random surroundings: room or outdoors, furniture, occluders, light and camera.

World frame, mm: y up, the floor at y = 0, the person near the vertical axis x = z = 0.
"""

from typing import NamedTuple

import numpy as np
from PIL import Image

from synthetic_humans.kinematics import axis_rotations
from synthetic_humans.materials import Material, noise_at, random_color, random_material

STUDIO_ROOM_MM = (3600.0, 3200.0)
# Camera centres (x, height, z), mm: four corners, four heights.
STUDIO_CAMERAS_MM = (
    (2900.0, 1150.0, 2500.0),
    (-2800.0, 1500.0, 2600.0),
    (-3000.0, 1800.0, -2600.0),
    (2800.0, 2200.0, -2700.0),
)


# An occluder covers at most so many of the 16 joints.
_MOST_HIDDEN = 6


class Camera(NamedTuple):
    """X_camera = rotation (X_world - center), x right, y down, z forwards, mm."""

    rotation: np.ndarray
    center: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Turn world points [..., 3] into the camera frame."""
        return (points - self.center) @ self.rotation.T


class Room(NamedTuple):
    """Floor and four walls; the five rows of `materials`. Beyond `sky` walls show the backdrop."""

    low: np.ndarray  # [2] x, z
    high: np.ndarray  # [2]
    materials: tuple[Material, ...]  # floor, four walls
    outdoors: bool


class Mesh(NamedTuple):
    """Furniture: triangles, a material for each."""

    vertices: np.ndarray
    faces: np.ndarray
    face_materials: np.ndarray


class Light(NamedTuple):
    """A distant lamp and ambient light, linear RGB."""

    direction: np.ndarray  # [3] unit, from the scene to the lamp, world frame
    color: np.ndarray
    ambient: np.ndarray


def look_at(center: np.ndarray, target: np.ndarray, roll_rad: float = 0.0) -> Camera:
    """Return a camera at `center` whose optical axis passes through `target`."""
    forward = (target - center) / np.linalg.norm(target - center)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Camera(axis_rotations(np.float64(roll_rad), 2) @ rotation, center)


def studio_camera(number: int) -> Camera:
    """Return one of the studio's four fixed cameras."""
    return look_at(np.array(STUDIO_CAMERAS_MM[number]), np.array([0.0, 950.0, 0.0]))


def wild_camera(rng: np.random.Generator, target: np.ndarray) -> Camera:
    """Draw a camera that sees `target` somewhere near the middle of its view."""
    distance = np.exp(rng.uniform(*np.log([2300, 8000])))
    turn = rng.uniform(0, 2 * np.pi)
    pitch = np.radians(np.clip(rng.normal(6, 14), -25, 50))
    height = max(target[1] + distance * np.sin(pitch), 120.0)
    flat = distance * np.cos(pitch)
    center = np.array([target[0] + flat * np.sin(turn), height, target[2] + flat * np.cos(turn)])
    aim = target + rng.normal(size=3) * 0.1 * distance
    return look_at(center, aim, np.radians(rng.normal() * 6))


def studio_room(rng: np.random.Generator) -> Room:
    """Return the lab: plain walls, a plain or tiled floor."""
    half = np.array(STUDIO_ROOM_MM)
    tone = rng.uniform(0.45, 0.8)
    walls = tuple(
        Material(tone * rng.uniform(0.9, 1.1) * np.array([1.0, 0.98, 0.95]), grain=0.03)
        for _ in range(4)
    )
    muted = rng.uniform(0.25, 0.75) + rng.uniform(-0.08, 0.08, 3)
    floor = random_material(rng, (400, 900), 0.6)._replace(color=muted, other=0.75 * muted)
    return Room(-half, half, (floor, *walls), False)


def wild_room(rng: np.random.Generator, camera: Camera) -> Room:
    """Draw a room, or open ground under a backdrop, that holds the camera."""
    spot = camera.center[[0, 2]]
    low, high = -rng.uniform(1200, 5000, 2), rng.uniform(1200, 5000, 2)
    outdoors = rng.random() < 0.5
    if outdoors:
        low, high = low - 15000, high + 15000
    low, high = np.minimum(low, spot - 300), np.maximum(high, spot + 300)
    surfaces = tuple(random_material(rng, (250, 2500), 0.3) for _ in range(5))
    return Room(low, high, surfaces, outdoors)


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
        half = np.exp(rng.uniform(np.log(60), np.log(700), 3)) * [1, 1, 1]
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


def random_light(rng: np.random.Generator, wild: bool) -> Light:
    """Draw a lamp above the horizon."""
    turn = rng.uniform(0, 2 * np.pi)
    elevation = np.radians(rng.uniform(20, 80) if wild else rng.uniform(50, 75))
    flat = np.cos(elevation)
    direction = np.array([flat * np.sin(turn), np.sin(elevation), flat * np.cos(turn)])
    tint = 1 + (rng.normal(size=3) * 0.06 if wild else 0)
    ambient = rng.uniform(0.5, 0.9) if wild else rng.uniform(0.7, 0.8)
    strength = rng.uniform(0.4, 1.0) if wild else rng.uniform(0.5, 0.65)
    return Light(direction, strength * tint, ambient * np.flip(tint))


def backdrop(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paint a distant view [size, size, 3]: a gradient, noise and random shapes, out of focus."""
    coarse = 48
    top, bottom = random_color(rng), random_color(rng)
    sky = rng.random() < 0.5
    if sky:
        top = bottom = np.array([0.6, 0.7, 0.85]) * rng.uniform(0.6, 1.15)
    y, x = np.mgrid[:coarse, :coarse] / coarse
    view = top + (bottom - top) * y[..., None]
    for _ in range(rng.integers(0, 4) if sky else rng.integers(3, 25)):
        cx, cy = rng.uniform(-0.1, 1.1, 2)
        rx, ry = np.exp(rng.uniform(np.log(0.03), np.log(0.4), 2))
        round_ = rng.random() < 0.5
        u, v = np.abs(x - cx) / rx, np.abs(y - cy) / ry
        inside = (u * u + v * v < 1) if round_ else (np.maximum(u, v) < 1)
        view = np.where(inside[..., None], random_color(rng), view)
    shift, zoom = rng.uniform(0, 1, 2), rng.uniform(0.2, 1.5)
    noise = noise_at(x * zoom + shift[0], y * zoom + shift[1]) - 0.5
    view = view * (1 + rng.uniform(0, 1.2) * noise[..., None])
    small = Image.fromarray((np.clip(view, 0, 1) * 255).astype(np.uint8))
    return np.asarray(small.resize((size, size), Image.BICUBIC), np.float32) / 255
