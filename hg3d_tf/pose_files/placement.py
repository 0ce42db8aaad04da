"""True size, place before the camera, upright axes, feet on the floor.

Size and place rest on what `hg3d_tf/serving/camera_frame.py` says: canonical proportions, a pinhole
whose axis goes through the image's centre, a person far away compared with the depth of the pose.
"""

import dataclasses
import math

import numpy as np

from hg3d_tf import line_of_sight
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import smoothing, upright
from hg3d_tf.pose_files.sequence import (
    PoseSequence,
    Space,
    canonical_scales,
    require_3d,
    seen,
)
from hg3d_tf.skeleton import PELVIS, canonical_stature_mm

_WIDEST_DEG = 150.0  # wider lenses do not draw straight lines straight
_FILM_MM = 36.0  # the longer side of a picture on 35 mm film


@dataclasses.dataclass(frozen=True)
class Placement:
    """What is known of persons and camera; None, or False, is unknown or not wanted.

    Attributes:
      person_heights_m: of each person standing upright, in the order of their numbers, or one for
        all.
      focal_length_px, field_of_view_deg: one of them; the latter is the image's whole width.
      image_size_px: width, height, where the poses do not say.
      depth_smoothing_s: how long the depth of the root is averaged over, a Gaussian's sigma.
      camera_pitch_deg: how far the camera looks down.
      level: find that, and its roll, from frames in which somebody stands.
      ground: move each pose up or down so that the lower foot is on the floor.

    Raises:
      ValueError: for numbers that cannot be, or that lack another.
    """

    person_heights_m: tuple[float, ...] = ()
    focal_length_px: float | None = None
    field_of_view_deg: float | None = None
    image_size_px: tuple[int, int] | None = None
    depth_smoothing_s: float = 0.25
    camera_pitch_deg: float | None = None
    level: bool = False
    ground: bool = False

    def __post_init__(self):
        for height in self.person_heights_m:
            if not 0.4 <= height <= 2.6:
                raise ValueError(f"a person's height of {height:g} m cannot be: give metres")
        if None not in (self.focal_length_px, self.field_of_view_deg):
            raise ValueError("--focal_length_px and --field_of_view: give one or the other")
        if self.focal_length_px is not None and not 0 < self.focal_length_px < math.inf:
            raise ValueError(
                f"a focal length of {self.focal_length_px:g} px cannot be: give a positive number"
            )
        if self.field_of_view_deg is not None and not 0 < self.field_of_view_deg < 180:
            raise ValueError(
                f"a field of view of {self.field_of_view_deg:g} degrees cannot be: give degrees"
                " between 0 and 180, such as 65"
            )
        if self.sees and not self.person_heights_m:
            given = "focal_length_px" if self.focal_length_px is not None else "field_of_view"
            raise ValueError(f"--{given} tells a place only with --person_height: give both")
        if not 0 <= self.depth_smoothing_s < math.inf:
            raise ValueError(f"smoothing over {self.depth_smoothing_s:g} s cannot be")
        if self.camera_pitch_deg is not None and not -90 <= self.camera_pitch_deg <= 90:
            text = "give degrees from -90, straight up, to 90, straight down"
            raise ValueError(
                f"a camera's pitch of {self.camera_pitch_deg:g} degrees cannot be: {text}"
            )
        if self.level and self.camera_pitch_deg is not None:
            raise ValueError("--camera_pitch and --level, which finds it: give one or the other")

    @property
    def changes(self) -> bool:
        """Whether 3D joints are changed by it."""
        nothing = Placement(
            image_size_px=self.image_size_px, depth_smoothing_s=self.depth_smoothing_s
        )
        return self != nothing

    @property
    def sees(self) -> bool:
        """Whether the camera is known."""
        return self.focal_length_px is not None or self.field_of_view_deg is not None

    def focal_lengths_px(self, widths_px: np.ndarray) -> np.ndarray:
        """Return the focal length [N] for images of so many px."""
        if self.focal_length_px is not None:
            return np.full(len(widths_px), float(self.focal_length_px))
        return widths_px / (2 * math.tan(math.radians(self.field_of_view_deg) / 2))


