#!/usr/bin/env bash
# pyomeca 2026.0.2 answers angles of the sequence yxz from memory that it never filled.
#
# Its documentation allows all permutations of "xyz". Angles.from_rototrans has formulas for five of
# them, none for yxz (heading, pitch and roll where y is up), and returns the array that it made
# without values. So it does for yxy, the ISB's sequence for the shoulder, which
# Rototrans.from_euler_angles takes. Nothing is said: what was in memory comes back as angles, often
# zeros, or numbers of an earlier array.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyomeca==2026.0.2 numpy==2.4.6 scipy==1.17.1
cat > run.py <<'PY'
import importlib.metadata

import numpy as np
from pyomeca import Angles, Rototrans
from scipy.spatial.transform import Rotation

for name in ("pyomeca", "numpy", "scipy"):
    print(name, importlib.metadata.version(name))

# Three angles over 200 frames, far from every singularity of the sequences below.
given = np.stack([np.linspace(-60, 60, 200), np.linspace(10, 50, 200), np.linspace(80, -20, 200)])


def errors(sequence):
    made = Rototrans.from_euler_angles(Angles(np.radians(given)[:, None]), sequence)
    matrices = np.moveaxis(made.values[:3, :3], -1, 0)
    # Scipy shows that the matrices hold the angles, as turns about the moving axes.
    by_scipy = Rotation.from_matrix(matrices).as_euler(sequence.upper(), degrees=True).T
    # An array of the same size, freed at once, as any program leaves them: 0.5 rad are 28.6 degrees.
    left = np.full((3, 1, 200), 0.5)
    del left
    by_pyomeca = np.degrees(Angles.from_rototrans(made, sequence).values[:, 0])
    return abs(by_scipy - given).max(), abs(by_pyomeca - given).max(), by_pyomeca[:, -1]


print("expected: the angles that the matrices were made from, at the end 60, 50 and -20 degrees")
seen = {}
for sequence in ("xyz", "xzy", "yxz", "yzx", "zxy", "zyx", "yxy"):
    by_scipy, by_pyomeca, last = errors(sequence)
    seen[sequence] = by_scipy < 1e-6, by_pyomeca < 1e-6
    print(
        f"seen: {sequence}: greatest error in degrees: scipy {by_scipy:.1g}, pyomeca {by_pyomeca:.3g};"
        f" pyomeca's last frame: {', '.join(f'{angle:.1f}' for angle in last)}"
    )
as_found = all(pair == (True, name not in ("yxz", "yxy")) for name, pair in seen.items())
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
