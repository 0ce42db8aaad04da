"""One example from its number: character, pose, surroundings, picture, labels.

Runs in worker processes: no module that this one imports may import TensorFlow.
"""

import functools
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from hg3d_tf.skeleton import PELVIS
from synthetic_humans import scenes
from synthetic_humans.characters import (
    assets,
    cameras,
    looks,
    motion,
    photos,
    poses,
    rendering,
    soup,
)
from synthetic_humans.characters.character import (
    Character,
    random_character,
    read_wardrobe,
    rest_joints,
    skin,
)
from synthetic_humans.characters.retarget import mpii_joints
from synthetic_humans.examples import Task, frame_person, generator, labels
from synthetic_humans.kinematics import axis_rotations
from synthetic_humans.materials import Material, random_material
from synthetic_humans.occlusion import occluded_joints

# So many examples in a row share a character's body and clothes, not their colours: dressing one
# takes longer than rendering it. As many as a worker takes at once.
BLOCK = 16
_ROOM_SHARE, _OCCLUDER_SHARE, _BYSTANDER_SHARE = 0.2, 0.25, 0.15
_GROUND_MM = 1800.0
_MEAN_BRIGHTNESS = 0.43  # that the exposure in a room aims at


class Stock(NamedTuple):
    """What a split's examples are made from."""

    folder: Path
    pool: motion.MotionPool
    photos: list[Path]
    textures: np.ndarray


@functools.lru_cache(maxsize=3)
def stock(folder: str, split: str) -> Stock:
    """Read the assets of a split, once in each process."""
    path = Path(folder)
    body = read_wardrobe(path / "makehuman").body
    return Stock(
        path,
        motion.read_pool(assets.motion_clips(path, split), rest_joints(body, body.vertices)),
        assets.background_photos(path, split),
        looks.read_textures(assets.cloth_textures(path)),
    )


@functools.lru_cache(maxsize=4)
def _character(task: Task, stream: int) -> Character:
    """Return the character of the block number `task.index` of a stream."""
    wardrobe = read_wardrobe(Path(task.assets_dir) / "makehuman")
    return random_character(generator(task, stream, task.index), wardrobe)


