"""Clothes and hair in MakeHuman's format `.mhclo`: they follow whatever body wears them."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse

from hg3d_tf import cli
from synthetic_humans.characters.body import MM_PER_UNIT, Body
from synthetic_humans.characters.bones import BONES, both
from synthetic_humans.characters.coarsening import coarse_faces
from synthetic_humans.characters.wavefront import read_obj

_LEGS = ("{}HipJoint", "{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")
_BELOW_WAIST = [BONES.index("Hips"), *(row for bone in _LEGS for row in both(bone))]
_ABOVE_WAIST = [BONES.index(name) for name in ("LowerBack", "Spine", "Spine1")]
_ABOVE_WAIST += [row for bone in ("{}Shoulder", "{}Arm", "{}ForeArm") for row in both(bone)]
_AXES = ("x_scale", "y_scale", "z_scale")


class Garment(NamedTuple):
    """A garment of G vertices, each tied to three vertices of the base mesh."""

    name: str
    faces: np.ndarray  # [F, 3]
    components: np.ndarray  # [G] connected part of each vertex, 0 the highest
    anchors: np.ndarray  # [G, 3] rows of the base mesh
    shares: np.ndarray  # [G, 3] sum 1, may be negative
    offsets: np.ndarray  # [G, 3] mm, before scaling
    scale_rows: np.ndarray  # [3, 2] vertices whose distance along each axis scales the offsets
    scale_units: np.ndarray  # [3] that distance in the body the garment was made on, mm
    hidden: np.ndarray  # rows of the base mesh that it covers


def read_garment(path: Path, largest: int) -> Garment:
    """Read an .mhclo file and its mesh, thinned out to `largest` triangles.

    Raises:
      UserError: if they do not belong together or are not in the format.
    """
    try:
        fields, ties, hidden = _parse(path.read_text(encoding="utf-8"))
        scales = np.array([fields[axis].split() for axis in _AXES], np.float64)
        mesh = read_obj(path.with_name(fields["obj_file"].strip()))
    except (KeyError, ValueError) as error:
        raise cli.UserError(f"{path}: not an .mhclo file ({error}); download it anew") from None
    if len(ties) != len(mesh.vertices):
        raise cli.UserError(f"{path}: {len(ties)} vertices, its mesh has {len(mesh.vertices)}")
    return Garment(
        name=path.stem,
        faces=coarse_faces(mesh.vertices, mesh.faces, largest),
        components=_components(mesh),
        anchors=ties[:, :3].astype(int),
        shares=ties[:, 3:6],
        offsets=MM_PER_UNIT * ties[:, 6:],
        scale_rows=scales[:, :2].astype(int),
        scale_units=MM_PER_UNIT * scales[:, 2],
        hidden=hidden,
    )


def _parse(text: str) -> tuple[dict[str, str], np.ndarray, np.ndarray]:
    """Return the named fields, the ties [G, 9] and the hidden vertices."""
    fields, ties, hidden, section = {}, [], [], None
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0].lstrip("-").replace(".", "").isdigit():
            (hidden if section == "delete_verts" else ties).append(words)
        elif words[0] in ("verts", "delete_verts"):
            section = words[0]
        else:
            fields[words[0]] = line.partition(" ")[2]
    full = [tie if len(tie) > 1 else [tie[0], *"00", *"100", *"000"] for tie in ties]
    return fields, np.array(full, np.float64).reshape(-1, 9), _ranges(hidden)


def _ranges(lines: list[list[str]]) -> np.ndarray:
    """Return the numbers that lines like "3 - 6 9" name."""
    words = [word for line in lines for word in line]
    numbers = []
    for place, word in enumerate(words):
        if word == "-":
            numbers += range(numbers[-1] + 1, int(words[place + 1]))
        else:
            numbers.append(int(word))
    return np.array(numbers, int)


def _components(mesh) -> np.ndarray:
    count = len(mesh.vertices)
    pairs = np.concatenate([mesh.faces[:, :2], mesh.faces[:, 1:]])
    graph = scipy.sparse.coo_matrix((np.ones(len(pairs)), pairs.T), (count, count))
    number, labels = scipy.sparse.csgraph.connected_components(graph, directed=False)
    heights = np.bincount(labels, mesh.vertices[:, 1]) / np.bincount(labels)
    place = np.empty(number, int)
    place[np.argsort(-heights)] = np.arange(number)
    return place[labels]


def tights(body: Body) -> Garment:
    """Return the tights that are part of MakeHuman's mesh as a suit: a top and a bottom.

    Raises:
      UserError: if the mesh has none.
    """
    if not len(body.tights_faces):
        raise cli.UserError(
            "base.obj: no group helper-tights for people without makehuman/clothes/*.mhclo; it must"
            " be MakeHuman's base mesh"
        )
    rows, faces = np.unique(body.tights_faces, return_inverse=True)
    strongest = np.argmax(body.weights, axis=1)
    skin = np.unique(body.skin_faces)
    return Garment(
        name="tights",
        faces=faces.reshape(-1, 3),
        components=np.isin(strongest[rows], _BELOW_WAIST).astype(int),
        # They are vertices of the body, and move with its shape.
        anchors=np.repeat(rows[:, None], 3, axis=1),
        shares=np.tile([1.0, 0.0, 0.0], (len(rows), 1)),
        offsets=np.zeros((len(rows), 3)),
        scale_rows=np.zeros((3, 2), int),
        scale_units=np.ones(3),
        hidden=skin[np.isin(strongest[skin], _BELOW_WAIST + _ABOVE_WAIST)],
    )


def fit(garment: Garment, vertices: np.ndarray) -> np.ndarray:
    """Return the garment's vertices [G, 3], mm, on a body of `vertices` [V, 3]."""
    ends = vertices[garment.scale_rows, np.arange(3)[:, None]]
    scales = np.abs(ends[:, 0] - ends[:, 1]) / garment.scale_units
    points = np.einsum("gk,gkd->gd", garment.shares, vertices[garment.anchors])
    return points + scales * garment.offsets


def carried_weights(garment: Garment, weights: np.ndarray) -> np.ndarray:
    """Return the garment's skin weights [G, 31] from the body's [V, 31]."""
    shares = np.clip(garment.shares, 0, None)
    shares = shares / shares.sum(axis=1, keepdims=True)
    return np.einsum("gk,gkb->gb", shares, weights[garment.anchors]).astype(np.float32)
