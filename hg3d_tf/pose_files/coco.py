"""COCO's keypoints, as pycocotools reads them: 2D joints, for annotation tools and trainers.

The 17 of COCO, so that its sigmas hold; nose, eyes and ears, which the 16 joints do not have, are
unlabelled (v 0), unclear joints v 1, clear ones v 2. Pelvis, thorax, neck and head have no place.
Coordinates are counted from the corner of the image. A film's frames are named as
`ffmpeg -i clip.mp4 -start_number 0 clip_%06d.jpg` names them.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files.sequence import PoseSequence
from hg3d_tf.skeleton import SEEN_CONFIDENCE, joint_index

_PAIRS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_FACE = ("nose", "left_eye", "right_eye", "left_ear", "right_ear")
KEYPOINTS = (*_FACE, *(f"{side}_{name}" for name in _PAIRS for side in ("left", "right")))
_JOINTS = [joint_index(f"{side}_{name}") for name in _PAIRS for side in "lr"]
_EDGES = (
    *((16, 14), (14, 12), (17, 15), (15, 13), (12, 13), (6, 12), (7, 13), (6, 7), (6, 8)),
    *((7, 9), (8, 10), (9, 11), (2, 3), (1, 2), (1, 3), (2, 4), (3, 5), (4, 6), (5, 7)),
)
_CATEGORY = {"id": 1, "name": "person", "supercategory": "person"}
_CATEGORY |= {"keypoints": list(KEYPOINTS), "skeleton": [list(edge) for edge in _EDGES]}


def write(path: Path, poses: PoseSequence) -> None:
    """Write the 2D joints of all persons.

    Raises:
      UserError: where there are no 2D joints.
    """
    if not any(np.isfinite(block["joints_2d"]).any() for block in poses.blocks()):
        raise UserError(f"{poses.name}: coco holds 2D joints, there are none")
    with files.atomic_text(path) as file:
        file.write('{"info": {"description": "2D human poses by hg3d_tf"}, "licenses": [],\n')
        file.write(f'"categories": [{json.dumps(_CATEGORY)}],\n"images": [\n')
        file.writelines(_joined(_images(poses)))
        file.write('\n],\n"annotations": [\n')
        file.writelines(_joined(_annotations(poses)))
        file.write("\n]}\n")


def _joined(records: Iterator[dict]) -> Iterator[str]:
    for number, record in enumerate(records):
        yield (",\n" if number else "") + json.dumps(record)


def _image_keys(block: np.ndarray, is_film: bool) -> np.ndarray:
    return block["frame" if is_film else "image"]


def _images(poses: PoseSequence) -> Iterator[dict]:
    is_film, written = poses.is_film, set()  # a file may hold one person after the other
    for block in poses.blocks():
        for row, key in zip(block, _image_keys(block, is_film).tolist(), strict=True):
            if key in written:
                continue
            written.add(key)
            name = poses.images[row["image"]]
            if is_film:
                name = f"{Path(name).stem}_{key:06d}.jpg"
            width, height = row["image_size_px"].tolist()
            image = {"id": key + 1, "file_name": name, "width": width, "height": height}
            yield image | ({"seconds": round(float(row["seconds"]), 6)} if is_film else {})


def _annotations(poses: PoseSequence) -> Iterator[dict]:
    is_film, number = poses.is_film, 0
    for block in poses.blocks():
        joints = block["joints_2d"][:, _JOINTS]
        confidence = block["confidence"][:, _JOINTS]
        there = np.isfinite(joints).all(axis=-1)
        flags = np.where(there, np.where(confidence <= SEEN_CONFIDENCE, 1, 2), 0)
        keypoints = np.concatenate([np.where(there[..., None], joints, 0), flags[..., None]], -1)
        keypoints = np.round(keypoints, 3).reshape(len(block), -1).tolist()
        boxes = _boxes(joints, there).tolist()
        keys = _image_keys(block, is_film).tolist()
        scores = np.where(np.isnan(confidence), 1, confidence).mean(axis=1).round(4).tolist()
        rows = zip(keys, block["person"].tolist(), boxes, keypoints, flags, scores, strict=True)
        for key, person, (x, y, width, height), points, flag, score in rows:
            number += 1
            annotation = {"id": number, "image_id": key + 1, "category_id": 1, "iscrowd": 0}
            annotation |= {"bbox": [x, y, width, height], "area": round(width * height, 3)}
            annotation |= {"keypoints": [0] * 3 * len(_FACE) + points, "track_id": person}
            yield annotation | {"num_keypoints": int((flag > 0).sum()), "score": score}


def _boxes(joints: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return x, y, width, height [N, 4] of the joints that are there; zeros where none is."""
    low = np.where(there[..., np.newaxis], joints, np.inf).min(axis=1)
    high = np.where(there[..., np.newaxis], joints, -np.inf).max(axis=1)
    boxes = np.concatenate([low, high - low], axis=1).round(3)
    return np.where(there.any(axis=1, keepdims=True), boxes, 0)
