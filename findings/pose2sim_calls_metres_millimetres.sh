#!/usr/bin/env bash
# Pose2Sim 0.10.49 writes metres into a TRC file whose header says mm, and cuts 59.94 Hz to 59.
#
# Its c3d_to_trc divides the coordinates of a C3D file in millimetres by 1000, and copies the unit.
# OpenSim believes the header: the person is 1.7 mm tall. The rate loses its fraction, and the times
# are counted with it: a film at 59.94 Hz, which video cameras call 60, lasts 1.6 % longer, and speeds
# are as much too small. Nothing is said. Its trc_scale by 1000 mends the lengths, not the times.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check c3d==0.6.0 ezc3d==1.7.2 opensim==4.6 numpy==2.4.6
# Its converter wants none of its neural networks.
venv/bin/pip install --quiet --disable-pip-version-check --no-deps pose2sim==0.10.49
cat > run.py <<'PY'
import importlib.metadata
import warnings

import ezc3d
import numpy as np
import opensim
from Pose2Sim.Utilities import c3d_to_trc

warnings.simplefilter("ignore")
opensim.Logger.setLevelString("Off")
for name in ("pose2sim", "c3d", "ezc3d", "opensim"):
    print(name, importlib.metadata.version(name))

film = ezc3d.c3d()
film["parameters"]["POINT"]["RATE"]["value"] = [59.94]
film["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
film["parameters"]["POINT"]["LABELS"]["value"] = ["Head"]
points = np.ones((4, 1, 600))
points[:3, 0] = [[100], [1700], [-500]]
film["data"]["points"] = points
film.write("film.c3d")
# Another reader finds what was written.
found = ezc3d.c3d("film.c3d")
unit = found["parameters"]["POINT"]["UNITS"]["value"][0]
height = found["data"]["points"][1, 0, 0]
rate = found["header"]["points"]["frame_rate"]
print(f"film.c3d: {found['data']['points'].shape[2]} frames at {rate:.2f} Hz, head at {height:.0f} {unit}")

c3d_to_trc.c3d_to_trc_func("film.c3d", "film.trc")
lines = open("film.trc").read().splitlines()
header = dict(zip(lines[1].split("\t"), lines[2].split("\t")))
first, last = ([float(cell) for cell in lines[row].split("\t")] for row in (5, -1))
lasts = last[1] - first[1]
read = opensim.MarkerData("film.trc")
read.convertToUnits(opensim.Units("m"))
tall = read.getFrame(0).getMarker(0).get(1)

print("expected: 1700 in mm, or 1.7 in m; 599 frames of 1/59.94 s last 9.993 s")
print(f"seen: {first[3]:.4g} in {header['Units']}, which OpenSim reads as {tall:.4g} m;")
print(f"seen: {header['DataRate']} Hz, {lasts:.3f} s")
as_found = (
    (unit, round(float(height)), round(float(rate), 2)) == ("mm", 1700, 59.94)
    and (header["Units"], header["DataRate"]) == ("mm", "59")
    and np.allclose([first[3], tall, lasts], [1.7, 0.0017, 599 / 59], rtol=1e-3)
)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
