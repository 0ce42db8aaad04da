#!/usr/bin/env bash
# PyMotion 0.3.4's BVH.mirror(mode="all") mirrors the joints' rotations, and leaves the bones as they were.
#
# "all" is what its documentation calls a perfect mirror. The function mirror below it returns mirrored
# offsets too, and with them every joint is where a mirror shows it; the method of BVH forgets them.
# Here both legs end up 20 cm from their places, and the file that is saved holds a pose that nobody
# took. Nothing is said. The default mode, "symmetry", is right for symmetric skeletons as this one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check upc-pymotion==0.3.4 bvhio==1.5.4 numpy==2.4.6
cat > run.py <<'PY'
import importlib.metadata

import bvhio
import numpy as np
from pymotion.io.bvh import BVH
from pymotion.ops.skeleton import mirror

for name in ("upc-pymotion", "bvhio", "numpy"):
    print(name, importlib.metadata.version(name))

LEG = """
  JOINT {side}UpLeg
  {{
    OFFSET {x} -5 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT {side}Leg
    {{
      OFFSET 0 -40 0
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {{
        OFFSET 0 -40 0
      }}
    }}
  }}"""
NAMES = ["Hips", "LeftUpLeg", "LeftLeg", "RightUpLeg", "RightLeg"]
with open("step.bvh", "w") as file:
    file.write("HIERARCHY\nROOT Hips\n{\n  OFFSET 0 0 0\n")
    file.write("  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation")
    file.write(LEG.format(side="Left", x=10) + LEG.format(side="Right", x=-10))
    # A step to one side in cm: hips turned, the left leg forwards and bent.
    file.write("\n}\nMOTION\nFrames: 1\nFrame Time: 0.02\n")
    file.write("3 90 1 10 20 30 40 10 0 50 0 0 -10 -20 5 30 0 0\n")


def places(path):
    """Where another reader finds the joints."""
    root = bvhio.readAsHierarchy(path)
    root.loadPose(0)
    found = {joint.Name: joint.PositionWorld for joint, _, _ in root.layout()}
    return np.array([list(found[name]) for name in NAMES])


def mirrored(mode):
    film = BVH()
    film.load("step.bvh")
    film.mirror(mode=mode)
    film.save("mirrored.bvh")
    return places("mirrored.bvh")


def by_function():
    """As the method, and with the offsets."""
    film = BVH()
    film.load("step.bvh")
    turns, positions, parents, offsets, ends, _ = film.get_data()
    turns, root, offsets, ends = mirror(turns, positions[:, 0], parents, offsets, ends, mode="all", axis="X")
    positions[:, 0] = root
    film.set_data(turns, positions)
    film.data["offsets"], film.data["end_sites"] = offsets, ends
    film.save("mirrored.bvh")
    return places("mirrored.bvh")


expected = places("step.bvh") * [-1, 1, 1]
# "symmetry" gives the left leg's part to the right leg.
swapped = expected[[0, 3, 4, 1, 2]]
print("expected: each joint at minus its x, all distances 0 cm")
off = {}
for what, found, wanted in (
    ('function mirror, mode "all"', by_function(), expected),
    ('BVH.mirror, mode "symmetry"', mirrored("symmetry"), swapped),
    ('BVH.mirror, mode "all"', mirrored("all"), expected),
):
    off[what] = np.linalg.norm(found - wanted, axis=1)
    print(f"seen: {what}: " + ", ".join(f"{name} {gap:.1f}" for name, gap in zip(NAMES, off[what])))
function, symmetry, method = off.values()
as_found = function.max() < 0.01 and symmetry.max() < 0.01 and method[0] < 0.01 and method[1:].min() > 15
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
