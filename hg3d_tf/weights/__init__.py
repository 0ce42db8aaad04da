"""The trained networks that come with the package, as files; see the model card beside them."""

from pathlib import Path

FOLDER = Path(__file__).parent
TFLITE_FILE = FOLDER / "pose.tflite"
FINDER_FILE = FOLDER / "finder.tflite"
LARGE_FOLDER = FOLDER / "large"  # of the larger sibling
LARGE_TFLITE_FILE = LARGE_FOLDER / TFLITE_FILE.name
FILM_FILE = LARGE_FOLDER / "film.delta"  # what differs from that
