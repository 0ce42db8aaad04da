"""How smoothly the bones of BVH and GLB files turn: `python experiments/turns.py --clips=FOLDER`.

The clips are BVH files with CMU's bones. Their joints alone are turned into bones again, with and
without the blending through time of `hg3d_tf/pose_files/motion.py`. Measured over frames in which
no bone changes its direction by 15 degrees or more: how far bones turn in their parent from a frame
to the next, and how far the axis about which forearms and shins bend, by 30 degrees or more, is off
the hinge of elbow or knee. Two minutes.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hg3d_tf import cli, files
from hg3d_tf.pictures import tables
from hg3d_tf.pose_files import markers, motion, rig, turns
from hg3d_tf.pose_files.sequence import PoseSequence, empty_rows
from hg3d_tf.skeleton import JOINT_NAMES, joint_index

FLAGS = flags.FLAGS

cli.DEFINE_path("clips", None, "Folder of BVH files, in any subfolders.")
cli.DEFINE_path("output", "runs/turns.json", "JSON file for the table.")

_NODES = {"hip": "{}UpLeg", "knee": "{}Leg", "ankle": "{}Foot"}
_NODES |= {"shoulder": "{}Arm", "elbow": "{}ForeArm", "wrist": "{}Hand"}
_CALM_DEG, _BENT_DEG = 15.0, 30.0
_SIGMAS_S = (0.0, 0.2, 0.3, 0.4)


def main() -> None:
    """Turn each clip's joints into bones in each way; print and write the table."""
    cli.require(FLAGS.clips, "clips", "name a folder of BVH files")
    paths = sorted(Path(FLAGS.clips).rglob("*.bvh"))
    if not paths:
        raise cli.UserError(f"--clips={FLAGS.clips} holds no BVH files")
    cli.writable_folder(str(Path(FLAGS.output).parent))
    films = [read_film(path) for path in tqdm(paths, unit="clip", disable=None)]
    rows = {}
    for sigma in tqdm(_SIGMAS_S, disable=None):
        steps, hinges = zip(*(_measure(film, sigma) for film in films), strict=True)
        steps, hinges = np.concatenate(steps), np.concatenate(hinges)
        name = f"blended over {sigma} s" if sigma else "not blended"
        rows[name] = {
            "largest turn": float(steps.max()),
            "99.9 % below": float(np.percentile(steps, 99.9)),
            "hinge off, median": float(np.median(hinges)),
            "hinge off, 90 %": float(np.percentile(hinges, 90)),
        }
    print(tables.as_text(tables.protocol_table(rows, {}, 1)))
    print(f"{len(steps)} frames of {len(films)} clips, degrees")
    files.write_json(FLAGS.output, rows)


def read_film(path: Path) -> PoseSequence:
    """Return the 16 joints of a clip with CMU's bones, but for its first frame, a T.

    Raises:
      UserError: for a file without these bones.
    """
    import pybvh

    clip = pybvh.read_bvh_file(str(path))
    places = clip.node_positions()[1:]
    try:
        node = {name: places[:, clip.node_index[name]] for name in map(_node, JOINT_NAMES) if name}
        node["thorax"] = (node["LeftArm"] + node["RightArm"]) / 2
        node["pelvis"] = (node["LeftUpLeg"] + node["RightUpLeg"]) / 2
        joints = np.stack([node[_node(name) or name] for name in JOINT_NAMES], axis=1)
    except KeyError as error:
        raise cli.UserError(f"{path}: no node {error}; it must have CMU's bones") from error
    rows = empty_rows(len(joints))
    rows["frame"] = np.arange(len(rows))
    rows["seconds"], rows["joints_3d"] = rows["frame"] * clip.frame_time, joints * (1, -1, -1)
    return PoseSequence(rows, (path.name,))


def _node(joint: str) -> str | None:
    if joint in ("upper_neck", "head_top"):
        return {"upper_neck": "Neck1", "head_top": "EndSiteHead"}[joint]
    side = {"l_": "Left", "r_": "Right"}.get(joint[:2])
    return _NODES[joint[2:]].format(side) if side else None


def _measure(film: PoseSequence, sigma_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest turn of each calm frame [F], and how far hinges are off [H], degrees."""
    before, motion.SIGMA_S = motion.SIGMA_S, sigma_s
    found = np.concatenate([block.turns for block in motion.blocks(film)])
    motion.SIGMA_S = before
    step = np.swapaxes(found[:-1], -1, -2) @ found[1:]
    steps = _degrees((np.trace(step, axis1=-2, axis2=-1) - 1) / 2).max(axis=1)
    hinges = []
    for place in motion.HINGED:
        low = found[:, place + 1]
        axis = np.stack([low[:, j, i] - low[:, i, j] for i, j in ((1, 2), (2, 0), (0, 1))], -1) / 2
        sine = np.linalg.norm(axis, axis=-1)
        bent = (sine > np.sin(np.radians(_BENT_DEG))) | (np.trace(low, axis1=1, axis2=2) < 1)
        expected = motion.hinge_at_rest(rig.BONES[place])
        hinges.append(_degrees(turns.unit(axis[bent]) @ expected))
    return steps[_is_calm(film)], np.concatenate(hinges)


def _is_calm(film: PoseSequence) -> np.ndarray:
    joints = markers.y_up(film.rows["joints_3d"])
    pairs = [pair for pairs in rig.LENGTHS.values() for pair in pairs]
    pairs.append(("r_shoulder", "l_shoulder"))
    starts, ends = (np.array([joint_index(pair[i]) for pair in pairs]) for i in (0, 1))
    bones = turns.unit(joints[:, ends] - joints[:, starts])
    return _degrees((bones[1:] * bones[:-1]).sum(axis=-1)).max(axis=1) < _CALM_DEG


def _degrees(cosine: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


if __name__ == "__main__":
    cli.run(main, tensorflow=False)
