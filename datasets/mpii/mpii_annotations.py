"""Reads MPII's annotations: the release's .mat and Newell's .h5 files, into persons.

Persons hold what the files say: coordinates in px, 1-based (the first pixel's centre is 1), and the
raw center and scale of the release.
"""

import dataclasses
from pathlib import Path

import h5py
import numpy as np
import scipy.io

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import NUM_JOINTS
from preparation.label_files import reading
from preparation.units import Skipped

# Head size of PCKh / diagonal of the head box.
HEAD_SIZE_PER_DIAGONAL = 0.6


@dataclasses.dataclass(frozen=True)
class Person:
    """One annotated person.

    Attributes:
      image: name of the image file.
      number: which of the image's persons, from 0.
      center: [2] px, raw.
      scale: height / 200 px, raw.
      joints: [16, 2] px; zeros where not annotated.
      visible: [16] the joint is annotated.
      occluded: [16] annotated and marked as hidden.
      head_size_px: 0.6 times the diagonal of the head box; 0 if unknown.
      more: activity, video and the like, as far as the file says.
    """

    image: str
    number: int
    center: np.ndarray
    scale: float
    joints: np.ndarray
    visible: np.ndarray
    occluded: np.ndarray
    head_size_px: float
    more: dict

    @property
    def key(self) -> str:
        """A name that is unique and stable."""
        return person_key(self.image, self.number)


def person_key(image: str, number: int) -> str:
    """Return the name of an example."""
    return f"{Path(image).stem}/{number:02d}"


