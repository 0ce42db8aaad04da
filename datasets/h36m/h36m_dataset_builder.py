"""TFDS builder of Human3.6M."""

import dataclasses
import itertools
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from h36m.h36m_authors import photo_paths, read_rows, split_rows
from h36m.h36m_metadata import CAMERA_IDS, load_metadata
from h36m.h36m_release import Choices, Video, read_video
from hg3d_tf.data.joint_orders import H36M_17_NAMES
from preparation.pose_builder import PoseBuilder, require_tree
from preparation.stored_crop import Storage
from preparation.units import Unit

SUBJECTS = {"train": (1, 5, 6, 7, 8), "test": (9, 11)}
# Name: step of train and of test frames. The first is the paper's.
FRAME_STEPS = {"paper": (5, 200), "every64": (64, 64), "all": (1, 1)}
RELEASE_TREE = (
    "metadata.xml and S1/Videos/*.mp4, S1/MyPoseFeatures/D3_Positions/*.cdf ..."
    " (S1, 5, 6, 7, 8, 9, 11)"
)
ROWS_PER_UNIT = 1000
# For the progress bar: about this many frames has a video.
_FRAMES_PER_VIDEO = 2500


@dataclasses.dataclass
class H36mConfig(tfds.core.BuilderConfig):
    """A choice of frames, boxes and labels of the official release, or of the authors' crops.

    Attributes:
      steps: every how many-th frame train and test take.
      box_source: see `h36m_release.Choices`, as for correct_s9.
      correct_s9: off, labels are those that published results are measured with.
      authors_file: name of the authors' annotations; with it, the rest is not used.
    """

    steps: tuple[int, int] = FRAME_STEPS["paper"]
    box_source: str = "joints"
    correct_s9: bool = False
    authors_file: str | None = None


def _release_configs():
    for (frames, steps), box, s9 in itertools.product(
        FRAME_STEPS.items(), ("joints", "metric"), (False, True)
    ):
        name = frames + ("_metric_box" if box == "metric" else "") + ("_s9_corrected" if s9 else "")
        about = f"Every {steps[0]}th frame of train, {steps[1]}th of test; box source: {box}."
        yield H36mConfig(name=name, description=about, steps=steps, box_source=box, correct_s9=s9)


def _authors_configs():
    for name, file in (("authors", "annotSampleTest.h5"), ("authors_full", "annotFullTest.h5")):
        about = f"The authors' 224 px crops, as listed in {file}."
        yield H36mConfig(name=name, description=about, authors_file=file)


class Builder(PoseBuilder):
    """Prepares Human3.6M: train is S1, 5, 6, 7, 8; test is S9, 11."""

    BUILDER_CONFIGS: ClassVar = [*_release_configs(), *_authors_configs()]
    ORIGINALS: ClassVar = (
        *("metadata.xml", "S*/Videos", "S*/MyPoseFeatures/D3_Positions*"),
        *("annot*.h5", "s_*_act_*", "images/s_*_act_*"),
    )
    # The person's square is stored with 256 px, the network's input.
    storage = Storage(size=384, margin=1.5)

    def extra_features(self) -> dict:
        count = len(H36M_17_NAMES)
        number = tfds.features.Scalar(dtype=np.int32)
        return {
            "joints_2d_17": tfds.features.Tensor(shape=(count, 2), dtype=np.float32),
            "joints_3d_17": tfds.features.Tensor(shape=(count, 3), dtype=np.float32),
            "visible_17": tfds.features.Tensor(shape=(count,), dtype=np.bool_),
            "subject": number,
            "action": tfds.features.Text(),
            "subaction": number,
            "camera": tfds.features.Text(),
            "frame": number,
            "extrinsics": tfds.features.Tensor(shape=(3, 4), dtype=np.float32),
            "distortion": tfds.features.Tensor(shape=(5,), dtype=np.float32),
        }

    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        if self.builder_config.authors_file:
            return self._authors_units(manual_dir)
        any_video = any(manual_dir.glob("S*/Videos/*.mp4"))
        present = any_video and (manual_dir / "metadata.xml").is_file()
        require_tree(manual_dir, RELEASE_TREE, present)
        metadata = load_metadata(manual_dir / "metadata.xml")
        steps = self.builder_config.steps
        return {
            split: list(
                self._release_units(manual_dir, metadata, _present(manual_dir, subjects), step)
            )
            for (split, subjects), step in zip(SUBJECTS.items(), steps, strict=True)
        }

    def _release_units(self, manual_dir, metadata, subjects, step):
        config = self.builder_config
        choices = Choices(step, config.box_source, config.correct_s9, self.storage)
        recordings = [r for r in metadata.recordings if r.subject in subjects]
        for recording, camera_id in itertools.product(recordings, CAMERA_IDS):
            camera = metadata.cameras[recording.subject, camera_id]
            video = Video(manual_dir, recording, camera_id, camera)
            files = (video.path, video.world_poses, video.camera_poses)
            arguments = {"video": video, "choices": choices}
            yield Unit(video.key, read_video, arguments, files, -(-_FRAMES_PER_VIDEO // step))

    def _authors_units(self, manual_dir):
        annotations = manual_dir / self.builder_config.authors_file
        images = manual_dir / "images" if (manual_dir / "images").is_dir() else manual_dir
        present = annotations.is_file() and any(images.glob("s_*_act_*"))
        tree = f"{annotations.name} and (images/)s_01_act_02_subact_01_ca_01/*.jpg ..."
        require_tree(manual_dir, tree, present)
        metadata = manual_dir / "metadata.xml"
        cameras = load_metadata(metadata).cameras if metadata.is_file() else {}
        return {
            split: [
                _authors_unit(annotations, images, rows, cameras)
                for rows in _chunks(split_rows(annotations, split == "train"))
            ]
            for split in SUBJECTS
        }


def _present(manual_dir, subjects):
    present = [subject for subject in subjects if (manual_dir / f"S{subject}").is_dir()]
    if len(present) < len(subjects):
        logging.warning("%s: of subjects %s only %s are there", manual_dir, subjects, present)
    return present


def _chunks(rows):
    return np.split(rows, range(ROWS_PER_UNIT, len(rows), ROWS_PER_UNIT)) if len(rows) else []


def _authors_unit(annotations, images, rows, cameras):
    arguments = {"annotations": annotations, "images": images, "rows": rows, "cameras": cameras}
    files = (annotations, *photo_paths(annotations, images, rows))
    return Unit(f"rows_{rows[0]:07d}", read_rows, arguments, files, len(rows))
