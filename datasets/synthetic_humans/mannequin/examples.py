"""One example from its number: person, pose, surroundings, picture, labels.

Runs in worker processes: no module that this one imports may import TensorFlow.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

from synthetic_humans.camera import frame_person
from synthetic_humans.labels import labels
from synthetic_humans.mannequin import rendering
from synthetic_humans.mannequin.subject import draw_subject
from synthetic_humans.mannequin.surroundings import make_scene
from synthetic_humans.occlusion import occluded_joints
from synthetic_humans.task import JPEG_QUALITY, Task, generator

_MEAN_BRIGHTNESS = 0.45  # that the camera's exposure aims at


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


def make_example(task: Task) -> dict:
    """Return the fields of one example; `image` is JPEG bytes."""
    rng = generator(task, 0, task.index)
    subject, camera = draw_subject(rng, task)
    joints = camera.to_camera(subject.joints)
    intrinsics, crop_center, crop_side = frame_person(joints, task.image_size)
    scene = make_scene(rng, subject, camera, task)
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
