"""Make and write the TensorFlow Lite files of a network with their report."""

import tempfile
from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from hg3d_tf import files, weights
from hg3d_tf.data import input_pipeline
from hg3d_tf.network import shipped
from hg3d_tf.network.pose_model import ModelConfig, PoseModel
from hg3d_tf.serving.description import describe_phone_model
from hg3d_tf.tflite import conversion, measurement


def training_images(
    mix: dict[str, float], data_dir: str, size: int, count: int
) -> list[np.ndarray]:
    """Return `count` crops [size, size, 3] in [0, 1] as training sees them.

    Raises:
      ValueError: for a mix that cannot be.
      UserError: if a dataset is not there.
    """
    config = input_pipeline.InputConfig(mix=mix, batch_size=1, data_dir=data_dir)
    batches = input_pipeline.train_batches(config, size).take(count)
    return [batch["image"].numpy()[0] for batch in batches]


def convert(model: PoseModel, forms: Iterable[str], images=()) -> dict[str, bytes]:
    """Return form -> bytes of the file; `images` are the representative ones for int8."""
    contents = {}
    for form in tqdm(forms, desc="converting", unit="file", leave=False, disable=None):
        with tempfile.TemporaryDirectory() as folder:
            # For speed, int8 goes without the flip test.
            conversion.PhoneModel(model, False if form == "int8" else None).save(folder)
            contents[form] = conversion.convert(folder, form, images)
    return contents


def convert_finder(forms: Iterable[str]) -> dict[str, bytes]:
    """Return name -> bytes of the files of the finder that go with those of a network.

    They are the package's int8 file, `finder`, and `finder_FORM` for those forms that are floats.
    """
    contents = {weights.FINDER_FILE.stem: weights.FINDER_FILE.read_bytes()}
    floats = [form for form in conversion.FINDER_FORMS if form in forms]
    if floats:
        with tempfile.TemporaryDirectory() as folder:
            conversion.PhoneFinder(shipped.load_finder()).save(folder)
            for form in floats:
                contents[f"finder_{form}"] = conversion.convert_finder(folder, form)
    return contents


def require_no_folders(output_dir: Path, forms: Collection[str]) -> None:
    """Raise IsADirectoryError where a folder stands in the place of a file that `write` writes."""
    finders = (f"finder_{form}" for form in conversion.FINDER_FORMS if form in forms)
    networks = [f"{name}.tflite" for name in (*forms, weights.FINDER_FILE.stem, *finders)]
    for name in (*networks, "description.json", "report.json", "report.md"):
        files.require_no_folder(output_dir / name)


def write(output_dir: Path, contents: dict[str, bytes], report: dict, config: ModelConfig) -> None:
    """Write NAME.tflite for each content, the report and description.json; print the report.

    A file of a form that the report measures but `contents` lacks is of an earlier run: it goes.
    """
    for form in report["files"].keys() - contents.keys():
        (output_dir / f"{form}.tflite").unlink(missing_ok=True)
    for name, content in contents.items():
        with files.atomic_path(output_dir / f"{name}.tflite") as temporary:
            temporary.write_bytes(content)
        print(f"{name}: {output_dir / name}.tflite")
    description = describe_phone_model(config.input_size, config.heatmaps, config.confidence_knots)
    files.write_json(output_dir / "description.json", description)
    files.write_json(output_dir / "report.json", report)
    text = measurement.as_markdown(report)
    files.write_text(output_dir / "report.md", text)
    print(text)
