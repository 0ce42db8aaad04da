"""One example of the dataset from its number: person, pose, surroundings, picture, labels.

Runs in worker processes: no module that this one imports may import TensorFlow.
"""

import functools
import io
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from hg3d_tf.skeleton import PELVIS
from synthetic_humans import people, poses, rendering, scenes
from synthetic_humans.kinematics import forward_kinematics, posed_joints
from synthetic_humans.mannequin import TEMPLATE, part_index, skin
from synthetic_humans.materials import Material, make_table, random_material
from synthetic_humans.occlusion import occluded_joints

CONFIGS = ("studio", "wild", "studio_makehuman", "wild_makehuman", "street_makehuman")
SPLITS = ("train", "validation", "test")
JPEG_QUALITY = 92
_MEAN_BRIGHTNESS = 0.45  # that the camera's exposure aims at
_OCCLUDER_SHARE = 0.35
_STUDIO_PEOPLE = {"train": 12, "validation": 4, "test": 4}
# The square that the network sees: the joints' box and some flesh on every side, mm, times this.
_CROP_FACTOR = 1.15
_FLESH_MM = 80.0
# The stored window over the crop: context for augmentation.
_WINDOW_FACTOR = 1.15


class Task(NamedTuple):
    """Which example to make; the example is a pure function of it."""

    config: str
    split: str
    index: int
    seed: int
    image_size: int
    assets_dir: str | None = None  # where the characters' files are; none: the mannequin

    @property
    def domain(self) -> str:
        """Return "studio", "wild" or "street"."""
        return self.config.partition("_")[0]


def generator(task: Task, *stream: int) -> np.random.Generator:
    """Return the source of randomness of one stream of numbers of the task."""
    config, split = CONFIGS.index(task.config), SPLITS.index(task.split)
    return np.random.default_rng(np.random.SeedSequence([task.seed, config, split, *stream]))


@functools.lru_cache(maxsize=32)
def _studio_person(task: Task) -> people.Person:
    """Return the person number `task.index` of a split's few."""
    return people.random_person(generator(task, 1, task.index), variety=False)


class Subject(NamedTuple):
    """A posed person in the world frame, mm."""

    person: people.Person
    pose: poses.Pose
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    joints: np.ndarray  # [16, 3]


def place(person: people.Person, pose: poses.Pose, spot: np.ndarray) -> Subject:
    """Pose a person over the `spot` [2] (x, z) of the floor."""
    pivots = person.skeleton.pivots
    rotations, positions = forward_kinematics(pose.angles, pose.root, pivots)
    vertices, normals = skin(person.vertices, person.normals, pivots, rotations, positions)
    used = TEMPLATE.faces[person.faces]
    height = pose.lift_mm - vertices[used, 1].min()
    shift = np.array([spot[0], height, spot[1]])
    joints = posed_joints(person.skeleton, rotations, positions)
    return Subject(person, pose, vertices + shift, normals, joints + shift)


def _seat(subject: Subject) -> list:
    """Return a block to sit on, if the pose needs one."""
    if not subject.pose.seated:
        return []
    torso = subject.vertices[TEMPLATE.vertex_parts == part_index("torso")]
    height = torso[:, 1].min() + 8
    back = -subject.pose.root[:, 2] * [1, 0, 1]
    heading = np.arctan2(back[0], back[2])
    base = subject.joints[PELVIS] * [1, 0, 1] + 70 * back
    spin = scenes.axis_rotations(heading, 1)
    return [scenes.place_block(0, np.array([210, height / 2, 170]), spin, base)]


def _make_scene(
    rng: np.random.Generator, subject: Subject, camera: scenes.Camera, task: Task
) -> rendering.Scene:
    wild = task.config == "wild"
    room = scenes.wild_room(rng, camera) if wild else scenes.studio_room(rng)
    blocks = _seat(subject)
    if wild:
        middle = subject.joints[PELVIS]
        blocks += scenes.clutter(rng, camera, middle, 1000 * subject.person.scale)
        if rng.random() < _OCCLUDER_SHARE:
            blocks += scenes.occluder(rng, camera, subject.joints)
    cloths = tuple(random_material(rng, (40, 500), 0.4) for _ in blocks)
    if not wild:
        cloths = (Material(np.array([0.35, 0.3, 0.27])),) * len(blocks)
    rows = (*subject.person.outfit.materials, *room.materials)
    return rendering.Scene(
        person=subject.person,
        body_vertices=subject.vertices,
        body_normals=subject.normals,
        blocks=scenes.merge_blocks(blocks, len(rows)),
        room=room,
        room_row=len(subject.person.outfit.materials),
        materials=make_table([*rows, *cloths]),
        light=scenes.random_light(rng, wild),
        backdrop=scenes.backdrop(rng, task.image_size)
        if room.outdoors
        else np.zeros((task.image_size, task.image_size, 3), np.float32),
    )


