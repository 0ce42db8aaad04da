"""The quickstart's picture: what was predicted over what is true."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.pictures import pose_sheet
from hg3d_tf.prediction import people, pose_json
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM, PELVIS


def draw(path: Path, poses: Sequence[dict], labels: Mapping[str, dict]) -> dict[str, dict]:
    """Write a sheet of predicted poses, with the true ones thin beside them.

    Args:
      path: of the PNG.
      poses: the records of `predict`'s poses.json, one for each image.
      labels: by the image's path, the fields of an evaluation batch.

    Returns:
      by the image's path: pck_box_020, the share of joints nearer than 0.2 of the longer side of
      the true joints' box, and mpjpe_mm, both poses with the pelvis at 0 and scaled to the
      canonical bone sum.
    """
    shown, errors = [], {}
    for record in poses:
        label, pose = labels[record["image"]], pose_json.from_json(record)
        image = label["image"]
        truth_2d = (label["joints_2d_norm"] + 1) * (image.shape[0] / 2)
        truth_3d, joints_3d = _comparable(label["joints_3d"]), _comparable(pose["joints_3d"])
        unclear = people.are_unclear(pose["confidence"])
        shown.append(
            pose_sheet.ShownPose(image, pose["joints_2d"], joints_3d, unclear, truth_2d, truth_3d)
        )
        distance = metrics.distances(pose["joints_2d"], truth_2d)
        side = np.ptp(truth_2d, axis=0).max()
        errors[record["image"]] = {
            "pck_box_020": metrics.pck(distance / side, 0.2),
            "mpjpe_mm": float(metrics.distances(joints_3d, truth_3d).mean()),
        }
    pose_sheet.write(path, shown)
    return errors


def _comparable(joints_3d: np.ndarray) -> np.ndarray:
    """Return joints [16, 3] with the pelvis at 0 and the canonical skeleton's size."""
    [scaled] = metrics.scale_bones(joints_3d[np.newaxis].astype(float), CANONICAL_BONE_SUM_MM)
    return scaled - scaled[PELVIS]