def _block_character(task: Task, stream: int) -> Character:
    return _character(task._replace(index=task.index // BLOCK, image_size=0), stream)


class Subject(NamedTuple):
    """A posed character in the world frame, mm."""

    character: Character
    pose: poses.Pose
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    joints: np.ndarray  # [16, 3]


def draw_subject(rng, character: Character, pool, wild: bool, spot: np.ndarray) -> Subject:
    """Draw a pose and put the character over the `spot` [2] (x, z) of the floor."""
    pose, posed = poses.random_pose(rng, pool, character.rest, character.turns, wild)
    vertices, normals = skin(character, posed)
    joints = mpii_joints(posed, character.rest)
    shift = np.array([spot[0], pose.lift_mm - vertices[:, 1].min(), spot[1]])
    shift[[0, 2]] -= joints[PELVIS, [0, 2]]
    return Subject(character, pose, vertices + shift.astype(np.float32), normals, joints + shift)


def _soup_of(subject: Subject, first_row: int, labelled: bool) -> soup.Soup:
    character = subject.character
    parts = character.face_parts if labelled else np.full(len(character.faces), soup.NO_PART)
    return soup.Soup(
        subject.vertices,
        subject.normals,
        character.vertices,
        character.tints,
        character.faces,
        first_row + character.face_slots,
        parts,
    )


def _seat(subject: Subject) -> list:
    """Return a block to sit on, if the pose needs one."""
    if not subject.pose.seated:
        return []
    hips = subject.joints[[2, 3]].mean(axis=0)
    height = max(hips[1] - 110, 60)
    facing = motion.heading(subject.pose.rotations[0])
    back = -np.array([np.sin(facing), 0, np.cos(facing)])
    base = subject.joints[PELVIS] * [1, 0, 1] + 60 * back
    spin = axis_rotations(facing, 1)
    return [scenes.place_block(0, np.array([210, height / 2, 190]), spin, base)]


class Surroundings(NamedTuple):
    """What is around a subject."""

    blocks: list
    room: scenes.Room | None  # none before a photo
    bystander: Subject | None
    backdrop: np.ndarray  # [S, S, 3]


def _lab(rng, subject: Subject, size: int) -> Surroundings:
    del rng
    return Surroundings(_seat(subject), None, None, np.zeros((size, size, 3), np.float32))


def _wild(rng, task: Task, subject: Subject, camera: scenes.Camera) -> Surroundings:
    store = stock(task.assets_dir, task.split)
    blocks, room, size = _seat(subject), None, task.image_size
    if rng.random() < _ROOM_SHARE:
        room = scenes.wild_room(rng, camera)
        blocks += scenes.clutter(rng, camera, subject.joints[PELVIS], 1000)
    if rng.random() < _OCCLUDER_SHARE:
        blocks += scenes.occluder(rng, camera, subject.joints)
    bystander = None
    if rng.random() < _BYSTANDER_SHARE:
        bystander = _bystander(rng, task, subject, camera)
    photo = store.photos[rng.integers(len(store.photos))]
    return Surroundings(blocks, room, bystander, photos.random_view(rng, photo, size))


def _bystander(rng, task: Task, subject: Subject, camera: scenes.Camera) -> Subject:
    """Draw another person beside, before or behind the subject."""
    pool = stock(task.assets_dir, task.split).pool
    other = _block_character(task, 2)
    aside = rng.choice([-1, 1]) * rng.uniform(550, 1500)
    offset = aside * camera.rotation[0] + rng.uniform(-700, 2500) * camera.rotation[2]
    spot = subject.joints[PELVIS] + offset
    return draw_subject(rng, other, pool, False, spot[[0, 2]])


def _lab_room(rng) -> scenes.Room:
    room = scenes.studio_room(rng)
    half = np.array([rng.uniform(3700, 5000), rng.uniform(3700, 5000)])
    return room._replace(low=-half, high=half)


def _make_scene(rng, task: Task, subject: Subject, camera: scenes.Camera) -> rendering.Scene:
    wild = task.config.startswith("wild")
    store = stock(task.assets_dir, task.split)
    around = _wild(rng, task, subject, camera) if wild else _lab(rng, subject, task.image_size)
    room = around.room if wild else _lab_room(rng)
    rows, things, ground = [], [], soup.nothing()
    for person in (subject, around.bystander):
        if person is not None:
            things.append(_soup_of(person, len(rows), person is subject))
            rows += looks.random_looks(rng, person.character.slots, len(store.textures))
    if around.blocks:
        things.append(soup.of_blocks(scenes.merge_blocks(around.blocks, len(rows))))
        rows += [_block_look(rng, wild) for _ in around.blocks]
    if room:
        ground = soup.of_room(room, len(rows))
        rows += [looks.Look(material) for material in room.materials]
    elif subject.pose.kind in ("upright", "lying"):
        ground = soup.of_ground(subject.joints[PELVIS, [0, 2]], _GROUND_MM)
    light = scenes.random_light(rng, wild)
    if not room:
        tint = around.backdrop.mean(axis=(0, 1))
        light = light._replace(ambient=light.ambient * (0.5 + 0.5 * tint / tint.mean()))
    return rendering.Scene(
        soup.join(things),
        ground,
        looks.make_looks(rng, rows, store.textures),
        light,
        around.backdrop,
        not room,
    )


def _block_look(rng, wild: bool) -> looks.Look:
    if wild:
        return looks.Look(random_material(rng, (40, 500), 0.4))
    return looks.Look(Material(np.array([0.35, 0.3, 0.27]) * rng.uniform(0.5, 1.5)))


def _develop(rng, image: np.ndarray, is_photo: bool) -> bytes:
    """Return the picture as JPEG after blur, brightness, noise."""
    if not is_photo:
        image = image * np.float32(np.clip(_MEAN_BRIGHTNESS / image.mean(), 0.7, 2.0))
    noise = rng.uniform(0, 0.025)
    image = image * np.float32(rng.uniform(0.8, 1.2)) + np.float32(noise) * rng.standard_normal(
        image.shape, np.float32
    )
    picture = Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.9)))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=int(rng.integers(60, 96)))
    return encoded.getvalue()


def make_example(task: Task) -> dict:
    """Return the fields of one example; `image` is JPEG bytes."""
    wild = task.config.startswith("wild")
    rng = generator(task, 0, task.index)
    character = _block_character(task, 1)
    pool = stock(task.assets_dir, task.split).pool
    spot = np.zeros(2) if wild else rng.uniform(-900, 900, 2)
    subject = draw_subject(rng, character, pool, wild, spot)
    if wild:
        facing = motion.heading(subject.pose.rotations[0])
        camera = cameras.photo_camera(rng, subject.joints[PELVIS], facing)
    else:
        camera = cameras.lab_camera(rng)
    joints = camera.to_camera(subject.joints)
    intrinsics, crop_center, crop_side = frame_person(joints, task.image_size)
    scene = _make_scene(rng, task, subject, camera)
    tracer = rendering.Tracer(scene.things, scene.around, camera)
    picture = rendering.render(scene, tracer, camera, intrinsics, rng)
    return labels(
        task,
        _develop(rng, picture.image, scene.is_photo),
        joints,
        occluded_joints(tracer, camera, joints, 1.0),
        intrinsics,
        crop_center,
        crop_side,
        subject.pose.kind,
    )
