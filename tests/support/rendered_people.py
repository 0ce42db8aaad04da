"""A picture of three people that needs no data: the page's rendered sample, thrice."""

import numpy as np
from PIL import Image, ImageOps

from support.commands import ROOT


def three_people() -> np.ndarray:
    """Return [360, 816, 3] uint8; the finder sees each of them."""
    with Image.open(ROOT / "demo/web/src/sample.jpg") as image:
        sample = image.convert("RGB").resize((272, 272))
    together = Image.new("RGB", (816, 360), (120, 120, 120))
    together.paste(sample, (0, 0))
    together.paste(ImageOps.mirror(sample), (272, 88))
    together.paste(sample.resize((220, 220)), (570, 40))
    return np.asarray(together)
