"""Ray casting and shading of one person in its surroundings."""

from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from hg3d_tf.skeleton import JOINT_NAMES
from synthetic_humans import people
from synthetic_humans.mannequin import PART_NAMES, TEMPLATE
from synthetic_humans.materials import MaterialTable, colors_at
from synthetic_humans.scenes import Camera, Light, Mesh, Room

_NO_PART = -1
_SKY = -1
_SUBPIXELS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)])


class Scene(NamedTuple):
    """Everything that is in one picture; world frame, mm."""

    person: people.Person
    body_vertices: np.ndarray  # [V, 3] posed
    body_normals: np.ndarray  # [V, 3]
    blocks: Mesh  # its materials are rows of `materials`
    room: Room
    room_row: int  # first of the room's five rows of `materials`
    materials: MaterialTable
    light: Light
    backdrop: np.ndarray  # [S, S, 3]


class Surface(NamedTuple):
    """What n rays hit."""

    depth: np.ndarray  # [n] multiples of the ray's direction
    points: np.ndarray  # [n, 3]
    normals: np.ndarray  # [n, 3] unit
    textures: np.ndarray  # [n, 3] texture points, mm
    rows: np.ndarray  # [n] material, _SKY for the backdrop
    parts: np.ndarray  # [n] row of PART_NAMES, _NO_PART off the body


