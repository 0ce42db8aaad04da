"""Angles and place of a person in a film against the truth: `python experiments/angles.py`.

    python -m hg3d_tf.predict --video=cam.mp4 --output_dir=predictions
    python experiments/angles.py --poses=predictions/cam_poses.json --truth=cam.json

The truth is JSON: fx_fy_cx_cy_px of the camera, and frames: a list of frame (its number in the
film, from 0) and joints_mm by name (knees, hips, ankles, elbows, wrists, shoulders; the camera's
frame: x right, y down, z forwards). The person is taken to be as tall as canonical proportions make
somebody whose limbs are as long as the truth's.
"""

import json
import sys
from pathlib import Path

import numpy as np
from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hg3d_tf import cli, files
from hg3d_tf.pictures import tables
from hg3d_tf.pose_files import angles, formats, placement, sequence
from hg3d_tf.pose_files.sequence import PoseSequence
from hg3d_tf.skeleton import (
    JOINT_NAMES,
    PELVIS,
    SYMMETRY_PAIRS,
    canonical_length_mm,
    canonical_stature_mm,
    joint_index,
)

FLAGS = flags.FLAGS

cli.DEFINE_paths("poses", "Files of poses of `predict --video`, comma-separated.")
cli.DEFINE_paths("truth", "The truth of each, in the same order.")
cli.DEFINE_path("output", "runs/angles.json", "JSON file for the tables.")

_BENDS = ("knee_angle_r", "knee_angle_l", "elbow_flex_r", "elbow_flex_l")
_LIMBS = [tuple(map(joint_index, bone)) for pair in SYMMETRY_PAIRS.values() for bone in pair]


def main() -> None:
    """Compare each film; print and write the tables."""
    if not FLAGS.poses or len(FLAGS.poses) != len(FLAGS.truth):
        raise cli.UserError("--poses and --truth: give as many of one as of the other, at least 1")
    cli.writable_folder(str(Path(FLAGS.output).parent))
    bends, places = {}, {}
    for path, truth_path in zip(FLAGS.poses, FLAGS.truth, strict=True):
        poses, truth = formats.read(path), _read_truth(truth_path)
        if len(poses.persons) > 1:
            raise cli.UserError(f"{path}: holds {len(poses.persons)} people: predict --people=1")
        bends |= {f"{Path(path).stem} {name}": row for name, row in _bends(poses, truth).items()}
        places |= {f"{Path(path).stem} {name}": row for name, row in _places(poses, truth).items()}
    for rows in (bends, places):
        print(tables.as_text(tables.protocol_table(rows, {}, 1)), "", sep="\n")
    files.write_json(FLAGS.output, {"bends": bends, "places": places})


def _read_truth(path: str) -> dict:
    """Return frames [N], joints [N, 16, 3] mm, NaN where the truth has none, and the camera."""
    try:
        given = json.loads(Path(path).read_text(encoding="utf-8"))
        frames = given["frames"]
        joints = np.full((len(frames), len(JOINT_NAMES), 3), np.nan)
        for row, frame in enumerate(frames):
            for name in JOINT_NAMES:
                if name in frame["joints_mm"]:
                    joints[row, joint_index(name)] = frame["joints_mm"][name]
        numbers = np.array([frame["frame"] for frame in frames])
        camera = given["fx_fy_cx_cy_px"]
    except (KeyError, TypeError, ValueError) as error:
        raise cli.UserError(f"{path}: is no truth of a film ({error!r})") from error
    hips = [joint_index("l_hip"), joint_index("r_hip")]
    joints[:, PELVIS] = joints[:, hips].mean(axis=1)
    return {"frames": numbers, "joints": joints, "camera": camera}


def _pairs(poses: PoseSequence, truth: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of the poses, and of the truth, that are the same frames."""
    _, ours, theirs = np.intersect1d(poses.rows["frame"], truth["frames"], return_indices=True)
    if not len(ours):
        raise cli.UserError(f"{poses.name}: no frame of the truth is in it")
    return ours, theirs


def _bends(poses: PoseSequence, truth: dict) -> dict:
    """Return by angle its mean error in degrees: of clear joints, and of all."""
    ours, theirs = _pairs(poses, truth)
    rows = poses.rows[ours]
    places = [angles.COLUMNS.index(name) for name in _BENDS]
    expected = angles.joint_angles(truth["joints"][theirs])[:, places]
    clear = angles.joint_angles(rows["joints_3d"], sequence.seen(rows))[:, places]
    guessed = angles.joint_angles(rows["joints_3d"])[:, places]
    table = {}
    for place, name in enumerate(_BENDS):
        errors = [np.abs(found[:, place] - expected[:, place]) for found in (clear, guessed)]
        table[name] = {
            "mean error, clear": _mean(errors[0]),
            "clear, percent": 100 * float(np.isfinite(clear[:, place]).mean()),
            "mean error, all": _mean(errors[1]),
            "bias, all": _mean(guessed[:, place] - expected[:, place]),
            "true range": float(np.nanmax(expected[:, place]) - np.nanmin(expected[:, place])),
        }
    return table


def _mean(values: np.ndarray) -> float:
    return (
        float(np.mean(values[np.isfinite(values)])) if np.isfinite(values).any() else float("nan")
    )


def _places(poses: PoseSequence, truth: dict) -> dict:
    """Return by smoothing how far the root is from the true one, and how it trembles."""
    ours, theirs = _pairs(poses, truth)
    lengths = np.nanmedian(_lengths(truth["joints"]), axis=0)
    canonical = sum(map(canonical_length_mm, _LIMBS))
    height_m = float(lengths.sum() / canonical * canonical_stature_mm() / 1000)
    true_root = truth["joints"][theirs, PELVIS]
    table = {}
    for sigma in (0.0, 0.25, 0.5):
        wanted = placement.Placement((height_m,), truth["camera"][0], depth_smoothing_s=sigma)
        root = placement.place(poses, wanted).rows["joints_3d"][ours, PELVIS]
        table[f"smoothed over {sigma} s"] = {
            "depth error mm": float(np.abs(root - true_root)[:, 2].mean()),
            "depth bias mm": float((root - true_root)[:, 2].mean()),
            "sideways error mm": float(np.linalg.norm((root - true_root)[:, :2], axis=-1).mean()),
            "depth jitter mm": _jitter(root[:, 2]),
            "true jitter mm": _jitter(true_root[:, 2]),
            "taken height cm": 100 * height_m,
        }
    return table


def _lengths(joints: np.ndarray) -> np.ndarray:
    start, end = np.array(_LIMBS).T
    return np.linalg.norm(joints[:, start] - joints[:, end], axis=-1)


def _jitter(depths: np.ndarray) -> float:
    """Return the mean size of the second difference from frame to frame."""
    return float(np.abs(np.diff(depths, 2)).mean())


if __name__ == "__main__":
    cli.run(main, tensorflow=False)
