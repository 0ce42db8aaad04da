"""Poses of photos from a server: what it cannot read is read here and sent as a JPEG."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from hg3d_tf import images
from hg3d_tf.cli import UserError
from hg3d_tf.prediction import boxes, pose_json, results
from hg3d_tf.prediction.photos import read_photo
from hg3d_tf.prediction.results import Results

# What the served graph decodes to the same pixels as `images.read_picture`.
_SENT_AS_THEY_ARE = {"JPEG", "MPO", "PNG"}
_PLAIN_MODES = {"RGB", "L"}


class Sent(NamedTuple):
    """A photo as it is sent.

    Attributes:
      content: the bytes of a file that the server reads.
      size: width and height px of the picture as it is seen.
      scale: [2] px of what is sent for each of these: 1 unless the picture is too large.
    """

    content: bytes
    size: tuple[int, int]
    scale: np.ndarray


def to_send(path: Path) -> Sent:
    """Return a photo as the server reads it.

    Raises:
      UserError: if it cannot be read as an image.
    """
    try:
        header = images.read_header(path)
        if _is_read_by_server(header):
            return Sent(path.read_bytes(), header.seen_size, np.ones(2))
    except images.ImageError as error:
        raise UserError(f"{path}: cannot be read as an image ({error})") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    photo = read_photo(path)
    smaller = photo.for_served_graph
    buffer = io.BytesIO()
    Image.fromarray(smaller.pixels).save(buffer, "jpeg", quality=95, subsampling=0)
    return Sent(buffer.getvalue(), header.seen_size, photo.scale * smaller.scale)


def _is_read_by_server(header: images.Header) -> bool:
    # It turns JPEGs only.
    turned = header.orientation != 1 and header.file_format == "PNG"
    plain = header.file_format in _SENT_AS_THEY_ARE and header.mode in _PLAIN_MODES
    return plain and not turned and max(header.stored_size) <= images.MAX_SERVED_SIDE


def ask(
    paths: Sequence[Path], predict, batch_size: int, box: np.ndarray | None
) -> Iterator[tuple[Path, dict | str]]:
    """Yield each photo with the answer, in px of the picture as it is seen, or why there is none.

    An answer has the outputs by name, `size`, the picture's width and height, and `box` if given.

    A batch of photos is read at a time.

    Args:
      paths: of the photos.
      predict: from `clients.grpc_predictor` or `rest_predictor`; what it raises where the server
        does not answer ends this.
      batch_size: photos in a request.
      box: [4] px of the person in every photo, or None for what `predict` finds in whole photos.
    """
    for start in range(0, len(paths), batch_size):
        yield from _ask_once(paths[start : start + batch_size], predict, box)


def _ask_once(paths, predict, box):
    from hg3d_tf.serving import clients  # needs the extra `serving`

    sent: dict[Path, Sent] = {}
    for path in paths:
        try:
            photo = to_send(path)
            if box is not None:
                boxes.check_inside(box, photo.size)
            sent[path] = photo
        except (UserError, ValueError) as error:
            yield path, str(error) if isinstance(error, UserError) else f"{path}: {error}"
    contents = [photo.content for photo in sent.values()]
    in_boxes = None if box is None else [np.tile(p.scale, 2) * box for p in sent.values()]
    answers = clients.predict_batches(contents, predict, max(1, len(contents)), in_boxes)
    for (path, photo), answer in zip(sent.items(), answers, strict=True):
        if isinstance(answer, str):
            yield path, f"{path}: refused by the server: {answer}"
        else:
            of_box = {} if box is None else {"box": box}
            yield path, _in_picture(answer, photo) | of_box


def _in_picture(answer: dict, photo: Sent) -> dict:
    answer = answer | {"joints_2d": answer["joints_2d"] / photo.scale, "size": photo.size}
    if "boxes" in answer:
        answer["boxes"] = answer["boxes"] / np.tile(photo.scale, 2)
    return answer


def records(path: Path, answer: dict) -> list[dict]:
    """Return the poses of an answer, each as JSON: of one person, or of all who were found."""
    if "valid" not in answer:
        return [pose_json.as_json(path, answer, answer.get("box"), answer["size"])]
    found = {name: answer[name][answer["valid"] > 0] for name in answer if name != "size"}
    return [
        pose_json.as_json(
            path,
            {name: values[row] for name, values in found.items()},
            found["boxes"][row],
            answer["size"],
            row + 1,
            found["scores"][row],
        )
        for row in range(len(found["scores"]))
    ]


def ask_and_write(paths: Sequence[Path], predict, batch_size: int, box, done: Results) -> int:
    """Ask for the photos that are not done yet, as `ask`; write them; return the exit status."""
    missing = [path for path in paths if done.find(path) is None]
    done.reused = len(paths) - len(missing)
    return results.collect(paths, _failures(missing, predict, batch_size, box, done), done)


def _failures(paths, predict, batch_size, box, done: Results) -> Iterator[str | None]:
    progress = tqdm(total=len(paths), unit="image", disable=None)
    with progress:
        try:
            for path, answer in ask(paths, predict, batch_size, box):
                progress.update()
                if isinstance(answer, str):
                    yield answer
                    continue
                poses = records(path, answer)
                if not poses:
                    print(f"warning: {path}: no person found: --box=x1,y1,x2,y2 says where to look")
                done.add(path, poses)
        except UserError as error:  # The server is away: that ends it.
            yield f"{error} ({sum(map(done.is_done, paths))} of {len(paths)} images are done)"
