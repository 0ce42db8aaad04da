"""MakeHuman's body: base mesh, rig, skin weights and shape morphs, as arrays in mm.

Of the base mesh only skin and eyes are seen; helper geometry carries clothes, and small cubes
(`joint-*`) mark the joints, so that both follow every morph.
"""

import gzip
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy.sparse

from hg3d_tf import cli
from synthetic_humans.characters.bones import BONES, NUM_BONES
from synthetic_humans.characters.coarsening import coarse_faces
from synthetic_humans.characters.wavefront import read_obj

MM_PER_UNIT = 100.0
# The rig's names of bones that are called otherwise in the motion files.
_RIG_NAMES = {f"{side}HandIndex1": f"{side}HandFinger1" for side in ("Left", "Right")}
# Marks beside the bones' heads: the knuckles, which tell how the hand lies.
KNUCKLES = tuple(f"joint-{side}-finger-{finger}-1" for side in "lr" for finger in (2, 3, 5))
_SKIN_FACES, _EYE_FACES, _TIGHTS_FACES = 9000, 140, 3200
_EYES = ("helper-l-eye", "helper-r-eye")


class Body(NamedTuple):
    """The unmorphed body, V vertices (helpers included), mm in the body frame."""

    vertices: np.ndarray  # [V, 3]
    skin_faces: np.ndarray  # [F, 3]
    eye_faces: np.ndarray  # [E, 3]
    tights_faces: np.ndarray  # [T, 3] helper geometry from neck to toes; there may be none
    weights: np.ndarray  # [V, 31] sum 1
    marks: scipy.sparse.csr_matrix  # [31 + 6, V]: heads of the bones, KNUCKLES
    targets: dict[str, np.ndarray]  # shape morphs: shifts [V, 3] float32


def read_body(folder: Path) -> Body:
    """Read the body from the folder `makehuman`.

    Raises:
      UserError: if a file lacks or does not hold what it should.
    """
    mesh = read_obj(folder / "base.obj")
    count = len(mesh.vertices)
    return Body(
        vertices=MM_PER_UNIT * mesh.vertices,
        skin_faces=coarse_faces(mesh.vertices, mesh.faces_of("body"), _SKIN_FACES),
        eye_faces=coarse_faces(mesh.vertices, mesh.faces_of(*_EYES), _EYE_FACES),
        tights_faces=coarse_faces(mesh.vertices, mesh.faces_of("helper-tights"), _TIGHTS_FACES),
        weights=_read_weights(folder / "weights.cmu_mb.json", count),
        marks=_read_marks(folder / "rig.cmu_mb.json", mesh),
        targets={
            path.name.removesuffix(".target.gz"): _read_target(path, count)
            for path in sorted((folder / "targets").glob("*.target.gz"))
        },
    )


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise cli.UserError(f"{path}: not JSON ({error}); download it anew") from None


def _bones_of(path: Path, table: dict) -> list:
    """Return the entries of a table by bone in the order of BONES."""
    names = [_RIG_NAMES.get(name, name) for name in BONES]
    missing = [name for name in names if name not in table]
    if missing:
        raise cli.UserError(f"{path}: no bone {missing[0]}; it must be the file for the rig cmu_mb")
    return [table[name] for name in names]


def _read_weights(path: Path, count: int) -> np.ndarray:
    weights = np.zeros((count, NUM_BONES), np.float32)
    for column, pairs in enumerate(_bones_of(path, _read_json(path)["weights"])):
        rows, values = np.array(pairs, np.float64).reshape(-1, 2).T
        weights[rows.astype(int), column] = values
    return weights / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9)


def _read_marks(path: Path, mesh) -> scipy.sparse.csr_matrix:
    rig = _read_json(path)
    heads = [entry["head"] for entry in _bones_of(path, rig.get("bones", rig))]
    groups = [
        head["vertex_indices"] if head["strategy"] == "MEAN" else _cube(mesh, head["cube_name"])
        for head in heads
    ] + [_cube(mesh, name) for name in KNUCKLES]
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    shares = np.concatenate([np.full(len(group), 1 / len(group)) for group in groups])
    shape = (len(groups), len(mesh.vertices))
    return scipy.sparse.csr_matrix((shares, (rows, np.concatenate(groups))), shape)


def _cube(mesh, name: str) -> np.ndarray:
    vertices = np.unique(mesh.faces_of(name))
    if not len(vertices):
        raise cli.UserError(f"base.obj: no group {name}; it must be MakeHuman's base mesh")
    return vertices


def _read_target(path: Path, count: int) -> np.ndarray:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        lines = [line for line in file if line.strip() and not line.startswith("#")]
    table = np.loadtxt(lines, ndmin=2) if lines else np.zeros((0, 4))
    shifts = np.zeros((count, 3), np.float32)
    shifts[table[:, 0].astype(int)] = MM_PER_UNIT * table[:, 1:]
    return shifts


def morph(body: Body, mix: dict[str, float]) -> np.ndarray:
    """Return the vertices [V, 3], mm, with the targets of `mix` added by their weights."""
    vertices = body.vertices.copy()
    for name, weight in mix.items():
        vertices += np.float32(weight) * body.targets[name]
    return vertices
