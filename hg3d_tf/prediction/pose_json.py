"""Poses as JSON, joints by name."""

from pathlib import Path

import numpy as np

from hg3d_tf.skeleton import JOINT_NAMES


def as_json(
    image: str | Path,
    pose: dict[str, np.ndarray],
    box: np.ndarray | None = None,
    size_px: tuple[int, int] | None = None,
    person: int | None = None,
    score: float | None = None,
) -> dict:
    """Return a pose with its joints by name, and what is given of its person and its image.

    `pose_files.json_poses` says what the names mean; size is that of an average skeleton.
    """
    return {
        "image": str(image),
        **({} if person is None else {"person": int(person)}),
        **({} if score is None else {"score": round(float(score), 4)}),
        **({} if size_px is None else {"image_size_px": [int(side) for side in size_px]}),
        **({} if box is None else {"box_px": np.round(np.asarray(box, float), 1).tolist()}),
        "joints_2d_px": _by_name(pose["joints_2d"]),
        "joints_3d_mm": _by_name(pose["joints_3d"]),
        "confidence": _by_name(pose["confidence"]),
        "size": "average",
    }


def _by_name(values: np.ndarray) -> dict:
    return dict(zip(JOINT_NAMES, np.round(values.astype(float), 3).tolist(), strict=True))


def from_json(record: dict) -> dict[str, np.ndarray]:
    """Return the pose of what `as_json` returned, to within its rounding."""
    keys = {"joints_2d": "joints_2d_px", "joints_3d": "joints_3d_mm", "confidence": "confidence"}
    return {
        name: np.array([record[key][joint] for joint in JOINT_NAMES]) for name, key in keys.items()
    }
