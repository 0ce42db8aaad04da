"""The trained network that comes with the package, as files; see the model card beside them."""

from pathlib import Path

FOLDER = Path(__file__).parent
TFLITE_FILE = FOLDER / "pose.tflite"
