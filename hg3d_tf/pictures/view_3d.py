"""Poses in 3D as a page for the browser, beside their pictures: to be turned, and played.

The page is one file, at most `MAX_BYTES` large, and needs neither a library nor the network.
"""

import base64
import bisect
import functools
import html
import io
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from hg3d_tf import files
from hg3d_tf.pictures.colours import LEFT, MIDDLE, RIGHT, bone_colour
from hg3d_tf.skeleton import BONES, JOINT_NAMES, PELVIS

MAX_BYTES = 1_500_000
_BYTES_OF_POSES, _BYTES_OF_PERSON, _BYTES_OF_SCRIPT = 450_000, 500, 100_000  # at most
_SIDES_PX = (1200, 1040, 900, 780, 680, 590, 510, 440, 385, 335, 290, 250, 220, 190, 160)
_QUALITY = 78
_ROOM = 0.25  # round the people, in longer sides of the box of all joints
_PLACED_MM = 0.5  # from the pelvis to the origin, along the floor, of somebody who has a place
_ORIGINS = {"pelvis": "the pelvis", "camera": "the camera", "floor": "a point of the floor"}


class ShownPerson(NamedTuple):
    """A pose in a page.

    Attributes:
      joints_2d: [16, 2] px of the image.
      joints_3d: [16, 3] mm, x right, y down, z forwards; see `ShownSpace`.
      unclear: [16] bool, joints whose bones are dotted.
      texts: beside joints of the drawn image, by the joint's place.
    """

    joints_2d: np.ndarray
    joints_3d: np.ndarray
    unclear: np.ndarray
    texts: Mapping[int, str] = {}


class ShownSpace(NamedTuple):
    """What millimetres and axes of a page's 3D joints mean, in the words of `poses.json`.

    Attributes:
      size: "average": of a person of average size; "metric": the person's own.
      origin: "pelvis", "camera" or "floor": a point of the floor.
      axes: "camera", or "level": y goes towards the ground.
    """

    size: str = "average"
    origin: str = "pelvis"
    axes: str = "camera"


_AVERAGE = ShownSpace()


class Shot(NamedTuple):
    """A photo or a frame of a film with the people in it.

    Attributes:
      people: in it.
      image: [H, W, 3] uint8, or None: that of an earlier shot stays.
      seconds: since the film's beginning.
    """

    people: Sequence[ShownPerson]
    image: np.ndarray | None = None
    seconds: float = 0.0