def raw_from_adjusted(center: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return raw centers [..., 2] and scales of Newell's train, valid and test files.

    These already hold center.y + 15 * scale and scale * 1.25.
    """
    raw_scale = scale / 1.25
    return center - np.stack([np.zeros_like(raw_scale), 15 * raw_scale], -1), raw_scale


def network_square(center_raw: np.ndarray, scale_raw: float) -> tuple[np.ndarray, float]:
    """Return center [2] and side of the network's square, px with the corner at (0, 0).

    The one place where the raw center moves down and the raw scale grows.
    """
    lower = np.array([0, 15 * scale_raw])
    return from_one_based(center_raw) + lower, 200 * 1.25 * scale_raw


def from_one_based(points: np.ndarray) -> np.ndarray:
    """Return points with the image's corner at (0, 0): there the first pixel's centre is 0.5."""
    return points - 0.5


def structs(value) -> list[dict]:
    """Return the structs of a field: MATLAB's readers give one, several, or an empty array."""
    items = [value] if isinstance(value, dict) else np.ravel(np.asarray(value, object))
    return [item for item in items if isinstance(item, dict)]


def number(value, missing=np.nan) -> float:
    """Return the number in a field that may be absent, empty, an array, or characters."""
    flat = np.ravel(np.asarray([] if value is None else value))
    return float(flat[0]) if flat.size and str(flat[0]) else missing


def _string(value) -> str:
    return value if isinstance(value, str) else ""


def read_release(path: Path) -> list[tuple[str, Person | Skipped]]:
    """Return ("train" or "test", person) for each person of the .mat, in its order."""
    with reading(path, "MPII's annotations"):
        return _release_persons(scipy.io.loadmat(path, simplify_cells=True)["RELEASE"])


def _release_persons(release: dict) -> list[tuple[str, Person | Skipped]]:
    images = structs(release["annolist"])
    in_train = np.atleast_1d(release["img_train"])
    activities = structs(release.get("act", [])) or [{}] * len(images)
    single = np.atleast_1d(np.asarray(release.get("single_person", []), object)).ravel()
    single = single if len(single) == len(images) else [[]] * len(images)
    return [
        ("train" if train else "test", person)
        for image, train, activity, alone in zip(images, in_train, activities, single, strict=True)
        for person in _image_persons(image, activity, np.ravel(alone), bool(train))
    ]


def _image_persons(image, activity, single, train):
    name = structs(image["image"])[0]["name"]
    rectangles = structs(image.get("annorect", []))
    if not rectangles:
        return [Skipped(Path(name).stem, "no person is annotated")]
    more = {
        "activity": _string(activity.get("act_name")),
        "video": int(number(image.get("vididx"), -1)),
        "frame_second": number(image.get("frame_sec"), -1.0),
    }
    return [
        _release_person(name, i, rectangle, more | {"alone": i + 1 in single}, train)
        for i, rectangle in enumerate(rectangles)
    ]


def _release_person(image, index, rectangle, more, train):
    key = person_key(image, index)
    places = structs(rectangle.get("objpos", []))
    scale = number(rectangle.get("scale"))
    if not places or not scale > 0:
        return Skipped(key, "no center or no scale")
    center = np.array([number(places[0].get("x")), number(places[0].get("y"))])
    points = [
        point
        for annotation in structs(rectangle.get("annopoints", []))
        for point in structs(annotation.get("point", []))
    ]
    if train and not points:
        return Skipped(key, "no joints")
    joints, visible, occluded = _joints(points)
    head_size = _head_size(rectangle)
    return Person(image, index, center, scale, joints, visible, occluded, head_size, more)


def _joints(points):
    joints = np.zeros((NUM_JOINTS, 2))
    visible, occluded = np.zeros((2, NUM_JOINTS), bool)
    ids = [int(number(point.get("id"))) for point in points]
    joints[ids] = np.array([[number(p.get("x")), number(p.get("y"))] for p in points]).reshape(
        -1, 2
    )
    visible[ids] = True
    # Head and neck carry no is_visible: they are not marked as hidden.
    occluded[ids] = [number(point.get("is_visible"), 1.0) == 0 for point in points]
    return joints, visible, occluded


def _head_size(rectangle):
    x1, y1, x2, y2 = (number(rectangle.get(name), 0.0) for name in ("x1", "y1", "x2", "y2"))
    return HEAD_SIZE_PER_DIAGONAL * float(np.hypot(x2 - x1, y2 - y1))


def read_newell(path: Path) -> list[Person]:
    """Return the persons of one of Newell's h5 files; the one called annot.h5 holds raw values."""
    with reading(path, "one of Newell's h5 files"), h5py.File(path) as file:
        columns = {name: np.asarray(file[name]) for name in file}
        return _newell_persons(columns, path.stem == "annot")


def _newell_persons(columns: dict, raw: bool) -> list[Person]:
    center, scale = columns["center"], columns["scale"]
    if not raw:
        center, scale = raw_from_adjusted(center, scale)
    visible = (columns["part"] > 0).any(-1)
    rows = zip(
        map(_text, columns["imgname"]),
        columns["person"].astype(int),
        *(center, scale, columns["part"], visible),
        visible & (columns["visible"] == 0),
        columns["normalize"],
        strict=True,
    )
    unknown = {"activity": "", "video": -1, "frame_second": -1.0, "alone": False}
    return [Person(*row[:-1], float(row[-1]), unknown) for row in rows]


def _text(value) -> str:
    """Return a file name given as bytes, or as the codes of its characters."""
    value = value if isinstance(value, bytes) else bytes(np.asarray(value).astype(np.uint8))
    return value.rstrip(b"\0").decode()


def check_same_persons(ours: dict[str, Person], listed: list[Person], path: Path) -> None:
    """Raise UserError if persons of a list are, by their centers, other persons than ours."""
    both = [(ours[person.key], person) for person in listed if person.key in ours]
    far = sum(np.abs(one.center - other.center).max() > 2 for one, other in both)
    # A few centers were edited between the releases.
    if not both or far > 0.01 * len(both):
        raise UserError(
            f"{path}: {far} of {len(both)} persons lie elsewhere than the release's of that number:"
            " this list belongs to other annotations"
        )
