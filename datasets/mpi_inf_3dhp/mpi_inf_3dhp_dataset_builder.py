"""TFDS builder of MPI-INF-3DHP."""

import dataclasses
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import MPI_INF_3DHP_17_NAMES
from mpi_inf_3dhp.mpi_inf_3dhp_test_set import SCENES, photo_path, read_frames, valid_frames
from mpi_inf_3dhp.mpi_inf_3dhp_train import read_video
from preparation.pose_builder import PoseBuilder, require_tree
from preparation.stored_crop import Storage
from preparation.units import Skipped, Unit, left_out

NUM_CAMERAS = 14
TEST_FOLDER = "mpi_inf_3dhp_test_set"
EXPECTED_TREE = (
    "S1/Seq1/{annot.mat, camera.calibration, imageSequence/video_0.avi ...} and"
    f" {TEST_FOLDER}/TS1/{{annot_data.mat, imageSequence/img_000001.jpg ...}}, or one of both"
)
FRAMES_PER_UNIT = 200
# For the progress bar: about this many frames has a video.
_FRAMES_PER_VIDEO = 8000


@dataclasses.dataclass
class MpiInf3dhpConfig(tfds.core.BuilderConfig):
    """Every how many-th frame of the training videos is taken."""

    step: int = 5


def find_test_sequences(manual_dir: Path) -> list[Path]:
    """Return the folders TS1 to TS6 that are there, also where an archive was unpacked in a folder.

    Of several of one name the outermost is taken.
    """
    found = {}
    for depth in ("", "*/", "*/*/"):
        for labels in sorted(manual_dir.glob(f"{depth}TS[1-6]/annot_data.mat")):
            found.setdefault(labels.parent.name, labels.parent)
    return [found[name] for name in SCENES if name in found]


class Builder(PoseBuilder):
    """Prepares MPI-INF-3DHP: train is S1..S8 in all cameras, test the valid frames of TS1..TS6."""

    BUILDER_CONFIGS: ClassVar = [
        MpiInf3dhpConfig(name="every5", description="Every 5th training frame.", step=5),
        MpiInf3dhpConfig(name="all", description="Every training frame.", step=1),
    ]
    ORIGINALS: ClassVar = (
        *(f"S[1-8]/Seq[12]/{name}" for name in ("annot.mat", "camera.calibration")),
        "S[1-8]/Seq[12]/imageSequence",
        *("TS[1-6]", "*/TS[1-6]", "*/*/TS[1-6]"),
    )
    storage = Storage(size=384, margin=1.5)

    def extra_features(self) -> dict:
        count = len(MPI_INF_3DHP_17_NAMES)
        number = tfds.features.Scalar(dtype=np.int32)
        joints_3d_17 = tfds.features.Tensor(shape=(count, 3), dtype=np.float32)
        return {
            "joints_2d_17": tfds.features.Tensor(shape=(count, 2), dtype=np.float32),
            "joints_3d_17": joints_3d_17,
            "joints_3d_universal_17": joints_3d_17,
            "visible_17": tfds.features.Tensor(shape=(count,), dtype=np.bool_),
            "subject": tfds.features.Text(),
            "sequence": tfds.features.Text(),
            "camera": number,
            "frame": number,
            "scene": tfds.features.Text(),
            "activity": number,
            "extrinsics": tfds.features.Tensor(shape=(3, 4), dtype=np.float32),
        }

    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        training = sorted(path.parent for path in manual_dir.glob("S[1-8]/Seq[12]/annot.mat"))
        tests = find_test_sequences(manual_dir)
        require_tree(manual_dir, EXPECTED_TREE, bool(training or tests))
        return {
            "train": [self._video(folder, n) for folder in training for n in range(NUM_CAMERAS)],
            "test": [unit for folder in tests for unit in self._test_units(folder)],
        }

    def _video(self, sequence, video):
        key = f"{sequence.parent.name}/{sequence.name}/video_{video}"
        step = self.builder_config.step
        arguments = {"sequence": sequence, "key": key, "video": video, "step": step}
        names = ("annot.mat", "camera.calibration", f"imageSequence/video_{video}.avi")
        files = tuple(sequence / name for name in names)
        arguments["storage"] = self.storage
        return Unit(key, read_video, arguments, files, -(-_FRAMES_PER_VIDEO // step))

    def _test_units(self, sequence):
        try:
            frames = valid_frames(sequence)
        except (UserError, OSError) as error:  # The other sequences are whole.
            yield Unit(sequence.name, left_out, {"items": [Skipped(sequence.name, str(error))]})
            return
        for first in range(0, len(frames), FRAMES_PER_UNIT):
            some = frames[first : first + FRAMES_PER_UNIT]
            arguments = {"sequence": sequence, "frames": some, "storage": self.storage}
            photos = (photo_path(sequence, index) for index in some)
            files = (sequence / "annot_data.mat", *photos)
            yield Unit(f"{sequence.name}_{first:05d}", read_frames, arguments, files, len(some))
