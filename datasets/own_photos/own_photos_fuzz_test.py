"""Builds of mutated labels and photos: no traceback, nothing left out in silence, memory flat.

HG3D_FUZZ_MUTATIONS=700 tries that many instead of a few; HG3D_FUZZ_SEED starts elsewhere.
"""

import copy
import io
import json
import os
import resource
import shutil
import struct
import zlib

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from hg3d_tf.cli import UserError
from own_photos.own_photos_dataset_builder import Builder
from own_photos.own_photos_dataset_builder_test import coco, joints_px
from preparation.painted_people import jpeg, paint

MUTATIONS = int(os.environ.get("HG3D_FUZZ_MUTATIONS", 24))
SEED = int(os.environ.get("HG3D_FUZZ_SEED", 0))
NUM_PHOTOS = 4
# Of a build that goes well; a decoder's buffers and TensorFlow's arenas come and go.
MOST_GROWTH_BYTES = 300 << 20

ODD_VALUES = [
    *(None, True, "", " ", "7", -1, 0, 3.5, 1e30, 1e308, float("nan"), float("inf"), 10**40),
    *([], {}, [[]], [None], {"id": 1}, "x" * 5000, "\ud800", "a\0b", "ä", "a\u0308", [1, 2, 3]),
]
ODD_NAMES = [
    *("images\\{}", "images/{}", "C:\\photos\\{}", "/home/me/{}", "../../{}", "./{}", "{}?x=1"),
    *("https://a.b/c/{}?d=1", "s3://bucket/{}", "/data/local-files/?d=a/{}", "ab12cd34-{}", " {} "),
    *("{}/", "none {}", "{}\0", "\ud800{}", "/etc/passwd", "..", "", "/", "a" * 300, "http://[{}"),
]


def mutate_labels(rng, content) -> bytes:
    """Return labels with one to three things wrong, as bytes."""
    for _ in range(rng.integers(1, 4)):
        rng.choice([_change_value, _change_value, _change_list, _change_name])(rng, content)
    data = json.dumps(content).encode()
    if rng.random() < 0.2:
        data = rng.choice([_damaged, _other_encoding])(rng, data)
    return data


def _places(value, found):
    """Gather (container, key) of everything in a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        found.append((value, key))
        if isinstance(item, (dict, list)):
            _places(item, found)
    return found


def _change_value(rng, content):
    container, key = _some_place(rng, content)
    if rng.random() < 0.25 and isinstance(container, dict):
        del container[key]
    else:
        container[key] = copy.deepcopy(ODD_VALUES[rng.integers(len(ODD_VALUES))])


def _some_place(rng, content):
    places = _places(content, [])
    # Numbers in keypoints are most of them, but not most of what goes wrong.
    named = [place for place in places if isinstance(place[0], dict)] or places
    places = places if rng.random() < 0.3 else named
    return places[rng.integers(len(places))]


def _change_list(rng, content):
    lists = [c[k] for c, k in _places(content, []) if isinstance(c[k], list) and c[k]]
    if not lists:
        return
    chosen = lists[rng.integers(len(lists))]
    index = rng.integers(len(chosen))
    if rng.random() < 0.5:
        chosen.append(copy.deepcopy(chosen[index]))
    else:
        del chosen[index]


def _change_name(rng, content):
    images = content.get("images")
    if isinstance(images, list) and images and isinstance(images[0], dict):
        image = images[0]
        image["file_name"] = ODD_NAMES[rng.integers(len(ODD_NAMES))].format(image.get("file_name"))


def _damaged(rng, data):
    start = rng.integers(len(data))
    return rng.choice(np.array([data[:start], data[:start] + rng.bytes(8) + data[start:]], object))


def _other_encoding(rng, data):
    return data.decode().encode(rng.choice(["utf-8-sig", "utf-16", "utf-16-le", "utf-32"]))


def png_claiming(width, height):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 9) + b"IDAT" + bytes(20)


def _saved(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def _turned(rng, data):
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(0, 12))
    return _saved(Image.open(io.BytesIO(data)), "jpeg", exif=exif)


def _as_mode(rng, data):
    mode, form = [
        *(("L", "png"), ("I;16", "png"), ("I;16", "tiff"), ("F", "tiff"), ("CMYK", "jpeg")),
        *(("P", "gif"), ("RGBA", "png"), ("1", "bmp"), ("LA", "png"), ("LAB", "tiff")),
    ][rng.integers(10)]
    image = Image.open(io.BytesIO(data))
    if mode in ("I;16", "LAB"):
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
        return _saved(image, form)
    return _saved(image.convert(mode), form)


def mutate_photo(rng, data) -> bytes:
    """Return another file in place of a photo's."""
    start = int(rng.integers(len(data)))
    size = int(rng.choice([1, 9, 100, 2000]))
    return [
        lambda: data[:start],
        lambda: data[:start] + rng.bytes(size) + data[start + size :],
        lambda: data[:start] + bytes(size) + data[start + size :],
        lambda: b"",
        lambda: b"<!DOCTYPE html><html>log in</html>",
        lambda: rng.bytes(size),
        lambda: png_claiming(*rng.integers(1, 60000, 2)),
        lambda: _turned(rng, data),
        lambda: _as_mode(rng, data),
        lambda: _saved(Image.new("RGB", (1, 1)), "png"),
    ][rng.integers(10)]()