def place(poses: PoseSequence, wanted: Placement) -> PoseSequence:
    """Return poses with what is known of size, camera and floor applied to their 3D joints.

    An image's size becomes theirs where they do not say one.

    Raises:
      UserError: where the poses lack what that needs.
    """
    if wanted.image_size_px is not None:
        poses = _of_images(poses, wanted.image_size_px)
    if not wanted.changes:
        return poses
    require_3d(poses, "a placement")
    is_placed = poses.space.origin == "camera"  # and was turned when it was
    if wanted.person_heights_m:
        _require_no_place(poses, wanted)
        poses = _to_true_size(poses, wanted.person_heights_m)
    if wanted.sees:
        poses = _before_the_camera(poses, wanted, is_placed)
    if wanted.camera_pitch_deg is not None or wanted.level or wanted.ground:
        poses = upright.stand(poses, wanted.camera_pitch_deg, wanted.level, wanted.ground)
    return poses


def _of_images(poses: PoseSequence, size_px: tuple[int, int]) -> PoseSequence:
    """Return poses of images of a size, unless they say it themselves."""

    def change(block):
        sizes = block["image_size_px"]
        sizes[~sizes.all(axis=1)] = size_px
        return block

    return poses.changed(change)


def _require_no_place(poses: PoseSequence, wanted: Placement) -> None:
    """Raise UserError where another size would lose the place that poses have."""
    fix = "give poses as they were predicted"
    if poses.space.origin == "floor":
        raise UserError(
            f"{poses.name}: its persons stand on the floor already, in their size: {fix}"
        )
    if poses.space.origin == "camera" and not wanted.sees:
        raise UserError(
            f"{poses.name}: its persons have a place before the camera already: give its focal"
            f" length or field of view with their height, or {fix}"
        )


def _to_true_size(poses: PoseSequence, heights_m: tuple[float, ...]) -> PoseSequence:
    # A film's may be 1 and 3: 2 was nobody.
    persons, numbers = np.array(poses.rows["person"]), poses.persons
    if len(heights_m) > 1 and len(numbers) != len(heights_m):
        count = "1 person" if len(numbers) == 1 else f"{len(numbers)} persons"
        raise UserError(
            f"{poses.name}: {count}, but {len(heights_m)} heights: give as many, or one for all"
        )
    several = heights_m if len(heights_m) > 1 else heights_m * len(numbers)
    heights_mm = 1e3 * np.array(several)[np.searchsorted(numbers, persons)]
    scales = heights_mm / canonical_stature_mm() * canonical_scales(poses)
    if not np.isfinite(scales).all():
        raise UserError(f"{poses.name}: a pose lacks a joint: its size cannot be told")

    def change(block, scale):
        pelvis = block["joints_3d"][:, PELVIS : PELVIS + 1]
        block["joints_3d"] = (block["joints_3d"] - pelvis) * scale[:, None, None]
        return block

    return poses.changed(change, scales, space=Space("metric", "pelvis", poses.space.axes))


def _before_the_camera(poses: PoseSequence, wanted: Placement, is_placed: bool) -> PoseSequence:
    """Put persons where their joints project onto their 2D joints.

    The shape of a pose stays; its size follows the smoothed depth, as what is seen in px must.
    """
    if poses.space.axes != "camera":
        raise UserError(
            f"{poses.name}: its axes are level already: give poses of the camera's axes"
        )
    sizes = np.array(poses.rows["image_size_px"])
    if not sizes.all():
        raise UserError(f"{poses.name}: the image's size is not known: give --image_size")
    focal = wanted.focal_lengths_px(sizes[:, 0])
    _require_px(poses.name, focal, sizes)
    if not is_placed:
        poses = _turned_to_the_axis(poses, sizes, focal)
    mm_per_px = np.concatenate([_mm_per_px(block) for block in poses.blocks()])
    if not np.isfinite(mm_per_px).any():
        raise UserError(f"{poses.name}: no joint is clear both in 2D and 3D: no place is known")
    depths = mm_per_px * focal
    smooth = _smoothed(poses, depths, wanted.depth_smoothing_s)

    def change(block, size, focal, own, depth):
        grown = depth / np.where(np.isfinite(own), own, depth)
        relative = block["joints_3d"][..., 2] - block["joints_3d"][:, PELVIS, None, 2]
        z = depth[:, None] + relative * grown[:, None]
        from_axis = block["joints_2d"] - size[:, None] / 2
        block["joints_3d"][..., :2] = from_axis * (z / focal[:, None])[..., None]
        block["joints_3d"][..., 2] = z
        return block

    space = Space("metric", "camera", "camera")
    return poses.changed(change, sizes, focal, depths, smooth, space=space)


