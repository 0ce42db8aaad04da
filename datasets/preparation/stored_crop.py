"""The part of a source image that a prepared dataset stores, and where its pixels go."""

import dataclasses
import math
from typing import Protocol

import numpy as np

# Fields of a record in px of its image: places, and lengths.
POINTS = ("joints_2d", "joints_2d_17", "crop_center", "neck_2d")
LENGTHS = ("crop_side", "head_box_size_px")


@dataclasses.dataclass(frozen=True)
class Storage:
    """How crops are stored.

    Attributes:
      size: most pixels on a side of the stored image.
      margin: side of the stored square / side of the square that the network sees. What is outside
        of the source image is not stored.
      quality: of the JPEG.
    """

    size: int = 384
    margin: float = 1.5
    quality: int = 90


@dataclasses.dataclass(frozen=True)
class StoredCrop:
    """A rectangle of whole source px, stored as width x height px.

    Attributes:
      region: left, top, right, bottom; the last two are outside.
      width: stored px.
      height: stored px.
      reduction: the whole factor by which the source may be reduced, px by px, before the rest; the
        region's sides are multiples of it.
    """

    region: tuple[int, int, int, int]
    width: int
    height: int
    reduction: int = 1

    @property
    def corner(self) -> np.ndarray:
        """[2] px of the source."""
        return np.array(self.region[:2], np.float64)

    @property
    def scale(self) -> np.ndarray:
        """[2] stored px per source px, x and y; they differ by the rounding of the size only."""
        left, top, right, bottom = self.region
        return np.array([self.width / (right - left), self.height / (bottom - top)])

    def points(self, points_px: np.ndarray) -> np.ndarray:
        """Return where points [..., 2] of the source are in the stored image."""
        return (points_px - self.corner) * self.scale

    def intrinsics(self, intrinsics_px: np.ndarray) -> np.ndarray:
        """Return fx, fy, cx, cy of the stored image."""
        focal, center = intrinsics_px[:2], intrinsics_px[2:]
        return np.concatenate([focal * self.scale, self.points(center)])


class SourceImage(Protocol):
    """What crops are stored of.

    Attributes:
      size: width and height, px.
      block: a crop's edges, and the sides of what is stored, must be multiples of it.
    """

    size: tuple[int, int]
    block: int

    def jpeg(self, crop: StoredCrop, quality: int) -> bytes:
        """Return a part of the image, in the crop's size, as a JPEG file."""


def plan_crop(center_px, side_px: float, image: SourceImage, storage: Storage) -> StoredCrop:
    """Return the crop to store of an image for a network's square.

    Raises:
      ValueError: if the square lies outside of the image.
    """
    half = side_px * storage.margin / 2
    reduction = max(1, int(2 * half / storage.size))
    step = reduction * image.block
    sides = [
        (max(math.floor((center - half) / step), 0), min(math.ceil((center + half) / step), end))
        for center, end in zip(center_px, (px // step for px in image.size), strict=True)
    ]
    (left, right), (top, bottom) = ((low * step, high * step) for low, high in sides)
    longest = max(right - left, bottom - top)
    if min(right - left, bottom - top) < 1:
        raise ValueError("the person is outside of the image")
    # Whole blocks again, or the planes of half the resolution would be stretched by part of one.
    scale = min(1.0, storage.size // image.block * image.block / max(2 * half, longest))
    width, height = (
        max(round(length * scale / image.block), 1) * image.block
        for length in (right - left, bottom - top)
    )
    return StoredCrop((left, top, right, bottom), width, height, reduction)


def in_stored_crop(record: dict, crop: StoredCrop) -> dict:
    """Return a copy of a record whose pixel fields refer to the stored image."""
    moved = {name: crop.points(record[name]) for name in POINTS if name in record}
    # The geometric mean: both scales are the same but for rounding.
    length_scale = np.sqrt(crop.scale.prod())
    moved |= {name: record[name] * length_scale for name in LENGTHS if name in record}
    moved["box"] = crop.points(record["box"].reshape(2, 2)).reshape(4)
    if record["intrinsics"].any():
        moved["intrinsics"] = crop.intrinsics(record["intrinsics"])
    return record | moved | {"stored_region": np.array(crop.region, np.float32)}