def thinned(count: int, people: int = 1) -> np.ndarray:
    """Return which of a film's frames, by number, a page has room for: all, or every so many.

    Args:
      count: of the film's frames.
      people: in a frame, at most.
    """
    room = max(2, _BYTES_OF_POSES // (_BYTES_OF_PERSON * max(1, people)))
    return np.unique(np.linspace(0, count - 1, min(count, room)).round().astype(int))


def write(
    path: Path,
    title: str,
    shots: Sequence[Shot],
    drawn: bool = False,
    space: ShownSpace = _AVERAGE,
    text_px: float = 0.0,
) -> None:
    """Write the page.

    Args:
      path: of the HTML file.
      title: above all.
      shots: a photo, or frames to be shown one after the other; see `thinned`.
      drawn: the images show the skeletons already.
      space: of the 3D joints.
      text_px: height of the people's texts in drawn images. The page writes over them, larger
        where they would be too small to be read.
    """
    shots = _round_the_people(shots)
    placed = _have_places(shots, space)
    scales, images = _images(shots, text_px)
    data = {
        "joints": JOINT_NAMES,
        "bones": [[*bone, bone_colour(bone)] for bone in BONES],
        "draws": not drawn,
        "origin": _ORIGINS[space.origin],
        "floor": _floor_mm(shots, space),
        "placed": placed,
        "images": images,
        "frames": [_frame(shot, scale) for shot, scale in zip(shots, scales, strict=True)],
    }
    parts = {
        "TITLE": html.escape(title),
        "RIGHT": RIGHT,
        "LEFT": LEFT,
        "MIDDLE": MIDDLE,
        "SPACE": _explained(space, placed),
        "SCRIPT": _resource("view_3d.js") + _resource("view_3d_hands.js"),
        "DATA": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    }
    page = _resource("view_3d.html")
    for name, text in parts.items():
        page = page.replace(f"%{name}%", text)
    files.write_text(path, page)


def _have_places(shots: Sequence[Shot], space: ShownSpace) -> bool:
    """Tell whether people stand where they were: on the floor they may be as from their pelvis."""
    if space.origin != "floor":
        return space.origin == "camera"
    along = [person.joints_3d[PELVIS, [0, 2]] for shot in shots for person in shot.people]
    return bool(along) and bool(np.abs(along).max() > _PLACED_MM)


def _floor_mm(shots: Sequence[Shot], space: ShownSpace) -> int | None:
    """Return the y of the floor; None where each person's lowest joint is on it."""
    if space.origin == "pelvis":
        return None
    lowest = [person.joints_3d[:, 1].max() for shot in shots for person in shot.people]
    return round(max(lowest)) if space.origin == "camera" and lowest else 0


def _explained(space: ShownSpace, placed: bool) -> str:
    """Return what the page says below of size, floor and place."""
    size = {"average": "those of a person of average size", "metric": "the persons' own"}
    floor = {
        "pelvis": "the lowest joint stands on the floor",
        "camera": "the floor is drawn under the lowest joint of all",
        "floor": "the lower foot stands on the floor",
    }
    lines = [
        f'Millimetres are {size[space.size]}; squares are <span id="square">250</span> mm wide,'
        f" and {floor[space.origin]}."
    ]
    if space.axes == "level":
        lines.append("The vertical is the ground's.")
    if placed:
        lines.append("People stand where they were before the camera.")
    else:
        lines.append("People stand side by side, in their order from the left.")
    return " ".join(lines)


def _resource(name: str) -> str:
    return resources.files("hg3d_tf.pictures").joinpath(name).read_text(encoding="utf-8")


def _round_the_people(shots: Sequence[Shot]) -> list[Shot]:
    """Return the shots with that part of their images in which anybody is in any of them."""
    joints = [person.joints_2d for shot in shots for person in shot.people]
    if not joints:
        return list(shots)
    size = next((shot.image.shape[1::-1] for shot in shots if shot.image is not None), np.inf)
    low, high = (np.clip(end(joints, axis=(0, 1)), 0, size) for end in (np.min, np.max))
    room = _ROOM * max(*(high - low), 8)
    left, top = np.floor(np.maximum(low - room, 0)).astype(int)
    right, bottom = np.ceil(high + room).astype(int)

    def part(shot: Shot) -> Shot:
        people = [p._replace(joints_2d=p.joints_2d - [left, top]) for p in shot.people]
        if shot.image is None:
            return shot._replace(people=people)
        return shot._replace(people=people, image=shot.image[top:bottom, left:right])

    return [part(shot) for shot in shots]


def _images(shots: Sequence[Shot], text_px: float) -> tuple[list[float], list[dict]]:
    """Return each shot's px of the page for a px of its image, and the images that fit in."""
    encoded = _largest_that_fit([shot.image for shot in shots], _room_for_images(shots))
    scale, scales, images = 1.0, [], []
    for i, (shot, made) in enumerate(zip(shots, encoded, strict=True)):
        if made is not None:
            content, size = made
            scale = size[0] / shot.image.shape[1]
            src = "data:image/jpeg;base64," + base64.b64encode(content).decode("ascii")
            image = {"frame": i, "size": size, "src": src, "text": round(text_px * scale, 2)}
            images.append(image | {"texts": [dict(p.texts) for p in _from_the_left(shot)]})
        scales.append(scale)
    return scales, images


def _room_for_images(shots: Sequence[Shot]) -> int:
    """Return how many bytes of JPEG a page has room for, beside its poses."""
    poses = sum(len(shot.people) for shot in shots) * _BYTES_OF_PERSON
    return (MAX_BYTES - _BYTES_OF_SCRIPT - poses) * 3 // 4  # base64


def _largest_that_fit(images: Sequence[np.ndarray | None], room: int) -> list:
    """Return the images as `_encoded` makes them, as large as all have room, None for None."""

    @functools.cache
    def of_side(side: int) -> list:
        return [None if image is None else _encoded(image, side) for image in images]

    def fit(side: int) -> bool:
        return sum(len(made[0]) for made in of_side(side) if made) <= room

    place = bisect.bisect_left(_SIDES_PX, True, key=fit)
    return of_side(_SIDES_PX[min(place, len(_SIDES_PX) - 1)])


def _encoded(pixels: np.ndarray, side: int) -> tuple[bytes, tuple[int, int]]:
    """Return an image as JPEG, its longest side at most `side` px, and its width and height."""
    image = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    image.thumbnail((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "jpeg", quality=_QUALITY)
    return buffer.getvalue(), image.size


def _frame(shot: Shot, scale: float) -> dict:
    people = [
        {
            "xy": np.round(person.joints_2d * scale).astype(int).tolist(),
            "xyz": np.round(person.joints_3d).astype(int).tolist(),
            "unclear": np.asarray(person.unclear, int).tolist(),
        }
        for person in _from_the_left(shot)
    ]
    return {"t": round(shot.seconds, 3), "people": people}


def _from_the_left(shot: Shot) -> list[ShownPerson]:
    return sorted(shot.people, key=lambda person: person.joints_2d[:, 0].mean())
