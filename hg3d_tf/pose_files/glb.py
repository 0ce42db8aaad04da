"""Binary glTF: the skeleton of `rig` with its motion, and a mesh so that it can be seen.

Metres, y up, z to the front, as glTF wants it. Bones are the joints of a skin; the mesh is a double
pyramid for each of them. The animation has the frames' own times. Written by pygltflib.
"""

from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.pose_files import libraries, motion, rig, turns
from hg3d_tf.pose_files.sequence import PoseSequence

_M_PER_MM = 1e-3
_COLOUR = [0.25, 0.45, 0.75, 1.0]
_THICKNESS = 0.1  # of a bone's length
# Faces of a double pyramid: point 0, the square 1 to 4, point 5.
_FACES = np.array(
    [[0, i % 4 + 1, i] for i in range(1, 5)] + [[5, i, i % 4 + 1] for i in range(1, 5)]
)


def write(path: Path, poses: PoseSequence) -> None:
    """Write the film of one person.

    Raises:
      UserError: for a joint that is never there, and where pygltflib is not installed.
    """
    pygltflib = libraries.load("pygltflib", "glb")
    lengths = rig.fitted_lengths_mm(poses)
    offsets = rig.offsets_mm(lengths) * _M_PER_MM
    tips = {place: tip * _M_PER_MM for place, tip in rig.tips_mm(lengths).items()}
    scene = _Scene(pygltflib)
    scene.add_bones(offsets, f"{poses.space}.")
    scene.add_mesh(*_mesh(offsets, tips))
    scene.add_motion(*_keys(poses))
    with files.atomic_path(path) as temporary:
        scene.save(temporary)


def _keys(poses: PoseSequence) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return seconds [N], none below 0, root [N, 3] m and quaternions [N, B, 4], float32."""
    times, roots, quaternions, before = [], [], [], None
    for block in motion.blocks(poses):
        found = turns.without_sign_changes(turns.quaternions(block.turns), before)
        before = found[-1]
        quaternions.append(found.astype(np.float32))
        times.append(block.seconds)
        roots.append((block.root_mm * _M_PER_MM).astype(np.float32))
    seconds = np.concatenate(times)
    return (
        (seconds - min(0, seconds[0])).astype(np.float32),
        np.concatenate(roots),
        np.concatenate(quaternions),
    )


def _places(offsets: np.ndarray) -> np.ndarray:
    """Return the nodes' places at rest, [B, 3]."""
    places = np.array(offsets)
    for place, bone in enumerate(rig.BONES[1:], 1):
        places[place] += places[bone.parent]
    return places