class Tracer:
    """Casts rays from one camera into one scene."""

    def __init__(self, scene: Scene, camera: Camera):
        self._scene = scene
        self._camera = camera
        kept = scene.person.faces
        count = len(scene.body_vertices)
        self._faces = np.concatenate([TEMPLATE.faces[kept], scene.blocks.faces + count])
        self._faces = self._faces.astype(np.int32)
        self._vertices = np.concatenate([scene.body_vertices, scene.blocks.vertices])
        self._parts = np.concatenate(
            [TEMPLATE.face_parts[kept], np.full(len(scene.blocks.faces), _NO_PART)]
        )
        self._embree = EmbreeScene()
        TriangleMesh(self._embree, self._vertices.astype(np.float32), self._faces)

    def first_hits(self, directions: np.ndarray) -> dict[str, np.ndarray]:
        """Return embree's hits of rays [n, 3] (world frame) from the camera."""
        directions = directions.astype(np.float32)
        origins = np.broadcast_to(self._camera.center.astype(np.float32), directions.shape)
        return self._embree.run(np.ascontiguousarray(origins), directions, output=True)

    def parts_and_depths(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the body part [n] first met (-1: none, or an object) and its depth (inf: none)."""
        hits = self.first_hits(directions)
        met = hits["primID"] >= 0
        parts = np.where(met, self._parts[hits["primID"]], _NO_PART)
        return parts, np.where(met, hits["tfar"], np.inf)

    def surfaces(self, directions: np.ndarray) -> Surface:
        """Return what the rays meet."""
        surface = self._room_surfaces(directions)
        hits = self.first_hits(directions)
        met = np.nonzero(hits["primID"] >= 0)[0]
        prim = hits["primID"][met]
        for (_, target), values in zip(
            surface._asdict().items(), self._mesh_surfaces(hits, met, prim, directions), strict=True
        ):
            target[met] = values
        return surface

    def _mesh_surfaces(self, hits, met, prim, directions) -> tuple[np.ndarray, ...]:
        depth = hits["tfar"][met]
        points = self._camera.center + depth[:, None] * directions[met]
        normals = hits["Ng"][met].astype(np.float64)
        normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
        facing = np.sum(normals * directions[met], axis=-1, keepdims=True) < 0
        normals = np.where(facing, normals, -normals)
        textures, parts = points.copy(), self._parts[prim]
        rows = np.zeros(len(met), np.int64)
        body = np.nonzero(parts != _NO_PART)[0]
        block = np.nonzero(parts == _NO_PART)[0]
        rows[block] = self._scene.blocks.face_materials[prim[block] - len(self._scene.person.faces)]
        u, v = hits["u"][met][body], hits["v"][met][body]
        weights = np.stack([1 - u - v, u, v], axis=-1)[..., None]
        corners = self._faces[prim[body]]
        normals[body] = np.sum(weights * self._scene.body_normals[corners], axis=1)
        textures[body] = np.sum(weights * self._scene.person.vertices[corners], axis=1)
        along = np.sum(weights[..., 0] * TEMPLATE.along[corners], axis=1)
        rows[body] = people.material_rows(self._scene.person, parts[body], along, textures[body])
        return depth, points, normals, textures, rows, parts

    def _room_surfaces(self, directions: np.ndarray) -> Surface:
        """Return where rays from inside the room meet its floor or walls."""
        room, origin = self._scene.room, self._camera.center
        low = np.array([room.low[0], 0.0, room.low[1]])
        high = np.array([room.high[0], np.inf, room.high[1]])
        ahead = np.where(directions > 0, high, low)
        with np.errstate(divide="ignore", invalid="ignore"):
            times = np.where(directions == 0, np.inf, (ahead - origin) / directions)
        axis = np.argmin(times, axis=-1)
        depth = np.take_along_axis(times, axis[:, None], axis=-1)[:, 0]
        points = origin + depth[:, None] * directions
        normals = np.zeros(directions.shape)
        positive = np.take_along_axis(directions, axis[:, None], axis=-1)[:, 0] > 0
        normals[np.arange(len(axis)), axis] = np.where(positive, -1, 1)
        wall = self._scene.room_row + np.where(axis == 0, 1, 3) + positive
        wall = np.where(room.outdoors, _SKY, wall)
        rows = np.where(axis == 1, self._scene.room_row, wall)
        return Surface(depth, points, normals, points.copy(), rows, np.full(len(axis), _NO_PART))

    def lit(self, surface: Surface) -> np.ndarray:
        """Return which points [n] the lamp reaches."""
        lamp = self._scene.light.direction.astype(np.float32)
        lit = surface.normals @ lamp > 0
        asked = np.nonzero(lit)[0]
        starts = (surface.points[asked] + 4 * surface.normals[asked]).astype(np.float32)
        directions = np.ascontiguousarray(np.broadcast_to(lamp, starts.shape))
        lit[asked] = self._embree.run(starts, directions, query="OCCLUDED") != 0
        return lit


def _shade(scene: Scene, tracer: Tracer, directions: np.ndarray, backdrop: np.ndarray):
    """Return the colours [n, 3] of rays and what they hit; `backdrop` [n, 3] is behind it all."""
    surface = tracer.surfaces(directions)
    light = scene.light
    direct = np.clip(surface.normals @ light.direction, 0, None) * tracer.lit(surface)
    upwards = 0.7 + 0.3 * surface.normals[:, 1]
    shading = direct[:, None] * light.color + upwards[:, None] * light.ambient
    colors = colors_at(scene.materials, surface.rows, surface.textures) * shading
    return np.where((surface.rows == _SKY)[:, None], backdrop, colors), surface


class Picture(NamedTuple):
    """A rendered window of S x S pixels."""

    image: np.ndarray  # [S, S, 3] RGB in 0..1, may exceed it
    parts: np.ndarray  # [S, S] row of PART_NAMES, -1 off the body


def ray_directions(camera: Camera, intrinsics: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return world directions [n, 3] through `pixels` [n, 2], of depth 1 in the camera frame."""
    flat = (pixels - intrinsics[2:]) / intrinsics[:2]
    return np.concatenate([flat, np.ones((len(flat), 1))], axis=-1) @ camera.rotation


def _edges(identity: np.ndarray) -> np.ndarray:
    """Return the pixels [S, S] that differ from a neighbour."""
    edges = np.zeros(identity.shape, bool)
    across, down = identity[:, 1:] != identity[:, :-1], identity[1:] != identity[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges


def render(scene: Scene, camera: Camera, intrinsics: np.ndarray, size: int) -> Picture:
    """Render a window of `size` pixels a side; edges get four rays a pixel.

    Args:
      scene: what there is to see.
      camera: where from.
      intrinsics: [4] fx, fy, cx, cy of the window, px.
      size: pixels a side.
    """
    tracer = Tracer(scene, camera)
    ys, xs = np.mgrid[:size, :size].reshape(2, -1)
    pixels = np.stack([xs, ys], axis=-1) + 0.5
    backdrop = scene.backdrop.reshape(-1, 3)
    colors, surface = _shade(scene, tracer, ray_directions(camera, intrinsics, pixels), backdrop)
    identity = (surface.rows * len(PART_NAMES) + surface.parts).reshape(size, size)
    edge = np.nonzero(_edges(identity).ravel())[0]
    finer = (pixels[edge][:, None] + _SUBPIXELS).reshape(-1, 2)
    finer_colors, _ = _shade(
        scene,
        tracer,
        ray_directions(camera, intrinsics, finer),
        np.repeat(backdrop[edge], len(_SUBPIXELS), axis=0),
    )
    colors[edge] = finer_colors.reshape(-1, len(_SUBPIXELS), 3).mean(axis=1)
    return Picture(colors.reshape(size, size, 3), surface.parts.reshape(size, size))


# The parts in whose flesh a joint lies, and how deep (mm at canonical size, seen from any side).
_OWN_PARTS = {
    "ankle": (("leg", "foot"), 75),
    "knee": (("leg",), 95),
    "hip": (("leg", "torso"), 175),
    "pelvis": (("torso", "l_leg", "r_leg"), 190),
    "thorax": (("torso", "neck"), 175),
    "upper_neck": (("torso", "neck", "head", "long_hair", "nose", "l_ear", "r_ear"), 140),
    "head_top": (("head", "long_hair", "nose", "l_ear", "r_ear"), 110),
    "wrist": (("hand", "arm", "thumb"), 70),
    "elbow": (("arm",), 75),
    "shoulder": (("arm", "torso"), 110),
}
_FOREIGN_MM = 20.0


def _allowances() -> np.ndarray:
    """Return how far before a joint [16, parts + 1] each part may be met; the last: no part."""
    allowed = np.full((len(JOINT_NAMES), len(PART_NAMES) + 1), _FOREIGN_MM)
    for row, joint in enumerate(JOINT_NAMES):
        sided = joint[1] == "_"
        names, depth = _OWN_PARTS[joint[2:] if sided else joint]
        for name in names:
            own = joint[:2] + name if sided and joint[:2] + name in PART_NAMES else name
            allowed[row, PART_NAMES.index(own)] = depth
    return allowed


_ALLOWANCES_MM = _allowances()


def occluded_joints(scene: Scene, camera: Camera, joints: np.ndarray) -> np.ndarray:
    """Return which joints [16] are hidden: another limb or an object is clearly in front of them.

    Args:
      scene: what there is to see.
      camera: where from.
      joints: [16, 3] camera frame, mm.
    """
    distances = np.linalg.norm(joints, axis=-1)
    directions = joints / distances[:, None] @ camera.rotation
    parts, depths = Tracer(scene, camera).parts_and_depths(directions)
    allowed = scene.person.scale * _ALLOWANCES_MM[np.arange(len(joints)), parts]
    return distances - depths > allowed
