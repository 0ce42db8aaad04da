"""Which pixels labels count: those of a photo as it is seen, or as it is stored.

A phone stores a photo as its sensor lies, and says in its Exif how to turn it. Some tools label
what is seen, others what is stored. The width and height beside the labels tell which, but not in
files of Label Studio: there they are unturned, and the labels are of what is seen.
"""

import functools
from pathlib import Path

from absl import logging

from hg3d_tf.cli import UserError
from hg3d_tf.images import Header, ImageError, read_header
from own_photos.own_photos_persons import Person
from preparation.units import Skipped

SEEN, STORED = LABEL_PIXELS = ("seen", "stored")
_TOOLS = {SEEN: "labelme, RectLabel, Label Studio", STORED: "labelImg, VoTT, COCO Annotator"}
_CHOICES = " or ".join(f"--label_pixels={name} ({_TOOLS[name]})" for name in LABEL_PIXELS)
# Tools round the sides of photos that they scale.
_ROUNDING_PX = 1


def check_sizes(
    labels: Path, images: Path, persons: list[Person], label_pixels: str | None
) -> list[Person | Skipped]:
    """Return persons, and those left out whose labels are of a photo of another size.

    Args:
      labels: the file of labels, for messages.
      images: folder of the photos.
      persons: labelled persons; `image` is a path below `images`.
      label_pixels: what the user says that labels count, or None.

    Raises:
      UserError: if the user says nothing, and sizes say that labels count stored pixels.
    """
    header_of = functools.cache(functools.partial(_header, images))
    said = {image: None for image in dict.fromkeys(person.image for person in persons)}
    checked = []
    for person in persons:
        header = header_of(person.image)
        counted = _counted(person.labelled_size, header)
        said[person.image] = said[person.image] or counted
        checked.append(_other_size(person, header) if counted == "neither" else person)
    turned = {name: says for name, says in said.items() if _is_turned(header_of(name))}
    _report(labels, turned, label_pixels)
    return checked


def _header(images, name) -> Header | None:
    try:
        return read_header(images / name)
    except (ImageError, OSError):  # Whoever reads the picture reports it.
        return None


def _is_turned(header) -> bool:
    return header is not None and header.orientation != 1


def _counted(size, header) -> str | None:
    """Return whose size the labels give: "seen", "stored", "neither"; None if that is not known."""
    if size is None or header is None:
        return None
    fits = [_about(size, header.seen_size), _about(size, header.stored_size)]
    if not any(fits):
        return "neither"
    return None if all(fits) else LABEL_PIXELS[fits.index(True)]


def _about(size, other) -> bool:
    return all(abs(a - b) <= _ROUNDING_PX for a, b in zip(size, other, strict=True))


def _other_size(person, header) -> Skipped:
    sizes = "{} x {} px in the labels, {} x {} in the file".format(
        *person.labelled_size, *header.seen_size
    )
    name = f"{person.image}/{person.key} ({sizes})"
    return Skipped(name, "labels of a photo of another size: put in the one that was labelled")


def _report(labels, turned: dict, label_pixels) -> None:
    """Say where sizes and the rule disagree, or cannot tell; raise UserError if they disagree."""
    for counted in LABEL_PIXELS:
        names = [name for name, says in turned.items() if says == counted]
        if names and counted != (label_pixels or SEEN):
            line = (
                f"{labels}: {len(names)} photos turned by their Exif, such as {names[0]}, have in"
            )
            line += f" the labels the size that is {counted}, not {label_pixels or SEEN}"
            if label_pixels is None:
                raise UserError(f"{line}: say which pixels the labels count: {_CHOICES}")
            logging.warning("%s; --label_pixels=%s decides", line, label_pixels)
    unsure = [name for name, says in turned.items() if says is None]
    if unsure and label_pixels is None:
        text = (
            "%s: no size tells which pixels the labels of %d photos count, such as %s, that their"
        )
        text += " Exif turns: those that are seen, it is assumed; else add --label_pixels=stored"
        logging.warning(text, labels, len(unsure), unsure[0])
