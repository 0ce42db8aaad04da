#!/usr/bin/env bash
# sleap-io 0.9.5 gives DeepLabCut's labels to the wrong photos once one photo is gone.
#
# load_file numbers a label by the rows of the CSV file, and the photos by those that exist. A photo
# that was deleted, as one does with blurred ones, shifts every label after it to the next photo, and
# the last label to none. With no photo beside the file no label is loaded at all. Nothing is said.
# In DeepLabCut's format the row names its photo, and the others are still right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check sleap-io==0.9.5 imageio==2.38.1 numpy==2.4.6 pandas==3.1.1
cat > run.py <<'PY'
import importlib.metadata
import pathlib
import warnings

import imageio.v3 as iio
import numpy as np
import sleap_io

for name in ("sleap-io", "imageio", "numpy", "pandas"):
    print(name, importlib.metadata.version(name))

# Photos of a black wall with a white spot; the label stands on the spot, so that each can be checked.
photos = pathlib.Path("labeled-data/film")
photos.mkdir(parents=True)
rows = ["scorer,me,me", "bodyparts,hip,hip", "coords,x,y"]
for place in (5, 20, 31, 47):
    photo = np.zeros((64, 64, 3), np.uint8)
    photo[31, place] = 255
    iio.imwrite(photos / f"img{place:03d}.png", photo)
    rows.append(f"labeled-data/film/img{place:03d}.png,{place},31")
(photos / "CollectedData_me.csv").write_text("\n".join(rows) + "\n")


def look():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        labels = sleap_io.load_file(str(photos / "CollectedData_me.csv"))
    pairs = []
    for frame in labels:
        label = int(frame.instances[0].numpy()[0, 0])
        names = frame.video.filename
        if frame.frame_idx < len(names):
            spot = int(np.argwhere(frame.image[..., 0])[0, 1])
            print(f"  label at {label} is given to {pathlib.Path(names[frame.frame_idx]).name}, spot at {spot}")
        else:
            spot = None
            print(f"  label at {label} is given to photo {frame.frame_idx} of 0 to {len(names) - 1}")
        pairs.append((label, spot))
    print(f"  {len(pairs)} labels, {len(said)} warnings")
    return pairs, len(said)


print("all four photos:")
whole = look()
(photos / "img020.png").unlink()
print("without img020.png; expected: 5, 31 and 47 with their spots, seen:")
three = look()
for photo in photos.glob("*.png"):
    photo.unlink()
print("without photos; expected: four labels, or a word, seen:")
none = look()
as_found = (
    whole == ([(5, 5), (20, 20), (31, 31), (47, 47)], 0)
    and three == ([(5, 5), (20, 31), (31, 47), (47, None)], 0)
    and none == ([], 0)
)
raise SystemExit(0 if as_found else "changed: this finding no longer holds")
PY
venv/bin/python run.py
