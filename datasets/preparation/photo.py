"""Photos as images of which a part is stored."""

import io

from PIL import Image

from preparation.stored_crop import StoredCrop


class Photo:
    """A photo in RGB, decoded to its last pixel.

    Attributes:
      size: width and height, px.
      block: what crops are made of, px.
    """

    block = 1

    def __init__(self, data: bytes):
        self._image = Image.open(io.BytesIO(data)).convert("RGB")
        self.size = self._image.size

    def jpeg(self, crop: StoredCrop, quality: int) -> bytes:
        """Return a part as a JPEG file."""
        # Halved, say, by plain averages first: nearly the same image in half the time.
        part = self._image.resize(
            (crop.width, crop.height), Image.Resampling.BILINEAR, crop.region, reducing_gap=1.0
        )
        buffer = io.BytesIO()
        part.save(buffer, "jpeg", quality=quality)
        return buffer.getvalue()
