"""What predict takes for photos and films, by part, and beside MediaPipe and another commit."""

import contextlib
import io
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from hg3d_tf import weights
from hg3d_tf.benchmarks import peer_process, predict_folder
from hg3d_tf.cli import UserError
from hg3d_tf.network.crop import crop_square, square_round
from hg3d_tf.pictures import pose_sheet
from hg3d_tf.prediction import finders, people, person_finder, photos, predictors, tracking, video
from hg3d_tf.prediction.film_reader import FilmReader
from hg3d_tf.prediction.film_sources import Source
from hg3d_tf.prediction.film_writer import FilmWriter

_SAMPLE = peer_process.this_checkout() / "demo/web/src/sample.jpg"
_FILM_SIZE, _FILM_FRAMES, _FILM_RATE = (640, 480), 60, 30  # of the film made of the sample


class Compared(NamedTuple):
    """What to measure on, and beside what.

    Attributes:
      photos: files.
      film: a file, or None for one made of the first photo.
      peer: interpreter with MediaPipe, or None.
      folder: what the whole command is to do beside another commit, or None.
      model: of photos and film, see `predictors.load_predictor`; None for those of predict, which
        the folder always has.
    """

    photos: Sequence[Path]
    film: Path | None
    peer: Path | None
    folder: predict_folder.Folder | None
    model: str | None = None


class _Networks:
    """A network of poses and the finder, which count how often they look."""

    def __init__(self, model: str):
        self._look = predictors.load_predictor(model)
        least = person_finder.LEAST_SCORE
        self._finds = person_finder.LiteRTFinder(weights.FINDER_FILE, least)
        known = person_finder.LEAST_SCORE_OF_KNOWN
        self._finds_known = person_finder.LiteRTFinder(weights.FINDER_FILE, known)
        self.size, self.looks = self._look.size, 0

    def look(self, *arguments) -> dict[str, np.ndarray]:
        self.looks += 1
        return self._look(*arguments)

    def find(self, photo: photos.Photo) -> person_finder.Found:
        return self._finds(photo)

    def find_counted(self, photo: photos.Photo) -> person_finder.Found:
        self.looks += 1
        return self._finds_known(photo)


def default_photos() -> list[Path]:
    """Return the page's rendered person. Raises UserError outside of a checkout."""
    if not _SAMPLE.is_file():
        raise UserError(f"--what=predict: no {_SAMPLE}: name a folder by --photos")
    return [_SAMPLE]


def measure(compared: Compared, seconds: float) -> dict:
    """Return milliseconds of a photo's parts, photos and frames a second, and ratios.

    Photos and films of both sides are taken in turn, each time again until `seconds` are over, at
    least three times; medians count, so that what else the machine does takes from both alike.
    """
    of_photos = _Networks(compared.model or predictors.FOR_PHOTOS)
    of_film = _Networks(compared.model or predictors.FOR_FILMS)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        peer = compared.peer and stack.enter_context(peer_process.Peer(compared.peer))
        film = compared.film or make_film(compared.photos[0], folder / "made.mp4")
        result = {
            "photo": measure_photos(compared.photos, of_photos, peer, seconds),
            "film": measure_film(film, of_film, peer, folder, seconds),
        }
        if compared.folder is not None:
            result["folder"] = predict_folder.measure(compared.folder, folder)
    return result


