#!/usr/bin/env bash
# aniposelib 0.8.0 loads a calibration of more than ten cameras in another order than it was saved in.
#
# CameraGroup.dump calls the cameras cam_0 to cam_11, CameraGroup.load sorts these names as text, so
# that cam_10 and cam_11 come before cam_2. triangulate takes an array whose rows are cameras, in the
# group's order: after saving and loading, the same rows meet other cameras, and a person stands
# somewhere else. Nothing is said; the reprojection error shows it where somebody asks for it. Ten
# cameras come back right, and so do those that are picked by name, with subset_cameras_names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check aniposelib==0.8.0 numpy==2.4.6 scipy==1.17.1
cat > run.py <<'PY'
import importlib.metadata

import numpy as np
from aniposelib.cameras import Camera, CameraGroup
from scipy.spatial.transform import Rotation

for name in ("aniposelib", "numpy", "scipy"):
    print(name, importlib.metadata.version(name))

# Joints of a person of 1.8 m who stands a step from the middle; y is up, in metres.
JOINTS = np.array(
    [[1, 1.8, 0.5], [1.2, 1.4, 0.5], [0.8, 1.4, 0.6], [1.1, 0.9, 0.5], [1.1, 0, 0.6], [0.9, 0, 0.4]]
)
MATRIX = np.array([[1000.0, 0, 960], [0, 1000.0, 540], [0, 0, 1]])


def ring(count):
    """Cameras 4 m away and 1 m above the floor, which look at the middle."""
    cameras = []
    for number in range(count):
        turn = Rotation.from_euler("xy", [180, 360 * number / count], degrees=True)
        place = turn.as_matrix().T @ [0, 0, -4] + [0, 1, 0]
        move = -turn.as_matrix() @ place
        cameras.append(Camera(MATRIX, np.zeros(5), (1920, 1080), turn.as_rotvec(), move, f"camera {number}"))
    return CameraGroup(cameras)


def look(count):
    group = ring(count)
    seen = group.project(JOINTS)
    assert ((seen > 0) & (seen < [1920, 1080])).all()
    group.dump("calibration.toml")
    loaded = CameraGroup.load("calibration.toml")
    by_name = loaded.subset_cameras_names(group.get_names())
    found = [cameras.triangulate(seen) for cameras in (group, by_name, loaded)]
    off = [float(np.linalg.norm(joints - JOINTS, axis=1).max()) for joints in found]
    error = float(loaded.reprojection_error(found[2], seen, mean=True).mean())
    order = [int(name.split()[1]) for name in loaded.get_names()]
    print(f"{count} cameras: loaded in the order {order}")
    before, named, after = off
    print(
        f"  greatest error of a joint in m: before {before:.3f}, by name {named:.3f}, as loaded {after:.3f}"
    )
    print(f"  reprojection error as loaded: {error:.1f} px")
    return order, off


print("expected: the order 0, 1, 2, ..., and no error")
ten, twelve = look(10), look(12)
as_found = (
    ten[0] == list(range(10))
    and max(ten[1]) < 1e-3
    and twelve[0] == [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]
    and max(twelve[1][:2]) < 1e-3
    and twelve[1][2] > 0.5
)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