def mutated_folder(rng, folder, content, photos):
    """Write labels and photos, of which labels, photos or both are mutated."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    what = rng.integers(3)
    for name, data in photos.items():
        changed = what > 0 and rng.random() < 0.5
        (folder / "images" / name).write_bytes(mutate_photo(rng, data) if changed else data)
    labels = (
        mutate_labels(rng, copy.deepcopy(content)) if what != 1 else json.dumps(content).encode()
    )
    (folder / "annotations.json").write_bytes(labels)
    return labels


def annotations_in(labels: bytes) -> int:
    try:
        return len(json.loads(labels)["annotations"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return 0


def build_or_reason(folder, data_dir) -> str:
    """Build; return the line of an error, "" if it went well."""
    shutil.rmtree(data_dir, ignore_errors=True)
    builder = Builder(data_dir=str(data_dir), num_processes=1, image_size=96)
    config = tfds.download.DownloadConfig(manual_dir=folder)
    try:
        builder.download_and_prepare(download_config=config)
    except UserError as error:
        return str(error)
    expected = annotations_in((folder / "annotations.json").read_bytes())
    report = json.loads((data_dir / "own_photos/1.0.0/skipped.json").read_text())
    left_out = sum(len(names) for reasons in report.values() for names in reasons.values())
    built = sum(split.num_examples for split in builder.info.splits.values())
    assert built + left_out == expected, report
    return ""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_mutations_give_a_dataset_and_a_report_or_one_line(tmp_path):
    tfds.disable_progress_bar()
    content = coco(NUM_PHOTOS)
    for image in content["images"]:
        image |= {"width": 310, "height": 330}
    photos = {
        image["file_name"]: jpeg(paint(joints_px(number), (310, 330), 6, number))
        for number, image in enumerate(content["images"])
    }
    reasons = []
    for number in range(SEED, SEED + MUTATIONS):
        rng = np.random.default_rng(number)
        mutated_folder(rng, tmp_path / "own", content, photos)
        try:
            reasons.append(build_or_reason(tmp_path / "own", tmp_path / "data"))
        except Exception as error:
            raise AssertionError(f"mutation {number}") from error
        if number == SEED + min(20, MUTATIONS - 1):
            used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert all("\n" not in reason for reason in reasons)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used) * 1024
    print(f"{MUTATIONS} mutations: {sum(map(bool, reasons))} refused, {grown >> 20} MB more")
    assert grown < MOST_GROWTH_BYTES
