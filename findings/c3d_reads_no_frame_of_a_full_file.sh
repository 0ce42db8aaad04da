#!/usr/bin/env bash
# c3d 0.6.0 reads 65,534 frames of a C3D file, and of one with 65,535 none at all.
#
# 65,535 is the last frame that the header's 16 bits can name, and valid. Reader.read_frames counts
# up to last_frame + 1 in numpy's uint16, which wraps to 0 with numpy 2. The caller gets an empty
# iterator and a warning of an overflow, no error. ezc3d reads the same file whole.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check c3d==0.6.0 ezc3d==1.7.2 numpy==2.4.6
cat > run.py <<'PY'
import importlib.metadata
import warnings

import c3d
import ezc3d
import numpy as np

warnings.simplefilter("ignore")
for name in ("c3d", "ezc3d", "numpy"):
    print(name, importlib.metadata.version(name))


def counts(frames):
    film = ezc3d.c3d()
    film["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    film["parameters"]["POINT"]["LABELS"]["value"] = ["A"]
    points = np.ones((4, 1, frames))
    points[0, 0] = np.arange(frames)
    film["data"]["points"] = points
    film.write("film.c3d")
    found = ezc3d.c3d("film.c3d")["data"]["points"]
    assert (found[0, 0] == np.arange(frames)).all()
    with open("film.c3d", "rb") as file:
        reader = c3d.Reader(file)
        named = (int(reader.first_frame), int(reader.last_frame))
        return named, found.shape[2], sum(1 for _ in reader.read_frames())


one, full = counts(65_534), counts(65_535)
print("expected: c3d reads 65534 and 65535 frames, as ezc3d does")
for (first, last), by_ezc3d, by_c3d in (one, full):
    print(f"seen: header says {first} to {last}: ezc3d reads {by_ezc3d} frames, c3d {by_c3d}")
as_found = one == ((1, 65_534), 65_534, 65_534) and full == ((1, 65_535), 65_535, 0)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
