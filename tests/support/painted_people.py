"""Small prepared datasets of stick people: every joint is a disc of its own colour."""

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image, ImageDraw

from hg3d_tf.data import schema
from hg3d_tf.skeleton import NUM_JOINTS, joint_index

SIZE = 160
FOCAL = 400.0
COLOURS = np.array([[255 * (i % 4) / 3, 255 * (i // 4) / 3, 128] for i in range(NUM_JOINTS)])

# A person with raised arms, mm, x right, y down, z forwards, seen from the front.
REST_POSE = {
    "r_ankle": (-150, 850, 30),
    "r_knee": (-140, 430, -40),
    "r_hip": (-130, 0, 0),
    "l_hip": (130, 0, 0),
    "l_knee": (140, 430, -40),
    "l_ankle": (150, 850, 30),
    "pelvis": (0, 0, 0),
    "thorax": (0, -480, 0),
    "upper_neck": (0, -550, -20),
    "head_top": (0, -760, -20),
    "r_wrist": (-560, -700, -60),
    "r_elbow": (-430, -480, 0),
    "r_shoulder": (-170, -480, 0),
    "l_shoulder": (170, -480, 0),
    "l_elbow": (430, -480, 0),
    "l_wrist": (560, -300, -60),
}


def random_person(rng: np.random.Generator) -> np.ndarray:
    """Return joints [16, 3] in mm in the camera frame: the rest pose, turned and shaken."""
    pose = np.zeros((NUM_JOINTS, 3))
    for name, position in REST_POSE.items():
        pose[joint_index(name)] = position
    pose += rng.normal(0, 40, pose.shape)
    angle = rng.uniform(-np.pi, np.pi)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    pose = pose @ turn.T + [rng.normal(0, 200), rng.normal(0, 100), rng.uniform(5000, 7000)]
    return pose


def project(joints_3d: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Return the pinhole projection [16, 2] px."""
    return joints_3d[:, :2] / joints_3d[:, 2:] * intrinsics[:2] + intrinsics[2:]


def paint(joints_2d: np.ndarray, size: int = SIZE, radius: float = 3) -> Image.Image:
    """Return a grey image with a disc at every joint, the last joint on top."""
    # Painted at 4 times the size and reduced, for an exact centre.
    image = Image.new("RGB", (4 * size, 4 * size), (60, 60, 60))
    canvas = ImageDraw.Draw(image)
    for (x, y), colour in zip(joints_2d * 4 - 0.5, COLOURS, strict=True):
        r = 4 * radius
        canvas.ellipse((x - r, y - r, x + r, y + r), fill=tuple(int(c) for c in colour))
    return image.resize((size, size), Image.Resampling.BOX)


def example(index: int, split: str, has_depth: bool, truth: bool) -> dict:
    """Return one example of the schema."""
    rng = np.random.default_rng([index, len(split), has_depth])
    joints_3d = random_person(rng)
    intrinsics = np.array([FOCAL, FOCAL, SIZE / 2, SIZE / 2])
    joints_2d = project(joints_3d, intrinsics)
    low, high = joints_2d.min(0), joints_2d.max(0)
    record = {
        "key": f"{split}/{index:04d}",
        "image": np.asarray(paint(joints_2d)),
        "joints_2d": joints_2d.astype(np.float32),
        "visible": np.ones(NUM_JOINTS, bool),
        "occluded": np.zeros(NUM_JOINTS, bool),
        "joints_3d": (joints_3d if has_depth else np.zeros((NUM_JOINTS, 3))).astype(np.float32),
        "has_depth": has_depth,
        "intrinsics": intrinsics.astype(np.float32),
        "crop_center": ((low + high) / 2).astype(np.float32),
        "crop_side": np.float32(1.25 * (high - low).max()),
        "box": np.concatenate([low, high]).astype(np.float32),
    }
    return record | ({schema.TRUTH_3D: joints_3d.astype(np.float32)} if truth else {})


def store(
    name: str, data_dir: str, has_depth: bool, counts: dict[str, int], truth: bool = True
) -> None:
    """Write a prepared dataset of that many people per split; `truth` is 3D for evaluation."""
    truth = truth and not has_depth
    fields = {schema.TRUTH_3D: tfds.features.Tensor(shape=(NUM_JOINTS, 3), dtype=np.float32)}
    features = schema.pose_features(jpeg=False, **(fields if truth else {}))
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=features,
        split_datasets={
            split: [(i, example(i, split, has_depth, truth)) for i in range(count)]
            for split, count in counts.items()
        },
        data_dir=data_dir,
        disable_shuffling=False,
    )
