"""Reads Human3.6M's official release: videos and D3_Positions, into records."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cdflib
import numpy as np

from h36m.h36m_camera import PIXEL_SHIFT, Camera
from h36m.h36m_metadata import Recording
from hg3d_tf.data.joint_orders import H36M_17_FROM_32, MPII_16_FROM_H36M_17
from hg3d_tf.skeleton import NUM_JOINTS, PELVIS
from preparation.frame_image import FrameImage
from preparation.label_files import problem
from preparation.records import pose_record, stored, with_mid_shoulder_thorax
from preparation.stored_crop import Storage
from preparation.units import Skipped
from preparation.video import UnreadableVideo, decode_frames

# Side of the square of the box source "metric".
METRIC_SIDE_MM = 2000.0
_S9_SHIFTED = ("SittingDown 1", "Waiting 1", "Greeting")


@dataclasses.dataclass(frozen=True)
class Video:
    """One camera's video of a recording, and where its files are.

    Attributes:
      folder: of the release, with S1, S5, ...
      recording: the trial.
      camera_id: one of `h36m_metadata.CAMERA_IDS`.
      camera: its calibration.
    """

    folder: Path
    recording: Recording
    camera_id: str
    camera: Camera

    @property
    def key(self) -> str:
        return f"S{self.recording.subject}/{self.recording.prefix}/{self.camera_id}"

    @property
    def _subject_folder(self) -> Path:
        return self.folder / f"S{self.recording.subject}"

    @property
    def path(self) -> Path:
        return self._subject_folder / "Videos" / f"{self.recording.prefix}.{self.camera_id}.mp4"

    @property
    def world_poses(self) -> Path:
        folder = self._subject_folder / "MyPoseFeatures/D3_Positions"
        return folder / f"{self.recording.prefix}.cdf"

    @property
    def camera_poses(self) -> Path:
        folder = self._subject_folder / "MyPoseFeatures/D3_Positions_mono"
        return folder / f"{self.recording.prefix}.{self.camera_id}.cdf"


@dataclasses.dataclass(frozen=True)
class Choices:
    """What of the videos is taken, and how.

    Attributes:
      step: every step-th frame, from the first.
      box_source: "joints" (around the joints) or "metric" (2 m at the pelvis).
      correct_s9: move the misplaced labels of three of S9's recordings.
      storage: of the images.
    """

    step: int
    box_source: str
    correct_s9: bool
    storage: Storage


def is_known_corrupt(recording: Recording, camera_id: str) -> bool:
    """Return whether the release's own video is broken: S11, Directions, second trial."""
    trial = (recording.subject, recording.action, recording.subaction)
    return trial == (11, "Directions", 2) and camera_id == "54138969"


def correct_s9(world: np.ndarray, recording: Recording) -> np.ndarray:
    """Return world joints [..., 3] mm where they belong: three trials of S9 are 200 mm off in x.

    Source: the `correct_S9` option of metrabs.
    """
    shifted = recording.subject == 9 and recording.prefix in _S9_SHIFTED
    return world - np.array([200.0, 0, 0]) if shifted else world


def load_poses(video: Video, correct: bool) -> np.ndarray:
    """Return the joints [frames, 17, 3], mm in the camera frame.

    Raises:
      FileNotFoundError: if neither D3_Positions nor D3_Positions_mono has the recording.
    """
    camera = video.camera
    if video.world_poses.exists():
        world = _read_pose_variable(video.world_poses)
        return camera.from_world(correct_s9(world, video.recording) if correct else world)
    joints = _read_pose_variable(video.camera_poses)
    if not correct:
        return joints
    return camera.from_world(correct_s9(camera.to_world(joints), video.recording))


def _read_pose_variable(path: Path) -> np.ndarray:
    pose = np.asarray(cdflib.CDF(path).varget("Pose"), np.float64)
    return pose.reshape(-1, pose.shape[-1] // 3, 3)[:, H36M_17_FROM_32]


def read_video(video: Video, choices: Choices) -> Iterator[dict | Skipped]:
    """Yield the records of a video's frames."""
    if is_known_corrupt(video.recording, video.camera_id):
        yield Skipped(video.key, "the release's own video is corrupt")
        return
    try:
        joints_3d = load_poses(video, choices.correct_s9)
    except FileNotFoundError:
        yield Skipped(video.key, "no D3_Positions file")
        return
    except Exception as error:  # cdflib raises whatever a broken file leads it to.
        poses = video.world_poses if video.world_poses.exists() else video.camera_poses
        yield Skipped(video.key, problem(poses, "a CDF file of joints", error))
        return
    yield from _read_frames(video, joints_3d, choices)


def _read_frames(video, joints_3d, choices):
    wanted = range(0, len(joints_3d), choices.step)
    labels = _labels(video.camera, joints_3d[:: choices.step])
    fields = _fields_of_all_frames(video)
    last = -1
    missing = set(wanted)
    try:
        for last, frame in decode_frames(video.path, wanted):
            missing.remove(last)
            of_frame = {name: column[last // choices.step] for name, column in labels.items()}
            record = _record(_frame_key(video, last), of_frame, video.camera, choices.box_source)
            if isinstance(record, dict):
                record |= fields | {"frame": last + 1}
                record = stored(record, FrameImage(frame), choices.storage)
            yield record
    except FileNotFoundError:
        yield Skipped(video.key, "no video file")
        return
    except UnreadableVideo:
        yield Skipped(video.key, "unreadable video")
        return
    for index in sorted(missing):
        reason = "damaged frame" if index < last else "beyond the end of the video, or damaged"
        yield Skipped(_frame_key(video, index), reason)


def _frame_key(video, index):
    # Frames are numbered from 1, as in the authors' file names.
    return f"{video.key}/{index + 1:06d}"


def _labels(camera, joints_17):
    """Return the labels of frames [frames, 17, 3] mm, by name, all frames at once."""
    joints_3d = with_mid_shoulder_thorax(joints_17[:, list(MPII_16_FROM_H36M_17)])
    return {
        "joints_2d": _corner_px(camera, joints_3d),
        "joints_3d": joints_3d,
        "joints_2d_17": _corner_px(camera, joints_17),
        "joints_3d_17": joints_17,
    }


def _fields_of_all_frames(video):
    return {
        "visible_17": np.ones(len(H36M_17_FROM_32), bool),
        "subject": video.recording.subject,
        "action": video.recording.action,
        "subaction": video.recording.subaction,
        "camera": video.camera_id,
        "extrinsics": video.camera.extrinsics,
        "distortion": video.camera.distortion,
    }


def _record(key, labels, camera, box_source):
    if (labels["joints_3d_17"][:, 2] <= 0).any():
        return Skipped(key, "a joint behind the camera")
    square = _metric_square(camera, labels["joints_3d"]) if box_source == "metric" else None
    visible = np.ones(NUM_JOINTS, bool)
    return pose_record(key, visible=visible, intrinsics=camera.intrinsics, square=square, **labels)


def _corner_px(camera, joints_3d):
    return camera.project(joints_3d) + PIXEL_SHIFT


def _metric_square(camera, joints_3d):
    pelvis = joints_3d[PELVIS]
    return _corner_px(camera, pelvis), camera.focal.mean() * METRIC_SIDE_MM / pelvis[2]
