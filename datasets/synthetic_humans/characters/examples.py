"""One example from its number: character, pose, surroundings, picture, labels.

Runs in worker processes: no module that this one imports may import TensorFlow.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

from hg3d_tf.skeleton import PELVIS
from synthetic_humans.camera import frame_person
from synthetic_humans.characters import cameras, motion, rendering, tracing
from synthetic_humans.characters.stock import block_character, stock
from synthetic_humans.characters.subject import draw_subject
from synthetic_humans.characters.surroundings import make_scene
from synthetic_humans.labels import labels
from synthetic_humans.occlusion import occluded_joints
from synthetic_humans.task import Task, generator

_MEAN_BRIGHTNESS = 0.43  # that the exposure in a room aims at


def _develop(rng, image: np.ndarray, is_photo: bool) -> bytes:
    """Return the picture as JPEG after blur, brightness, noise."""
    if not is_photo:
        image = image * np.float32(np.clip(_MEAN_BRIGHTNESS / image.mean(), 0.7, 2.0))
    # Even noise, which is drawn five times as fast as normal noise of that spread.
    noise = rng.uniform(0, 0.025) * 12**0.5
    grain = rng.random(image.shape, np.float32) - np.float32(0.5)
    image = image * np.float32(rng.uniform(0.8, 1.2)) + np.float32(noise) * grain
    picture = Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.5:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.9)))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=int(rng.integers(60, 96)))
    return encoded.getvalue()


def make_example(task: Task) -> dict:
    """Return the fields of one example; `image` is JPEG bytes."""
    in_lab = task.domain == "studio"
    rng = generator(task, 0, task.index)
    character = block_character(task, 1)
    pool = stock(task.assets_dir, task.split).pool
    spot = rng.uniform(-900, 900, 2) if in_lab else np.zeros(2)
    subject = draw_subject(rng, character, pool, task.domain, spot)
    if in_lab:
        camera = cameras.lab_camera(rng)
    else:
        facing = motion.heading(subject.pose.rotations[0])
        from_anywhere = task.domain in ("street", "sport")
        camera = cameras.photo_camera(rng, subject.joints[PELVIS], facing, from_anywhere)
    joints = camera.to_camera(subject.joints)
    intrinsics, crop_center, crop_side = frame_person(joints, task.image_size)
    scene = make_scene(rng, task, subject, camera)
    tracer = tracing.Tracer(scene.things, camera, scene.room, scene.room_row)
    picture = rendering.render(scene, tracer, camera, intrinsics, rng)
    return labels(
        task,
        _develop(rng, picture.image, scene.room is None),
        joints,
        occluded_joints(tracer, camera, joints, 1.0),
        intrinsics,
        crop_center,
        crop_side,
        subject.pose.kind,
    )
