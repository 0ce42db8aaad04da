"""The part of a source image that a prepared dataset stores, and where its pixels go."""

import dataclasses
import io

import numpy as np
from PIL import Image

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
    """A rectangle [left, right) x [top, bottom) of whole source px, stored as width x height px."""

    left: int
    top: int
    right: int
    bottom: int
    width: int
    height: int

    @property
    def corner(self) -> np.ndarray:
        """[2] px of the source."""
        return np.array([self.left, self.top], np.float64)

    @property
    def scale(self) -> np.ndarray:
        """[2] stored px per source px, x and y; they differ by the rounding of the size only."""
        return np.array(
            [self.width / (self.right - self.left), self.height / (self.bottom - self.top)]
        )

    def points(self, points_px: np.ndarray) -> np.ndarray:
        """Return where points [..., 2] of the source are in the stored image."""
        return (points_px - self.corner) * self.scale

    def intrinsics(self, intrinsics_px: np.ndarray) -> np.ndarray:
        """Return fx, fy, cx, cy of the stored image."""
        focal, center = intrinsics_px[:2], intrinsics_px[2:]
        return np.concatenate([focal * self.scale, self.points(center)])

    def jpeg(self, image: Image.Image, quality: int) -> bytes:
        """Return the stored image of a source image."""
        box = (self.left, self.top, self.right, self.bottom)
        # Halved, say, by plain averages first: nearly the same image in half the time.
        crop = image.resize(
            (self.width, self.height), Image.Resampling.BILINEAR, box, reducing_gap=1.0
        )
        buffer = io.BytesIO()
        crop.save(buffer, "jpeg", quality=quality)
        return buffer.getvalue()


def plan_crop(
    center_px, side_px: float, image_size: tuple[int, int], storage: Storage
) -> StoredCrop:
    """Return the crop to store of an image of (width, height) px for a network's square.

    Raises:
      ValueError: if the square lies outside of the image.
    """
    half = side_px * storage.margin / 2
    low = np.maximum(np.floor(np.subtract(center_px, half)), 0).astype(int)
    high = np.minimum(np.ceil(np.add(center_px, half)), image_size).astype(int)
    if (high - low < 1).any():
        raise ValueError("the person is outside of the image")
    scale = min(1.0, storage.size / (2 * half))
    width, height = np.maximum(np.round((high - low) * scale), 1).astype(int)
    return StoredCrop(*map(int, (*low, *high, width, height)))


def in_stored_crop(record: dict, crop: StoredCrop) -> dict:
    """Return a copy of a record whose pixel fields refer to the stored image."""
    moved = {name: crop.points(record[name]) for name in POINTS if name in record}
    # The geometric mean: both scales are the same but for rounding.
    length_scale = np.sqrt(crop.scale.prod())
    moved |= {name: record[name] * length_scale for name in LENGTHS if name in record}
    moved["box"] = crop.points(record["box"].reshape(2, 2)).reshape(4)
    if record["intrinsics"].any():
        moved["intrinsics"] = crop.intrinsics(record["intrinsics"])
    region = np.array([crop.left, crop.top, crop.right, crop.bottom], np.float32)
    return record | moved | {"stored_region": region}
