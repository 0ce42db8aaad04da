"""Write a SavedModel that takes image bytes: `python -m hg3d_tf.export --workdir=runs/stage3`.

It appears whole under OUTPUT_DIR/VERSION/, as TF Serving wants it.
"""

import importlib.util
import tempfile
from pathlib import Path

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string("workdir", None, "Training folder whose newest weights are exported.")
flags.DEFINE_string("output_dir", None, "Folder of the model's versions [WORKDIR/saved_model].")
flags.DEFINE_integer("version", None, "Number of this version [one more than the newest there].")


def main() -> None:
    """Export and print the path."""
    cli.require(FLAGS.workdir, "workdir", "name the folder that training wrote to")
    output_dir = Path(FLAGS.output_dir or Path(FLAGS.workdir) / "saved_model")
    version = FLAGS.version if FLAGS.version is not None else _next_version(output_dir)
    path = output_dir / str(version)
    if path.exists():
        raise cli.UserError(f"{path} exists: choose another --version or remove it")
    from hg3d_tf import checkpoints

    model = checkpoints.load_model(FLAGS.workdir)
    cli.writable_folder(output_dir)
    save(model, path)
    print(f"SavedModel: {path}")


def save(model, path: Path) -> None:
    """Write the SavedModel of a network; a reader sees it whole or not at all.

    Its assets hold what the signature `describe` gives, as description.json, and, where
    tensorflow-serving-api is installed, requests that warm a server up.
    """
    import tensorflow as tf

    from hg3d_tf import files
    from hg3d_tf.serving import PoseServer

    server = PoseServer(model, version=path.name)
    with tempfile.TemporaryDirectory() as folder, files.atomic_path(path) as temporary:
        description = Path(folder, "description.json")
        description.write_text(server.description, encoding="utf-8")
        server.description_file = tf.saved_model.Asset(str(description))
        tf.saved_model.save(server, str(temporary), signatures=server.signatures())
        if importlib.util.find_spec("tensorflow_serving"):  # the extra `serving`
            from hg3d_tf import warmup

            warmup.write_warmup(temporary)


def _next_version(folder: Path) -> int:
    there = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    return max(there, default=0) + 1


if __name__ == "__main__":
    cli.run(main)
