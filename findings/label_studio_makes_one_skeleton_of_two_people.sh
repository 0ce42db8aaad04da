#!/usr/bin/env bash
# label-studio-sdk 2.1.2 exports the joints of all people in a photo as one person to COCO.
#
# Label Studio exports with it, and its documentation has each joint put under its person's rectangle.
# The YOLO export heeds that. The COCO export does not: the joints of the last person stay, and where
# one is missing there, another person's. It also names the joints in the order in which the
# configuration lists them, and writes their coordinates in the order of model_index: where these
# differ, the nose is called a wrist. Nothing is said, and COCO's readers take the file.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check label-studio-sdk==2.1.2 pycocotools==2.0.11
cat > run.py <<'PY'
import contextlib
import importlib.metadata
import io
import json
import pathlib

from label_studio_sdk.converter import Converter
from PIL import Image
from pycocotools.coco import COCO

for name in ("label-studio-sdk", "pycocotools"):
    print(name, importlib.metadata.version(name))

# People label wrists first; the network wants the nose first.
CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <KeyPointLabels name="joint" toName="image">
    <Label value="left_wrist" model_index="1"/>
    <Label value="right_wrist" model_index="2"/>
    <Label value="nose" model_index="0"/>
  </KeyPointLabels>
  <RectangleLabels name="box" toName="image"><Label value="person"/></RectangleLabels>
</View>
"""
ADA = {"nose": (30, 10), "left_wrist": (50, 60), "right_wrist": (10, 60)}
BEN = {"nose": (130, 20), "left_wrist": (150, 70)}  # The other wrist is behind his back.
PHOTOS = {"ada": [ADA], "both": [ADA, BEN]}
WIDTH, HEIGHT = 200, 100


def regions(number, joints):
    """What a person's labels are in Label Studio's JSON: a rectangle, the joints below it."""
    given = {"to_name": "image", "original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0}
    (left, right), (top, bottom) = ((min(places), max(places)) for places in zip(*joints.values()))
    box = {
        "x": left / WIDTH,
        "y": top / HEIGHT,
        "width": (right - left) / WIDTH,
        "height": (bottom - top) / HEIGHT,
    }
    box = {key: 100 * value for key, value in box.items()} | {"rotation": 0, "rectanglelabels": ["person"]}
    parent = f"box_{number}"
    yield given | {"id": parent, "from_name": "box", "type": "rectanglelabels", "value": box}
    for name, (x, y) in joints.items():
        point = {"x": 100 * x / WIDTH, "y": 100 * y / HEIGHT, "width": 0.3, "keypointlabels": [name]}
        region = {
            "id": f"{name}_{number}",
            "parentID": parent,
            "from_name": "joint",
            "type": "keypointlabels",
        }
        yield given | region | {"value": point}


tasks = []
for photo, people in PHOTOS.items():
    Image.new("RGB", (WIDTH, HEIGHT)).save(f"{photo}.png")
    result = [region for number, joints in enumerate(people) for region in regions(number, joints)]
    data = {"image": str(pathlib.Path(f"{photo}.png").resolve())}
    tasks.append(
        {"id": len(tasks) + 1, "data": data, "annotations": [{"id": len(tasks) + 1, "result": result}]}
    )
pathlib.Path("tasks.json").write_text(json.dumps(tasks))
# Each format gets a converter of its own.
Converter(CONFIG, ".", download_resources=False).convert_to_yolo("tasks.json", "yolo", is_dir=False)
Converter(CONFIG, ".", download_resources=False).convert_to_coco("tasks.json", "coco", is_dir=False)


def in_yolo(photo):
    names = ("nose", "left_wrist", "right_wrist")  # By model_index.
    people = []
    for line in pathlib.Path(f"yolo/labels/{photo}.txt").read_text().splitlines():
        numbers = [float(number) for number in line.split()[5:]]
        seen = zip(names, zip(numbers[::3], numbers[1::3], numbers[2::3]))
        people.append({name: (round(x * WIDTH), round(y * HEIGHT)) for name, (x, y, flag) in seen if flag})
    return people


def in_coco(photo):
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO("coco/result.json")
    image = next(row["id"] for row in coco.dataset["images"] if pathlib.Path(row["file_name"]).stem == photo)
    people = []
    for row in coco.loadAnns(coco.getAnnIds(imgIds=[image])):
        if "keypoints" in row:
            names, numbers = coco.cats[row["category_id"]]["keypoints"], row["keypoints"]
            seen = zip(names, zip(numbers[::3], numbers[1::3], numbers[2::3]))
            people.append({name: (x, y) for name, (x, y, flag) in seen if flag})
    return people


for photo, people in PHOTOS.items():
    print(f"{photo}.png: expected {people}")
    print(f"  seen in YOLO: {in_yolo(photo)}")
    print(f"  seen in COCO: {in_coco(photo)}")
as_found = (
    all(in_yolo(photo) == people for photo, people in PHOTOS.items())
    and in_coco("ada") == [{"left_wrist": (30, 10), "right_wrist": (50, 60), "nose": (10, 60)}]
    # Ben's nose and left wrist under wrong names, and Ada's right wrist.
    and in_coco("both") == [{"left_wrist": (130, 20), "right_wrist": (150, 70), "nose": (10, 60)}]
)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
