"""A pose in space, seen in parallel rays: on a floor of squares, beside a rule."""

import numpy as np
from PIL import Image, ImageFont

from hg3d_tf.pictures.skeleton_lines import TRUTH, draw_bones, smoothly
from hg3d_tf.skeleton import BONES

_SQUARE_MM = 250  # of the floor
_HALF_FLOOR_MM = 2 * _SQUARE_MM  # more where a pose is wider
_MARK_MM = 500  # from one mark of the rule to the next
_ELEVATION = np.deg2rad(12)
_EDGE = 0.06  # of the picture, left free
_WORDS_PX = 50  # beside the rule, for what its marks say
_FLOOR, _RULE, _SHADOW = "#dcdcdc", "#8a8a8a", "#c8c8c8"


def draw_pose(
    joints_3d: np.ndarray,
    side: int,
    azimuth_deg: float = 0.0,
    unclear: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> Image.Image:
    """Return a square picture of a pose.

    Args:
      joints_3d: [16, 3] mm, camera frame (x right, y down, z forwards).
      side: of the picture, px.
      azimuth_deg: how far the viewer walked round the person from the camera, to the right.
      unclear: [16] bool, joints whose bones are dotted.
      truth: [16, 3] mm, drawn thin and dark where it is given.
    """
    poses = joints_3d if truth is None else np.concatenate([joints_3d, truth])
    floor = _floor(poses)
    rule = _rule(poses, floor, azimuth_deg)
    project = _projection(np.concatenate([poses, floor.reshape(-1, 3), rule]), side, azimuth_deg)

    def draw(pen, scale: int) -> None:
        thickness = scale * side / 85
        for line in floor:
            pen.line(_corners(scale * project(line)), fill=_FLOOR, width=scale)
        _draw_rule(pen, scale * project(rule), scale)
        shadow = joints_3d * [1, 0, 1] + [0, floor[0, 0, 1], 0]
        draw_bones(pen, scale * project(shadow), 0.5 * thickness, colour=_SHADOW)
        order = _far_first(joints_3d, azimuth_deg)
        draw_bones(pen, scale * project(joints_3d), thickness, unclear, order)
        if truth is not None:
            draw_bones(pen, scale * project(truth), 0.35 * thickness, colour=TRUTH)

    return smoothly(Image.new("RGB", (side, side), "white"), draw)


def _turned(points: np.ndarray, azimuth_deg: float) -> np.ndarray:
    """Return points [N, 3] as the viewer has them: x right, y down, z away."""
    angle = np.deg2rad(azimuth_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return points @ turn.T


def _flat(points: np.ndarray, azimuth_deg: float) -> np.ndarray:
    """Return x and y [N, 2] mm of points in the viewer's picture."""
    x, down, away = _turned(points, azimuth_deg).T
    return np.stack([x, down * np.cos(_ELEVATION) - away * np.sin(_ELEVATION)], axis=1)


def _projection(shown: np.ndarray, side: int, azimuth_deg: float):
    """Return the function from points [N, 3] mm to px [N, 2] that fits `shown` into the picture."""
    flat = _flat(shown, azimuth_deg)
    low, high = flat.min(0), flat.max(0)
    free = side * (1 - 2 * _EDGE) - np.array([_WORDS_PX, 0])
    scale = (free / (high - low)).min()
    # The middle, or further right if the rule's words would not be in the picture.
    across = max(side / 2, side * (1 - _EDGE) - free[0] + scale * (high - low)[0] / 2)
    middle = np.array([across, side / 2])
    return lambda points: (_flat(points, azimuth_deg) - (low + high) / 2) * scale + middle


def _far_first(joints_3d: np.ndarray, azimuth_deg: float):
    away = _turned(joints_3d, azimuth_deg)[:, 2]
    return sorted(BONES, key=lambda bone: -away[list(bone)].mean())


def _floor(poses: np.ndarray) -> np.ndarray:
    """Return the lines [L, 2, 3] mm of a floor below the lowest joint.

    No joint is beyond its edge, so that a rule there stands beside the pose, not in it.
    """
    low, high = poses.min(0), poses.max(0)
    half = _SQUARE_MM * np.ceil((high - low) / 2 / _SQUARE_MM)
    x, z = (
        np.arange(-to, to + 1, _SQUARE_MM) + middle
        for to, middle in zip(
            np.maximum(half, _HALF_FLOOR_MM)[::2], (low + high)[::2] / 2, strict=True
        )
    )
    along_x = [[(x[0], high[1], at), (x[-1], high[1], at)] for at in z]
    along_z = [[(at, high[1], z[0]), (at, high[1], z[-1])] for at in x]
    return np.array(along_x + along_z)


def _rule(poses: np.ndarray, floor: np.ndarray, azimuth_deg: float) -> np.ndarray:
    """Return the marks [M, 3] mm of a rule on the floor's corner furthest to the left."""
    corners = floor.reshape(-1, 3)
    foot = corners[_turned(corners, azimuth_deg)[:, 0].argmin()]
    count = max(1, int(np.ptp(poses[:, 1]) // _MARK_MM))
    return np.array([foot - [0, _MARK_MM * number, 0] for number in range(count + 1)])


def _draw_rule(pen, points: np.ndarray, scale: int) -> None:
    pen.line(_corners(points), fill=_RULE, width=scale)
    font = ImageFont.load_default(size=11 * scale)
    for number, (x, y) in enumerate(points.tolist()):
        pen.line([(x - 3 * scale, y), (x + 3 * scale, y)], fill=_RULE, width=scale)
        if number:
            text = f"{number * _MARK_MM} mm"
            pen.text((x - 6 * scale, y), text, fill=_RULE, font=font, anchor="rm")


def _corners(points: np.ndarray) -> list[tuple[float, float]]:
    return [tuple(point) for point in points.tolist()]
