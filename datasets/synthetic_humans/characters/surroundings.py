"""Random surroundings of a subject: the lab; a photo or a room with other people and things."""

from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import PELVIS
from synthetic_humans import rooms
from synthetic_humans.blocks import clutter, merge_blocks, occluder
from synthetic_humans.camera import Camera
from synthetic_humans.characters import looks, photos, scene, soup
from synthetic_humans.characters.stock import block_character, stock
from synthetic_humans.characters.subject import Subject, draw_subject, seat, soup_of
from synthetic_humans.light import random_light
from synthetic_humans.materials import Material, random_material
from synthetic_humans.task import Task

_ROOM_SHARE, _OCCLUDER_SHARE, _BYSTANDER_SHARE = 0.2, 0.25, 0.15


class Surroundings(NamedTuple):
    """What is around a subject."""

    blocks: list
    room: rooms.Room | None  # none before a photo
    bystander: Subject | None
    backdrop: np.ndarray  # [S, S, 3]


def _lab(rng, subject: Subject, size: int) -> Surroundings:
    del rng
    return Surroundings(seat(subject), None, None, np.zeros((size, size, 3), np.float32))


def _wild(rng, task: Task, subject: Subject, camera: Camera) -> Surroundings:
    store = stock(task.assets_dir, task.split)
    blocks, room, size = seat(subject), None, task.image_size
    if rng.random() < _ROOM_SHARE:
        room = rooms.wild_room(rng, camera)
        blocks += clutter(rng, camera, subject.joints[PELVIS], 1000)
    if rng.random() < _OCCLUDER_SHARE:
        blocks += occluder(rng, camera, subject.joints)
    bystander = None
    if rng.random() < _BYSTANDER_SHARE:
        bystander = _bystander(rng, task, subject, camera)
    photo = store.photos[rng.integers(len(store.photos))]
    return Surroundings(blocks, room, bystander, photos.random_view(rng, photo, size))


def _bystander(rng, task: Task, subject: Subject, camera: Camera) -> Subject:
    """Draw another person beside, before or behind the subject."""
    pool = stock(task.assets_dir, task.split).pool
    other = block_character(task, 2)
    aside = rng.choice([-1, 1]) * rng.uniform(550, 1500)
    offset = aside * camera.rotation[0] + rng.uniform(-700, 2500) * camera.rotation[2]
    spot = subject.joints[PELVIS] + offset
    return draw_subject(rng, other, pool, "studio", spot[[0, 2]])


def _lab_room(rng) -> rooms.Room:
    room = rooms.studio_room(rng)
    half = np.array([rng.uniform(3700, 5000), rng.uniform(3700, 5000)])
    return room._replace(low=-half, high=half)


def make_scene(
    rng: np.random.Generator, task: Task, subject: Subject, camera: Camera
) -> scene.Scene:
    """Draw what is around a subject, its colours and the light."""
    wild = task.domain != "studio"
    store = stock(task.assets_dir, task.split)
    around = _wild(rng, task, subject, camera) if wild else _lab(rng, subject, task.image_size)
    room = around.room if wild else _lab_room(rng)
    rows, things, ground = [], [], None
    for person in (subject, around.bystander):
        if person is not None:
            things.append(soup_of(person, len(rows), person is subject))
            rows += looks.random_looks(rng, person.character.slots, len(store.textures))
    if around.blocks:
        things.append(soup.of_blocks(merge_blocks(around.blocks, len(rows))))
        rows += [_block_look(rng, wild) for _ in around.blocks]
    room_row = len(rows)
    if room:
        rows += [looks.Look(material) for material in room.materials]
    elif subject.pose.kind in ("upright", "lying"):
        ground = subject.joints[PELVIS, [0, 2]]
    light = random_light(rng, wild)
    if not room:
        tint = np.einsum("yxc->c", around.backdrop)  # a mean takes five times as long
        light = light._replace(ambient=light.ambient * (0.65 + 0.35 * tint / tint.mean()))
    return scene.Scene(
        things,
        room,
        room_row,
        ground,
        looks.make_looks(rng, rows, store.textures),
        light,
        around.backdrop,
    )


def _block_look(rng, wild: bool) -> looks.Look:
    if wild:
        return looks.Look(random_material(rng, (40, 500), 0.4))
    return looks.Look(Material(np.array([0.35, 0.3, 0.27]) * rng.uniform(0.5, 1.5)))
