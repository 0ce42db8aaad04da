"""The baseline of the input benchmark: decode all, warp, draw heat maps, a process per core."""

import functools
import importlib.util
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np

_CHUNK = 16  # samples that a process is given at once


def available() -> bool:
    """Return whether OpenCV is installed (the extra `datasets`)."""
    return importlib.util.find_spec("cv2") is not None


def measure(dataset, size: int, heatmap_size: int, seconds: float, cores: int) -> float:
    """Return the samples that `cores` processes make per second of a dataset's examples."""
    photos = photos_of(dataset)
    make = functools.partial(_make_chunk, size=size, heatmap_size=heatmap_size)
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads do not survive a fork
    with ProcessPoolExecutor(cores, mp_context=context) as pool:
        chunks = [[photos[(i + k) % len(photos)] for k in range(_CHUNK)] for i in range(cores)]
        list(pool.map(make, chunks, range(cores)))  # start the processes
        start, made = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            made += sum(pool.map(make, 4 * chunks, range(4 * cores)))
        return made / (time.perf_counter() - start)


def _make_chunk(photos: list[dict], seed: int, size: int, heatmap_size: int) -> int:
    rng = np.random.default_rng(seed)
    batch = [make_sample(photo, rng, size, heatmap_size) for photo in photos]
    return len(np.stack([image for image, _ in batch]))


def make_sample(photo: dict, rng, size: int, heatmap_size: int):
    """Return crop [size, size, 3] float32 and heat maps [16, h, h] of an augmented sample."""
    import cv2

    cv2.setNumThreads(1)
    image = cv2.imdecode(np.frombuffer(photo["image"], np.uint8), cv2.IMREAD_COLOR)
    angle = np.clip(rng.normal(0, 30), -60, 60) if rng.random() < 0.4 else 0.0
    scale = size / (photo["crop_side"] * 2 ** np.clip(rng.normal(0, 0.25), -0.5, 0.5))
    matrix = cv2.getRotationMatrix2D(tuple(map(float, photo["crop_center"])), angle, scale)
    matrix[:, 2] += size / 2 - photo["crop_center"]
    crop = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR)
    crop = np.clip(crop[..., ::-1] * (rng.uniform(0.6, 1.4, 3) / 255), 0, 1).astype(np.float32)
    joints_2d = photo["joints_2d"] @ matrix[:, :2].T + matrix[:, 2]
    return crop, draw_heatmaps(joints_2d * (heatmap_size / size), heatmap_size)


def draw_heatmaps(joints_2d: np.ndarray, size: int) -> np.ndarray:
    """Draw a 7x7 Gaussian per joint, the way that loaders of the field do: joint by joint."""
    heatmaps = np.zeros((len(joints_2d), size, size), np.float32)
    offset = np.arange(-3, 4)
    patch = np.exp(-(offset[:, np.newaxis] ** 2 + offset**2) / 2)
    for heatmap, (x, y) in zip(heatmaps, np.floor(joints_2d).astype(int), strict=True):
        rows, columns = np.meshgrid(y + offset, x + offset, indexing="ij")
        inside = (rows >= 0) & (rows < size) & (columns >= 0) & (columns < size)
        heatmap[rows[inside], columns[inside]] = patch[inside]
    return heatmaps


def photos_of(dataset) -> list[dict]:
    """Return the encoded images and labels of a dataset's examples."""
    fields = ("image", "joints_2d", "crop_center", "crop_side")
    return [{name: example[name] for name in fields} for example in dataset.as_numpy_iterator()]
