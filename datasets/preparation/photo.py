"""Photos as images of which a part is stored."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from hg3d_tf.images import read_picture
from preparation.stored_crop import StoredCrop


class Photo:
    """A photo in RGB, decoded to its last pixel.

    Attributes:
      size: width and height px, which labels and crops count.
      block: what crops are made of, px.
    """

    block = 1

    def __init__(self, source: Path | bytes, as_stored: bool = True):
        """Read a photo, with or without the turn that its Exif asks for."""
        self._picture = read_picture(source, as_stored)
        self.size = self._picture.size

    def jpeg(self, crop: StoredCrop, quality: int) -> bytes:
        """Return a part as a JPEG file."""
        # Of a photo that was too large, the decoder kept every second px, say.
        region = (np.reshape(crop.region, (2, 2)) * self._picture.scale).ravel()
        size = (crop.width, crop.height)
        # Halved, say, by plain averages first: nearly the same image in half the time.
        part = self._picture.image.resize(
            size, Image.Resampling.BILINEAR, tuple(region), reducing_gap=1.0
        )
        buffer = io.BytesIO()
        part.save(buffer, "jpeg", quality=quality)
        return buffer.getvalue()
