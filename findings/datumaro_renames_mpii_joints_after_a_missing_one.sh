#!/usr/bin/env bash
# Datumaro 1.13.12 gives MPII's joints the names of others where a joint is missing.
#
# In the MPII Human Pose dataset each point tells which of 16 joints it is, and a joint outside of the
# photo is left out. Its importer sorts the points and drops their numbers: of a person cut off at the
# thighs the right hip becomes the right ankle, and the left elbow the right wrist. MPII's flags are
# taken for COCO's besides: a visible joint becomes a hidden one (1 for 2), a hidden one unlabelled (0
# for 1), also of people with all joints. Nothing is said, and the export to COCO keeps it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datumaro==1.13.12 numpy==2.4.6 pycocotools==2.0.11 scipy==1.17.1
cat > run.py <<'PY'
import contextlib
import importlib.metadata
import io
import pathlib

import numpy as np
import scipy.io
from datumaro.components.dataset import Dataset
from PIL import Image
from pycocotools.coco import COCO

for name in ("datumaro", "numpy", "pycocotools", "scipy"):
    print(name, importlib.metadata.version(name))

# In the order of the numbers, from 0, that the dataset's web page gives them.
JOINTS = (
    "r_ankle,r_knee,r_hip,l_hip,l_knee,l_ankle,pelvis,thorax,upper_neck,head top,"
    "r_wrist,r_elbow,r_shoulder,l_shoulder,l_elbow,l_wrist"
).split(",")
# Of the second person knees and ankles are outside of the photo.
PHOTOS = {"whole": range(16), "cut": [number for number in range(16) if number not in (0, 1, 4, 5)]}
HIDDEN = 15


def table(rows):
    """An array of structures, as MATLAB writes them."""
    made = np.zeros((1, len(rows)), [(key, "O") for key in rows[0]])
    for column, row in enumerate(rows):
        made[0, column] = tuple(row.values())
    return made


def place(number):
    return 20.0 + 10 * number, 200.0 - 10 * number


images = []
for photo, numbers in PHOTOS.items():
    Image.new("RGB", (240, 240)).save(f"{photo}.jpg")
    points = []
    for number in numbers:
        x, y = place(number)
        points.append({"x": x, "y": y, "id": number, "is_visible": int(number != HIDDEN)})
    head = {"x1": 100.0, "y1": 90.0, "x2": 130.0, "y2": 120.0}
    person = head | {"annopoints": {"point": table(points)}, "scale": 1.0, "objpos": {"x": 95.0, "y": 125.0}}
    images.append({"image": {"name": f"{photo}.jpg"}, "annorect": table([person])})
scipy.io.savemat("mpii_human_pose_v1_u12_1.mat", {"RELEASE": {"annolist": table(images)}})

Dataset.import_from(".", "mpii").export("coco", "coco_person_keypoints", save_media=True)
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(next(pathlib.Path("coco/annotations").glob("person_keypoints_*.json")))
print(f"expected: each joint under its own name, with flag 2; {JOINTS[HIDDEN]} with flag 1")
seen = {}
for image in coco.dataset["images"]:
    (row,) = coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))
    numbers, names = row["keypoints"], coco.cats[row["category_id"]]["keypoints"]
    joints = {place(number): name for number, name in enumerate(JOINTS)}
    triples = zip(names, zip(numbers[::3], numbers[1::3], numbers[2::3]))
    photo = pathlib.Path(image["file_name"]).stem
    seen[photo] = [(joints.get((x, y)), name, flag) for name, (x, y, flag) in triples]
    print(f"seen in {photo}.jpg, {row['num_keypoints']} joints that count:")
    print("  " + "; ".join(f"{joint} is called {name}, {flag}" for joint, name, flag in seen[photo]))
as_found = all(
    seen[photo] == [(JOINTS[number], name, int(number != HIDDEN)) for number, name in zip(numbers, JOINTS)]
    for photo, numbers in PHOTOS.items()
)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
