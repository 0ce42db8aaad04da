"""Random surroundings of a mannequin: the lab, or a room or open ground with clutter."""

import numpy as np

from hg3d_tf.skeleton import PELVIS
from synthetic_humans import rooms
from synthetic_humans.blocks import clutter, merge_blocks, occluder
from synthetic_humans.camera import Camera
from synthetic_humans.light import random_light
from synthetic_humans.mannequin import rendering
from synthetic_humans.mannequin.subject import Subject, seat
from synthetic_humans.materials import Material, make_table, random_material
from synthetic_humans.task import Task

_OCCLUDER_SHARE = 0.35


def make_scene(
    rng: np.random.Generator, subject: Subject, camera: Camera, task: Task
) -> rendering.Scene:
    """Draw what is round a person whom a camera sees."""
    wild = task.config == "wild"
    room = rooms.wild_room(rng, camera) if wild else rooms.studio_room(rng)
    blocks = seat(subject)
    if wild:
        middle = subject.joints[PELVIS]
        blocks += clutter(rng, camera, middle, 1000 * subject.person.scale)
        if rng.random() < _OCCLUDER_SHARE:
            blocks += occluder(rng, camera, subject.joints)
    cloths = tuple(random_material(rng, (40, 500), 0.4) for _ in blocks)
    if not wild:
        cloths = (Material(np.array([0.35, 0.3, 0.27])),) * len(blocks)
    rows = (*subject.person.outfit.materials, *room.materials)
    return rendering.Scene(
        person=subject.person,
        body_vertices=subject.vertices,
        body_normals=subject.normals,
        blocks=merge_blocks(blocks, len(rows)),
        room=room,
        room_row=len(subject.person.outfit.materials),
        materials=make_table([*rows, *cloths]),
        light=random_light(rng, wild),
        backdrop=rooms.backdrop(rng, task.image_size)
        if room.outdoors
        else np.zeros((task.image_size, task.image_size, 3), np.float32),
    )
