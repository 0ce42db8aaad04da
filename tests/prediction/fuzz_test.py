"""Mutated photos and films through predict: no traceback, a line for each that is left out.

HG3D_FUZZ_MUTATIONS=700 tries that many instead of a few; HG3D_FUZZ_SEED starts elsewhere.
"""

import io
import os
import resource

import numpy as np
import pytest
from PIL import Image
from support.looker import Looker, find_whole

pytest.importorskip("av", reason="PyAV is not installed")

from support import films

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import batch, video
from hg3d_tf.prediction.drawing import Drawing
from hg3d_tf.prediction.film_sources import file_or_camera
from hg3d_tf.prediction.finders import finder
from hg3d_tf.prediction.one_photo import PhotoWork
from hg3d_tf.prediction.results import Results
from hg3d_tf.prediction.tracking import Wanted

MUTATIONS = int(os.environ.get("HG3D_FUZZ_MUTATIONS", 24))
SEED = int(os.environ.get("HG3D_FUZZ_SEED", 0))
JOINTS = np.random.default_rng(0).uniform((8, 8), (56, 40), (16, 2))
MOST_GROWTH_BYTES = 200 << 20
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MODES = {"JPEG": ("L", "RGB", "CMYK"), "PNG": ("1", "L", "P", "RGBA", "I;16")}


def encoded(rng, form: str) -> bytes:
    mode = str(rng.choice(MODES.get(form, ("RGB",))))
    pixels = rng.integers(0, 255, (48, 64, 3), np.uint8)
    image = Image.fromarray(pixels)
    if mode == "I;16":
        image = Image.fromarray((pixels[..., 0].astype(np.uint16) << 8) + 7)
    else:
        image = image.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(0, 10))  # 1 to 8 mean something
    buffer = io.BytesIO()
    image.save(buffer, form, **({"exif": exif} if form in ("JPEG", "PNG", "WEBP") else {}))
    return buffer.getvalue()


def mutated(rng, data: bytes) -> bytes:
    """Return bytes with one thing wrong: changed, missing at the end, inserted, or twice."""
    kind, at = rng.integers(5), int(rng.integers(len(data)))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + rng.bytes(int(rng.integers(1, 200))) + data[at:]
    if kind == 2:
        return data[:at] + data
    changed = np.frombuffer(data, np.uint8).copy()
    reach = len(data) if kind == 3 else min(len(data), 200)  # headers are at the beginning
    where = rng.integers(0, reach, int(rng.integers(1, 12)))
    changed[where] = rng.integers(0, 256, len(where))
    return changed.tobytes()


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


@pytest.mark.slow
def test_mutated_photos_are_predicted_or_named(tmp_path, capsys):
    rng, find = np.random.default_rng(SEED), finder(Looker(JOINTS), find_whole)
    before, paths = peak_bytes(), []
    for number in range(MUTATIONS):
        form = str(rng.choice(FORMATS))
        paths.append(tmp_path / f"{number:05d}.{form.lower()}")
        paths[-1].write_bytes(mutated(rng, encoded(rng, form)))
    drawn = Drawing(tmp_path, pictures=False)
    with Results(tmp_path / "poses.json", {}) as done:
        batch.predict(paths, batch.in_this_process(PhotoWork(find, drawn)), done, drawn)
        errors = [line for line in capsys.readouterr().err.splitlines() if "error: " in line]
        left_out = [path for path in paths if not done.is_done(path)]
    for path in left_out:
        assert sum(path.name in line for line in errors) == 1, path
    assert len(errors) == len(left_out) < MUTATIONS
    assert peak_bytes() - before < MOST_GROWTH_BYTES


@pytest.mark.slow
def test_mutated_films_are_predicted_or_named(tmp_path, capsys):
    rng, look = np.random.default_rng(SEED), Looker(JOINTS)
    sound = [tmp_path / name for name in ("a.mp4", "b.mkv", "c.avi")]
    for path in sound:
        films.write(path, films.noise(8), "mjpeg" if path.suffix == ".avi" else "libx264")
    before = peak_bytes()
    for number in range(MUTATIONS):
        source = sound[number % len(sound)]
        path = tmp_path / f"mutated{source.suffix}"
        path.write_bytes(mutated(rng, source.read_bytes()))
        out = tmp_path / "out"
        try:
            video.predict(
                *(file_or_camera(str(path)), look, find_whole, Wanted(), out), video.Options()
            )
        except UserError as error:
            assert str(path) in str(error)
        capsys.readouterr()
    assert peak_bytes() - before < MOST_GROWTH_BYTES