def _mesh(offsets, tips) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vertices [V, 3], the bone of each [V] and triangles [F, 3] of the rest pose."""
    places = _places(offsets)
    vertices, owners, faces = [], [], []
    for place in range(len(rig.BONES)):
        ends = [places[i] for i, other in enumerate(rig.BONES) if other.parent == place]
        ends += [places[place] + tips[place]] if place in tips else []
        for end in ends:
            along = end - places[place]
            length = np.linalg.norm(along)
            if length < 1e-6:
                continue
            side = np.cross(along, [0.0, 0, 1] if abs(along[2]) < 0.9 * length else [1.0, 0, 0])
            side = side / np.linalg.norm(side)
            other = np.cross(along / length, side)
            ring = [side, other, -side, -other]
            middle = places[place] + 0.2 * along
            corners = [middle + _THICKNESS * length * corner for corner in ring]
            faces.append(_FACES + 6 * len(faces))
            vertices += [places[place], *corners, end]
            owners += [place] * 6
    return np.array(vertices, np.float32), np.array(owners), np.concatenate(faces)


class _Scene:
    """A glTF that grows by arrays."""

    def __init__(self, pygltflib):
        self._lib, self._gltf, self._binary = pygltflib, pygltflib.GLTF2(), bytearray()
        self._gltf.asset.generator = "hg3d_tf"

    def _add(self, array: np.ndarray, kind: str, target: int | None = None) -> int:
        lib, gltf = self._lib, self._gltf
        types = {"float32": lib.FLOAT, "uint16": lib.UNSIGNED_SHORT, "uint8": lib.UNSIGNED_BYTE}
        data = np.ascontiguousarray(array).tobytes()
        view = lib.BufferView(buffer=0, byteOffset=len(self._binary), byteLength=len(data))
        view.target = target
        gltf.bufferViews.append(view)
        accessor = lib.Accessor(
            bufferView=len(gltf.bufferViews) - 1,
            componentType=types[str(array.dtype)],
            count=array.size // {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[kind],
            type=kind,
        )
        if kind in ("SCALAR", "VEC3"):
            columns = array.reshape(accessor.count, -1)
            accessor.min, accessor.max = columns.min(0).tolist(), columns.max(0).tolist()
        gltf.accessors.append(accessor)
        self._binary += data + bytes(-len(data) % 4)
        return len(gltf.accessors) - 1

    def add_bones(self, offsets: np.ndarray, remark: str) -> None:
        """Add the nodes at rest, and their skin."""
        lib, gltf = self._lib, self._gltf
        places = _places(offsets)
        for place, bone in enumerate(rig.BONES):
            node = lib.Node(name=bone.name, translation=offsets[place].tolist())
            node.children = [i for i, other in enumerate(rig.BONES) if other.parent == place]
            gltf.nodes.append(node)
        inverse = np.tile(np.eye(4, dtype=np.float32), (len(places), 1, 1))
        inverse[:, 3, :3] = -places  # column-major
        joints = list(range(len(rig.BONES)))
        gltf.skins.append(
            lib.Skin(inverseBindMatrices=self._add(inverse, "MAT4"), joints=joints, skeleton=0)
        )
        gltf.scenes.append(lib.Scene(nodes=[0, len(joints)], extras={"size": remark}))
        gltf.scene = 0

    def add_mesh(self, vertices: np.ndarray, owners: np.ndarray, faces: np.ndarray) -> None:
        """Add a mesh, each vertex of which one bone carries."""
        lib, gltf = self._lib, self._gltf
        joints = np.zeros((len(vertices), 4), np.uint8)
        joints[:, 0] = owners
        weights = np.zeros((len(vertices), 4), np.float32)
        weights[:, 0] = 1
        attributes = lib.Attributes(
            POSITION=self._add(vertices, "VEC3", lib.ARRAY_BUFFER),
            JOINTS_0=self._add(joints, "VEC4", lib.ARRAY_BUFFER),
            WEIGHTS_0=self._add(weights, "VEC4", lib.ARRAY_BUFFER),
        )
        triangles = self._add(faces.astype(np.uint16).ravel(), "SCALAR", lib.ELEMENT_ARRAY_BUFFER)
        surface = lib.PbrMetallicRoughness(
            baseColorFactor=_COLOUR, metallicFactor=0.0, roughnessFactor=0.8
        )
        gltf.materials.append(lib.Material(pbrMetallicRoughness=surface, name="Bones"))
        primitive = lib.Primitive(attributes=attributes, indices=triangles, material=0)
        gltf.meshes.append(lib.Mesh(primitives=[primitive], name="Bones"))
        gltf.nodes.append(lib.Node(name="Person", mesh=0, skin=0))

    def add_motion(self, seconds: np.ndarray, root: np.ndarray, quaternions: np.ndarray) -> None:
        """Add the animation: the turn of each bone that turns, the place of the root."""
        lib = self._lib
        motion_ = lib.Animation(name="Motion")
        times = self._add(seconds, "SCALAR")
        tracks = [(0, "translation", self._add(root, "VEC3"))]
        turning = [i for i, bone in enumerate(rig.BONES) if i < 2 or bone.target]
        tracks += [(i, "rotation", self._add(quaternions[:, i], "VEC4")) for i in turning]
        for node, path, values in tracks:
            sampler = lib.AnimationSampler(input=times, output=values, interpolation="LINEAR")
            motion_.samplers.append(sampler)
            target = lib.AnimationChannelTarget(node=node, path=path)
            channel = lib.AnimationChannel(sampler=len(motion_.samplers) - 1, target=target)
            motion_.channels.append(channel)
        self._gltf.animations.append(motion_)

    def save(self, path: Path) -> None:
        self._gltf.buffers.append(self._lib.Buffer(byteLength=len(self._binary)))
        self._gltf.set_binary_blob(bytes(self._binary))
        self._gltf.save_binary(str(path))