def project(joints: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Return the pixels [..., 2] of camera-frame points [..., 3]."""
    return joints[..., :2] / joints[..., 2:] * intrinsics[:2] + intrinsics[2:]


def frame_person(joints: np.ndarray, image_size: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Choose the stored window around a person.

    Args:
      joints: [16, 3] camera frame, mm.
      image_size: px.

    Returns:
      The window's intrinsics [4], and the crop's centre [2] and side in it, px.
    """
    flat = joints[:, :2] / joints[:, 2:]
    low, high = flat.min(axis=0), flat.max(axis=0)
    flesh = 2 * _FLESH_MM / joints[PELVIS, 2]
    side = _CROP_FACTOR * ((high - low).max() + flesh)
    focal = image_size / (_WINDOW_FACTOR * side)
    middle = np.full(2, image_size / 2)
    principal = middle - focal * (low + high) / 2
    return np.array([focal, focal, *principal]), middle, focal * side


def _develop(rng: np.random.Generator, image: np.ndarray, wild: bool) -> bytes:
    """Return the picture as JPEG after exposure, blur and noise."""
    exposure = np.clip(_MEAN_BRIGHTNESS / image.mean(), 0.7, 1.8)
    gain = exposure * (rng.uniform(0.75, 1.25) if wild else rng.uniform(0.95, 1.05))
    noise = rng.uniform(0, 0.03) if wild else 0.008
    grain = rng.standard_normal(image.shape, np.float32)
    exposed = image * np.float32(gain) + grain * np.float32(noise)
    picture = Image.fromarray((np.clip(exposed, 0, 1) * 255 + 0.5).astype(np.uint8))
    if wild and rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.9)))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=JPEG_QUALITY)
    return encoded.getvalue()


def draw_subject(rng: np.random.Generator, task: Task) -> tuple[Subject, scenes.Camera]:
    """Draw a person in a pose and a camera that sees it."""
    wild = task.config == "wild"
    if wild:
        person = people.random_person(rng, variety=True)
    else:
        number = int(rng.integers(_STUDIO_PEOPLE[task.split]))
        person = _studio_person(task._replace(index=number))
    pose = poses.random_pose(rng, person.skeleton, person.scale, wild)
    spot = np.zeros(2) if wild else rng.uniform(-900, 900, 2)
    subject = place(person, pose, spot)
    if wild:
        return subject, scenes.wild_camera(rng, subject.joints[PELVIS])
    return subject, scenes.studio_camera(int(rng.integers(len(scenes.STUDIO_CAMERAS_MM))))


def make_example(task: Task) -> dict:
    """Return the fields of one example; `image` is JPEG bytes."""
    rng = generator(task, 0, task.index)
    subject, camera = draw_subject(rng, task)
    joints = camera.to_camera(subject.joints)
    intrinsics, crop_center, crop_side = frame_person(joints, task.image_size)
    scene = _make_scene(rng, subject, camera, task)
    tracer = rendering.Tracer(scene, camera)
    picture = rendering.render(scene, tracer, camera, intrinsics, task.image_size)
    wild = task.config == "wild"
    return labels(
        task,
        _develop(rng, picture.image, wild),
        joints,
        occluded_joints(tracer, camera, joints, subject.person.scale),
        intrinsics,
        crop_center,
        crop_side,
        subject.pose.kind,
    )


def labels(
    task: Task,
    image: bytes,
    joints: np.ndarray,
    occluded: np.ndarray,
    intrinsics: np.ndarray,
    crop_center: np.ndarray,
    crop_side: float,
    pose_kind: str,
) -> dict:
    """Return the fields of one example.

    Args:
      task: which one; the wild hides its 3D labels.
      image: JPEG.
      joints: [16, 3] camera frame, mm.
      occluded: [16].
      intrinsics, crop_center, crop_side: from `frame_person`.
      pose_kind: see poses.py.
    """
    joints_2d = project(joints, intrinsics)
    has_depth = task.domain != "wild"
    return {
        "key": f"{task.config}/{task.split}/{task.index:06d}",
        "image": image,
        "joints_2d": joints_2d.astype(np.float32),
        "visible": np.ones(len(joints), bool),
        "occluded": occluded,
        "joints_3d": (joints if has_depth else np.zeros_like(joints)).astype(np.float32),
        "truth": joints.astype(np.float32),
        "has_depth": has_depth,
        "intrinsics": intrinsics.astype(np.float32),
        "crop_center": crop_center.astype(np.float32),
        "crop_side": np.float32(crop_side),
        "box": np.concatenate([joints_2d.min(axis=0), joints_2d.max(axis=0)]).astype(np.float32),
        "pose_kind": pose_kind,
    }
