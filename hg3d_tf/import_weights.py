"""Import the authors' weights: `python -m hg3d_tf.import_weights --torch_checkpoint=hgreg-3d.pth
--output=runs/hgreg-3d` makes a training folder for evaluate, export, predict and --init_from.

PyTorch is not needed, and nothing that the file asks for is run. The network's size is found from
the file. Its way of reading images (BGR / 256, from OpenCV) is folded into the first convolution.
"""

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

cli.DEFINE_path("torch_checkpoint", None, "The .pth file: a whole module or a state_dict.")
cli.DEFINE_path("output", None, "Folder to make; like one of training.", tensorflow=True)
flags.DEFINE_enum("channels", "bgr", ["bgr", "rgb"], "Order of colours that it was trained with.")
flags.DEFINE_float("divisor", 256.0, "What it divides pixels in 0..255 by.")


def main() -> None:
    """Read, convert, write."""
    cli.require(FLAGS.torch_checkpoint, "torch_checkpoint", "name the .pth file")
    cli.require(FLAGS.output, "output", "name the folder to make, e.g. runs/hgreg-3d")
    if not FLAGS.divisor > 0:
        raise cli.UserError(f"--divisor={FLAGS.divisor} must be positive")
    output = cli.writable_training_folder(FLAGS.output)
    from hg3d_tf.network.pose_model import build_pose_model
    from hg3d_tf.torch_weights import authors, pth_file
    from hg3d_tf.training import checkpoints

    tensors = pth_file.read_tensors(FLAGS.torch_checkpoint)
    with cli.flag_errors():
        config = authors.infer_config(tensors)
    model = build_pose_model(config)
    authors.assign(model, tensors)
    authors.fold_input(model, FLAGS.channels == "bgr", FLAGS.divisor)
    checkpoints.save_model(model, output)
    count = sum(weight.shape.num_elements() for weight in model.trainable_weights)
    print(f"{FLAGS.output}: {config}, {count:,} parameters")


if __name__ == "__main__":
    cli.run(main)