def _require_px(name: str, focal: np.ndarray, sizes: np.ndarray) -> None:
    """Raise UserError for a focal length [N] that no lens has for pictures of sizes [N, 2] px."""
    widest = int(np.argmin(focal / sizes[:, 0]))
    length, width, longer = focal[widest], sizes[widest, 0], sizes[widest].max()
    degrees = math.degrees(2 * math.atan(width / (2 * length)))
    if degrees > _WIDEST_DEG:
        raise UserError(
            f"{name}: a focal length of {length:g} px would show {degrees:.0f} degrees on"
            f" {width} px: give px, not the lens's mm; {length:g} mm, if they are those of 35 mm"
            f" film, are {length / _FILM_MM * longer:.0f} px here"
        )


def _turned_to_the_axis(poses: PoseSequence, sizes: np.ndarray, focal: np.ndarray) -> PoseSequence:
    """Turn poses from their lines of sight by the focal length, not by the one that was assumed.

    What is not known to have been read from a crop, since it has no box, stays.

    Args:
      poses: of N rows.
      sizes: [N, 2] px, width and height of the images.
      focal: [N] px.
    """

    def change(block, size, focal):
        box = block["box_px"]
        from_axis = (box[:, :2] + box[:, 2:] - size) / 2
        assumed = line_of_sight.ASSUMED_FOCAL * size.max(axis=1)
        joints = np.moveaxis(block["joints_3d"], -1, 0)
        for focal_px, way in ((assumed, -1), (focal, 1)):  # back to the crop's frame, and on
            off_axis = way * (from_axis / focal_px[:, None]).T[..., None]
            joints = line_of_sight.turned(joints, off_axis)
        has_box = (box[:, 2:] > box[:, :2]).all(axis=1)
        block["joints_3d"][has_box] = np.stack(joints, axis=-1)[has_box]
        return block

    return poses.changed(change, sizes, focal)


def _mm_per_px(block: np.ndarray) -> np.ndarray:
    """Return mm of a person's pose per px of the image, least squares over clear joints; or NaN."""
    known = seen(block) & np.isfinite(block["joints_2d"]).all(axis=-1)
    weight = known[..., None] / np.maximum(known.sum(axis=1), 1)[:, None, None]

    def centred(joints):
        joints = np.where(known[..., None], joints, 0)
        return np.where(known[..., None], joints - (joints * weight).sum(1, keepdims=True), 0)

    px, mm = centred(block["joints_2d"]), centred(block["joints_3d"][..., :2])
    spread = (px * px).sum(axis=(1, 2))
    scale = (px * mm).sum(axis=(1, 2)) / np.where(spread > 0, spread, np.nan)
    return np.where((known.sum(axis=1) >= 3) & (scale > 0), scale, np.nan)


def _smoothed(poses: PoseSequence, depths: np.ndarray, sigma_s: float) -> np.ndarray:
    if not poses.is_film:
        return depths
    smooth, persons = np.array(depths), np.array(poses.rows["person"])
    for person in poses.persons:
        places = np.flatnonzero(persons == person)
        seconds = poses.rows["seconds"][places]
        smooth[places] = np.exp(smoothing.gaussian(np.log(depths[places]), seconds, sigma_s))
    return smooth
