"""Wavefront OBJ files as arrays, with the vertices' own numbers kept."""

import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf import cli


class Mesh(NamedTuple):
    """A mesh of triangles, in the file's unit."""

    vertices: np.ndarray  # [V, 3]
    faces: np.ndarray  # [F, 3]
    group_names: tuple[str, ...]
    face_groups: np.ndarray  # [F] rows of group_names

    def faces_of(self, *names: str) -> np.ndarray:
        """Return the faces [n, 3] of the groups called `names`."""
        wanted = [row for row, name in enumerate(self.group_names) if name in names]
        return self.faces[np.isin(self.face_groups, wanted)]


def read_obj(path: Path) -> Mesh:
    """Read vertices, faces (as fans of triangles) and groups.

    Raises:
      UserError: if it is not a Wavefront mesh.
    """
    vertices, faces, face_groups, names = [], [], [], [""]
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append(rest.split()[:3])
            elif kind == "g":
                names.append(rest.strip())
            elif kind == "f":
                corners = [int(corner.partition("/")[0]) - 1 for corner in rest.split()]
                fan = [(corners[0], *pair) for pair in itertools.pairwise(corners[1:])]
                faces += fan
                face_groups += [len(names) - 1] * len(fan)
        mesh = Mesh(
            np.array(vertices, np.float64).reshape(-1, 3),
            np.array(faces, np.int32).reshape(-1, 3),
            tuple(names),
            np.array(face_groups, np.int32),
        )
    except ValueError as error:
        raise cli.UserError(
            f"{path}: not a Wavefront OBJ file ({error}); download it anew"
        ) from None
    if not len(mesh.faces) or mesh.faces.max() >= len(mesh.vertices):
        raise cli.UserError(f"{path}: lacks faces or vertices; download it anew")
    return mesh
