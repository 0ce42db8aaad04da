"""Sheets of poses: each person over the photo, as the camera sees them, and from the side."""

import bisect
import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hg3d_tf import files
from hg3d_tf.pictures import space
from hg3d_tf.pictures.colours import LEFT, RIGHT
from hg3d_tf.pictures.skeleton_lines import TRUTH, draw_bones, draw_labels, smoothly

_HEIGHT = 360  # of a row, px
_WIDTHS = (120, 560)  # of the photo's part of it: narrowest and widest
_TITLE = 20  # px above a view
_VIEWS = (("as the camera sees it", 0.0), ("from the side", 70.0))
_ROOM = 0.3  # round the joints in the photo, in longer sides of their box


class ShownPose(NamedTuple):
    """A pose and the image that it was found in.

    Attributes:
      image: [H, W, 3], uint8 or float in [0, 1].
      joints_2d: [16, 2] px of it, (0, 0) being its top left corner.
      joints_3d: [16, 3] mm, camera frame.
      unclear: [16] bool, joints whose bones are dotted, or None.
      truth_2d, truth_3d: the true joints, drawn thin, or None.
      labels: texts beside joints in the photo, by the joint's place, or None.
      name: of the image, written below the views, or None.
    """

    image: np.ndarray
    joints_2d: np.ndarray
    joints_3d: np.ndarray
    unclear: np.ndarray | None = None
    truth_2d: np.ndarray | None = None
    truth_3d: np.ndarray | None = None
    labels: dict[int, str] | None = None
    name: str | None = None


def write(path: str | Path, poses: Sequence[ShownPose]) -> None:
    """Write a PNG with a row for each pose, wholly or not at all."""
    content = encoded(draw(poses))
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(content)


