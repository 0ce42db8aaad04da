"""Bones as lines and dots on a Pillow image, whatever plane they are projected to."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hg3d_tf.pictures.colours import bone_colour
from hg3d_tf.skeleton import BONES

_FINER = 2  # drawn so many times as large, then reduced: smooth edges
TRUTH = "#303030"
_LABEL = 3  # height of labels over a film, thicknesses of a bone
_LEAST_LABEL_PX = 8.0


def film_thickness(size: tuple[int, int]) -> float:
    """Return the thickness of a bone over a film's frame of this width and height, px."""
    return max(2.0, min(size) / 120)


def film_label_px(size: tuple[int, int]) -> float:
    """Return the height of labels over a film's frame of this width and height."""
    return max(_LEAST_LABEL_PX, _LABEL * film_thickness(size))


def draw_bones(
    pen: ImageDraw.ImageDraw,
    points: np.ndarray,
    thickness: float,
    unclear: np.ndarray | None = None,
    order=BONES,
    colour: str | None = None,
    dots: bool = False,
) -> None:
    """Draw a skeleton.

    Args:
      pen: of the image.
      points: [16, 2] px of it.
      thickness: of a bone, px.
      unclear: [16] bool, joints whose bones are dotted; none by default.
      order: the bones, the ones drawn first being covered by the others.
      colour: of all bones; by default that of their side.
      dots: mark the joints, in white, unclear ones by rings.
    """
    unclear = np.zeros(len(points), bool) if unclear is None else unclear
    for bone in order:
        start, end = points[list(bone)]
        draw = _dotted if unclear[list(bone)].any() else _line
        draw(pen, start, end, thickness, colour or bone_colour(bone))
    if dots:
        for point, is_unclear in zip(points, unclear, strict=True):
            _dot(pen, point, 0.75 * thickness, None if is_unclear else "white", "white")


def draw_labels(
    pen: ImageDraw.ImageDraw, points: np.ndarray, labels: dict[int, str], size: float
) -> None:
    """Write texts to the right of joints, white in black, `size` px high.

    Args:
      pen: of the image.
      points: [16, 2] px of it.
      labels: text by place of the joint.
      size: px.
    """
    font = ImageFont.load_default(size=max(_LEAST_LABEL_PX, size))
    outline = max(1, round(size / 10))
    for joint, text in labels.items():
        place = (float(points[joint][0] + 0.6 * size), float(points[joint][1]))
        pen.text(place, text, "white", font, "lm", stroke_width=outline, stroke_fill="black")


def _line(pen, start, end, thickness: float, colour: str) -> None:
    pen.line([*map(float, (*start, *end))], fill=colour, width=max(1, round(thickness)))
    for point in (start, end):
        _dot(pen, point, thickness / 2, colour)


def _dotted(pen, start, end, thickness: float, colour: str) -> None:
    count = max(2, int(np.hypot(*(end - start)) / (2.2 * thickness)))
    for share in np.linspace(0, 1, count):
        _dot(pen, start + share * (end - start), 0.6 * thickness, colour)


def _dot(pen, point, radius: float, fill: str | None, outline: str | None = None) -> None:
    x, y = map(float, point)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=outline)


def smoothly(image: Image.Image, draw) -> Image.Image:
    """Return a copy of an RGB image on which `draw(pen, scale)` drew, with smooth edges.

    `draw` gets a pen of a layer that is `scale` times as large as the image.
    """
    size = tuple(_FINER * side for side in image.size)
    layer = Image.new("RGBA", size)
    draw(ImageDraw.Draw(layer), _FINER)
    drawn = image.convert("RGB")
    small = layer.convert("RGBa").reduce(_FINER).convert("RGBA")
    drawn.paste(small, mask=small)
    return drawn
