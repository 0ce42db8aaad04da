"""The trained networks that come with the package, as files; see the model card beside them."""

from pathlib import Path

FOLDER = Path(__file__).parent
LARGE_FOLDER = FOLDER / "large"
# Of the networks of poses, by the names that stand for a training folder.
FOLDERS = {"shipped": FOLDER, "shipped-large": LARGE_FOLDER}

TFLITE_FILE = FOLDER / "pose.tflite"
FINDER_FILE = FOLDER / "finder.tflite"
LARGE_TFLITE_FILE = LARGE_FOLDER / TFLITE_FILE.name
FILM_FILE = LARGE_FOLDER / "film.delta"  # what differs from the file above
# What LiteRT runs, by the names that stand for a model; the last goes without the flip test.
MODEL_FILES = {
    "shipped": TFLITE_FILE,
    "shipped-large": LARGE_TFLITE_FILE,
    "shipped-film": FILM_FILE,
}