def encoded(sheet: Image.Image) -> bytes:
    """Return a sheet as PNG."""
    buffer = io.BytesIO()
    # A file is 5 % larger than by the default, 6, and written in two thirds of the time.
    sheet.save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def draw(poses: Sequence[ShownPose]) -> Image.Image:
    """Return the sheet."""
    photos = [_over_photo(pose) for pose in poses]
    widest = max(photo.width for photo in photos)
    width = widest + len(_VIEWS) * (_HEIGHT - _TITLE)
    sheet = Image.new("RGB", (width, _HEIGHT * len(poses)), "white")
    for number, (pose, photo) in enumerate(zip(poses, photos, strict=True)):
        top = _HEIGHT * number
        sheet.paste(photo, ((widest - photo.width) // 2, top))
        _draw_views(sheet, pose, widest, top)
    return sheet


def shown_part(pose: ShownPose) -> ShownPose:
    """Return a pose with only that part of its image, no larger than it is drawn."""
    left, top, right, bottom = _part(pose)
    image = Image.fromarray(_bytes(pose.image[top:bottom, left:right]))
    size = np.array(image.size)
    if image.height > _HEIGHT:
        image = image.resize(_drawn_size(image.size), Image.Resampling.BILINEAR, reducing_gap=2.0)

    def place(joints):
        return None if joints is None else (joints - [left, top]) * (image.size / size)

    moved = {"joints_2d": place(pose.joints_2d), "truth_2d": place(pose.truth_2d)}
    return pose._replace(image=np.asarray(image), **moved)


def _bytes(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype != np.uint8:
        pixels = np.uint8(255 * pixels + 0.5)
    return np.ascontiguousarray(pixels)


def _drawn_size(size: tuple[int, int]) -> tuple[int, int]:
    return max(1, round(size[0] * _HEIGHT / size[1])), _HEIGHT


def _draw_views(sheet: Image.Image, pose: ShownPose, left: int, top: int) -> None:
    pen, side = ImageDraw.Draw(sheet), _HEIGHT - _TITLE
    font = ImageFont.load_default(size=13)
    for number, (title, azimuth_deg) in enumerate(_VIEWS):
        x = left + number * side
        view = (pose.joints_3d, side, azimuth_deg, pose.unclear, pose.truth_3d)
        sheet.paste(space.draw_pose(*view), (x, top + _TITLE))
        middle = (x + side / 2, top + _TITLE / 2)
        pen.text(middle, title, fill="black", font=font, anchor="mm")
    _draw_legend(pen, pose, left, top + _TITLE / 2, font)
    if pose.name:
        text = _cut(pose.name, font, len(_VIEWS) * side - 2 * _TITLE)
        place, halo = (left + _TITLE, top + _HEIGHT - 4), dict(stroke_width=2, stroke_fill="white")
        pen.text(place, text, "black", font, "ls", **halo)


def _draw_legend(pen, pose: ShownPose, left: float, y: float, font) -> None:
    """Write what the lines mean, beside the views' titles."""
    x = left + _TITLE
    for text, colour in (("right", RIGHT), ("left", LEFT)):
        pen.text((x, y), text, fill=colour, font=font, anchor="lm")
        x += font.getlength(text + " ")
    first_end, second_end = (left + number * (_HEIGHT - _TITLE) - 4 for number in (1, 2))
    if pose.truth_3d is not None:
        pen.text((first_end, y), "thin: the truth", fill=TRUTH, font=font, anchor="rm")
    if pose.unclear is not None and np.any(pose.unclear):
        pen.text((second_end, y), "dotted: guessed", fill="black", font=font, anchor="rm")


def _cut(text: str, font, width_px: float) -> str:
    """Return as much of a text's end as fits: by their ends names of photos differ."""
    text = text.replace("\n", " ")

    def fits(start: int) -> bool:
        return font.getlength(shown(start)) <= width_px

    def shown(start: int) -> str:
        return "..." * (start > 0) + text[start:]

    return shown(0) if fits(0) else shown(bisect.bisect_left(range(len(text)), True, 1, key=fits))


def _over_photo(pose: ShownPose) -> Image.Image:
    """Return the part of the photo that shows the person, with the skeleton over it."""
    left, top, right, bottom = _part(pose)
    image = Image.fromarray(_bytes(pose.image[top:bottom, left:right]))
    scale = _HEIGHT / image.height
    image = image.resize(_drawn_size(image.size), Image.Resampling.BILINEAR, reducing_gap=2.0)

    def draw_over(pen, finer: int) -> None:
        def place(joints):
            return (joints - [left, top]) * (scale * finer)

        if pose.truth_2d is not None:
            draw_bones(pen, place(pose.truth_2d), 1.5 * finer, colour=TRUTH)
        draw_bones(pen, place(pose.joints_2d), 4 * finer, pose.unclear, dots=True)
        draw_labels(pen, place(pose.joints_2d), pose.labels or {}, 14 * finer)

    return smoothly(image, draw_over)


def _part(pose: ShownPose) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of the image's part round the joints, px."""
    height, width = pose.image.shape[:2]
    joints = np.clip(pose.joints_2d, 0, [width, height])
    low, high = joints.min(0), joints.max(0)
    room = _ROOM * max(*(high - low), 8)
    low = np.clip(low - room, 0, None)
    high = np.clip(high + room, None, [width, height])
    # The row's height decides the size: neither a slit nor a panorama.
    narrow, wide = (share / _HEIGHT * (high[1] - low[1]) for share in _WIDTHS)
    if high[0] - low[0] > wide:
        low[1], high[1] = _grown(low[1], high[1], (high[0] - low[0]) * _HEIGHT / _WIDTHS[1], height)
    elif high[0] - low[0] < narrow:
        low[0], high[0] = _grown(low[0], high[0], narrow, width)
    left, top = np.floor(low).astype(int)
    right, bottom = np.maximum(np.ceil(high).astype(int), [left + 1, top + 1])
    return int(left), int(top), int(right), int(bottom)


def _grown(low: float, high: float, length: float, limit: float) -> tuple[float, float]:
    """Return an interval of `length` round another, as far as there is room up to `limit`."""
    low = max(0.0, min((low + high - length) / 2, limit - length))
    return low, min(limit, low + length)
