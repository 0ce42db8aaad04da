#!/usr/bin/env bash
# OpenSim's InverseKinematicsTool, made in Python, ends at 2.0 s of a longer marker file.
#
# Its time range should be from minus to plus infinity, limited by the data; the default of its end
# is 2. A block that swings for 4 s, with three markers, is solved for half of its time. Nothing is
# said. tool.setEndTime(float("inf")) helps.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opensim==4.6 numpy==2.4.6
cat > run.py <<'PY'
import importlib.metadata

import numpy as np
import opensim

opensim.Logger.setLevelString("Off")
print("opensim", importlib.metadata.version("opensim"))

model = opensim.Model()
block = opensim.Body("block", 1.0, opensim.Vec3(0), opensim.Inertia(1, 1, 1))
model.addBody(block)
model.addJoint(opensim.PinJoint("pin", model.getGround(), block))
places = {"A": (0.0, 0.0, 0.0), "B": (1.0, 0.0, 0.0), "C": (0.0, 1.0, 0.0)}
for name, place in places.items():
    model.addMarker(opensim.Marker(name, block, opensim.Vec3(*place)))
model.finalizeConnections()

times = np.arange(401) / 100
angles = 0.5 * np.sin(times)
head = [
    "PathFileType\t4\t(X/Y/Z)\tswing.trc",
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame"
    "\tOrigNumFrames",
    "100\t100\t401\t3\tm\t100\t1\t401",
    "Frame#\tTime\tA\t\t\tB\t\t\tC\t\t",
    "\t\tX1\tY1\tZ1\tX2\tY2\tZ2\tX3\tY3\tZ3",
    "",
]
rows = []
for number, (time, angle) in enumerate(zip(times, angles), 1):
    sine, cosine = np.sin(angle), np.cos(angle)
    turned = [(x * cosine - y * sine, x * sine + y * cosine, z) for x, y, z in places.values()]
    cells = "\t".join(f"{value:.6f}" for point in turned for value in point)
    rows.append(f"{number}\t{time:.6f}\t{cells}")
open("swing.trc", "w").write("\n".join(head + rows) + "\n")
given = opensim.TimeSeriesTableVec3("swing.trc").getIndependentColumn()


def solve(end=None):
    tool = opensim.InverseKinematicsTool()
    default = tool.getEndTime()
    tool.setModel(model)
    tool.setMarkerDataFileName("swing.trc")
    for name in places:
        task = opensim.IKMarkerTask()
        task.setName(name)
        task.setWeight(1.0)
        tool.getIKTaskSet().cloneAndAppend(task)
    if end is not None:
        tool.setEndTime(end)
    tool.setOutputMotionFileName("found.mot")
    tool.run()
    times = opensim.TimeSeriesTable("found.mot").getIndependentColumn()
    return default, len(times), times[-1]


default, count, last = solve()
_, whole, end = solve(float("inf"))
print(f"markers: {len(given)} frames to {given[-1]} s")
print("expected: default end of the time range inf, all 401 frames to 4.0 s")
print(f"seen: default end {default}, {count} frames to {last} s; told inf: {whole} to {end} s")
as_found = default == 2.0 and (count, last) == (201, 2.0) and (whole, end) == (401, 4.0)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