def measure_photos(paths: Sequence[Path], networks: _Networks, peer, seconds: float) -> dict:
    """Return medians over photos, ms, of the parts and of finder and pose together.

    `one_person_ms` is that of `--people=1`, as MediaPipe finds one; decoding is in none of them.
    """
    parts: dict[str, list] = {}
    times: dict[str, list] = {"whole": [], "one": [], "peer": []}
    every = finders.finder(networks.look, networks.find)
    one = finders.finder(networks.look, networks.find_counted, most=1)
    loaded = [photos.read_photo(path) for path in paths]
    people_found = 0
    for turn in _turns(seconds):
        for path, photo in zip(paths, loaded, strict=True):
            row = {"whole": _timed(every, photo), "one": _timed(one, photo)}
            if peer:
                row["peer"] = (peer.ask(photo=str(path))["seconds"], None)
            if turn == 0:  # the first run of a network is no measure of it
                people_found += len(row["whole"][1])
                continue
            for name, (took, _) in row.items():
                times[name].append(took)
            for name, took in photo_parts(path, photo, networks).items():
                parts.setdefault(f"{name}_ms", []).append(took)
    result = {name: 1000 * float(np.median(column)) for name, column in parts.items()}
    result |= {
        "people_per_photo": people_found / len(paths),
        "all_people_ms": 1000 * float(np.median(times["whole"])),
        "one_person_ms": 1000 * float(np.median(times["one"])),
    }
    if peer:
        result["mediapipe_ms"] = 1000 * float(np.median(times["peer"]))
        for ours, name in (("whole", "all_people"), ("one", "one_person")):
            ratio = np.median(times[ours]) / np.median(times["peer"])
            result[f"{name}_to_mediapipe"] = float(ratio)
    return result


def photo_parts(path: Path, photo: photos.Photo, networks: _Networks) -> dict[str, float]:
    """Return the seconds of a photo's parts; those of a person are of one person."""
    times = {}
    times["read"], _ = _timed(photos.read_photo, path)
    times["find"], found = _timed(networks.find, photo)
    box = found.boxes[0] if len(found.boxes) else np.array([0, 0, *photo.pixels.shape[1::-1]])
    times["crop"], _ = _timed(crop_square, photo.pixels, *square_round(box), networks.size)
    looked, pose = _timed(networks.look, photo, box)
    times["look"] = looked - times["crop"]
    unclear = people.are_unclear(pose["confidence"])
    shown = pose_sheet.ShownPose(photo.pixels, pose["joints_2d"], pose["joints_3d"], unclear)
    times["draw"], sheet = _timed(pose_sheet.draw, [shown])
    times["write"], _ = _timed(pose_sheet.encoded, sheet)
    return times


def measure_film(film: Path, networks: _Networks, peer, folder: Path, seconds: float) -> dict:
    """Return frames a second of following one person, drawing and writing, and looks a frame."""
    ours, theirs, frames = [], [], count_frames(film)
    for _ in _turns(seconds):
        networks.looks = 0
        wanted, options = tracking.Wanted(most=1), video.Options()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            took, _ = _timed(
                *(video.predict, Source(str(film)), networks.look, networks.find_counted),
                *(wanted, folder / "ours", options),
            )
        ours.append(frames / took)
        if peer:
            answer = peer.ask(film=str(film), output=str(folder / "peer.mp4"))
            theirs.append(answer["frames"] / answer["seconds"])
    looks = networks.looks / frames
    rate = float(np.median(ours))
    result = {"frames": frames, "frames_per_second": rate, "looks_per_frame": looks}
    if peer:
        result["mediapipe_frames_per_second"] = float(np.median(theirs))
        result["to_mediapipe"] = rate / result["mediapipe_frames_per_second"]
    return result


def make_film(photo: Path, path: Path) -> Path:
    """Write a film in which a photo moves from left to right over grey; return its path."""
    width, height = _FILM_SIZE
    image = Image.fromarray(photos.read_photo(photo).pixels)
    image.thumbnail((width // 2, height))
    room = width - image.width, height - image.height
    with FilmWriter(path, Fraction(1, _FILM_RATE), Fraction(_FILM_RATE)) as writer:
        for number in range(_FILM_FRAMES):
            frame = Image.new("RGB", _FILM_SIZE, "grey")
            frame.paste(image, (room[0] * number // _FILM_FRAMES, room[1] // 2))
            writer.add(np.asarray(frame), number)
    return path


def count_frames(film: Path) -> int:
    """Return how many frames a film has."""
    with FilmReader(Source(str(film))) as reader:
        return sum(1 for _ in reader)


def _turns(seconds: float):
    """Yield turns' numbers until the time is over, at least three."""
    end, turn = time.perf_counter() + seconds, 0
    while turn < 3 or time.perf_counter() < end:
        yield turn
        turn += 1


def _timed(function, *arguments):
    """Return how long a call takes, s, and what it returns."""
    began = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - began, result
