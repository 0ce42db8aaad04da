"""Train one stage of the network: `python -m hg3d_tf.train --flagfile=experiments/stage1.flags`.

The same command goes on after an interruption. Losses are shown while it trains and written to
WORKDIR/tensorboard; WORKDIR/flags.txt holds the effective flags.
"""

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string("workdir", None, "Folder for checkpoints and logs; an existing one goes on.")
flags.DEFINE_string("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_string(
    "mix",
    "studio:0.5,wild:0.5",
    "Datasets and the probability that a sample is theirs: dataset:weight,dataset:weight.",
)
flags.DEFINE_bool("mix_exact", False, "Give every batch exactly the shares of --mix.")
flags.DEFINE_integer("batch_size", 6, "Samples in a batch, over all replicas.")
flags.DEFINE_bool("cache", False, "Keep the datasets, images encoded, in memory.")
flags.DEFINE_bool(
    "deterministic", True, "Same seed, same batches: no sample that is ready overtakes another."
)
flags.DEFINE_float(
    "max_bad_fraction", 0.01, "Share of samples that may be unreadable before training stops."
)
flags.DEFINE_string("preview", "", "PNG of the first training batch with its targets.")
flags.DEFINE_integer("epochs", 60, "Epochs of this stage.")
flags.DEFINE_integer("steps_per_epoch", 4000, "Batches in an epoch.")
flags.DEFINE_integer("seed", 0, "Of the weights, the order of the data and the augmentation.")
flags.DEFINE_string(
    "init_from",
    "",
    "Training folder of the stage before: start from its weights; shipped: those in the package.",
)

flags.DEFINE_enum(
    "network",
    "hourglass",
    ["hourglass", "efficientnet_lite0"],
    "The paper's, or an encoder pretrained on ImageNet with the same outputs, for phones.",
)
flags.DEFINE_enum(
    "heatmaps",
    "linear",
    ["linear", "softmax"],
    "Trained by squared error as in the paper, or as distributions by their divergence.",
)
flags.DEFINE_integer(
    "frozen_blocks", 0, "First blocks of the pretrained encoder that stay as they are, of 16."
)
flags.DEFINE_integer("num_stacks", 2, "Hourglasses, one after the other.")
flags.DEFINE_integer("num_features", 256, "Channels of the hourglasses.")
flags.DEFINE_integer("num_residuals", 2, "Residual modules at each place of an hourglass.")
flags.DEFINE_integer("input_size", 256, "Side of the network's input, px; a multiple of 64.")

flags.DEFINE_float("depth_weight", 0.0, "Weight of the depth loss of 3D samples (lambda_reg).")
flags.DEFINE_float(
    "geometry_weight", 0.0, "Weight of the geometry loss of 2D samples (lambda_geo)."
)
flags.DEFINE_bool("geometry_on_3d", False, "Give samples with depth labels the geometry loss too.")
flags.DEFINE_float("heatmap_sigma", 1.0, "Sigma of the heat maps' Gaussians, cells.")
flags.DEFINE_integer(
    "virtual_views",
    0,
    "With efficientnet_lite0: also teach depth by this many turned views of each 3D sample's pose.",
)
flags.DEFINE_enum(
    "bone_weighting",
    "paper_code",
    ["paper_code", "canonical"],
    "Bone lengths that the geometry loss divides by.",
)

flags.DEFINE_enum("optimizer", "rmsprop", ["rmsprop", "adam"], "Optimizer; the paper's is rmsprop.")
flags.DEFINE_float("learning_rate", 2.5e-4, "Highest learning rate.")
flags.DEFINE_enum("schedule", "steps", ["steps", "cosine"], "Course of the learning rate.")
flags.DEFINE_list("decay_epochs", [], "With steps: the rate drops to a tenth after these epochs.")
flags.DEFINE_integer("warmup_steps", 0, "Batches over which the rate rises from 0.")
flags.DEFINE_enum(
    "precision",
    "float32",
    ["auto", "float32", "mixed_bfloat16"],
    "Of the layers; heads and losses stay float32. auto: bfloat16 where the CPU computes with it.",
)
flags.DEFINE_integer("keep_checkpoints", 3, "Newest checkpoints to keep.")

flags.DEFINE_float("augment_scale", 0.25, "Sigma of log2 of the crop's side.")
flags.DEFINE_float("augment_rotation", 30.0, "Sigma of the rotation, degrees; clipped to 2 sigma.")
flags.DEFINE_float("augment_rotation_probability", 0.4, "Share of samples that are rotated.")
flags.DEFINE_float("augment_flip_probability", 0.5, "Share of samples that are mirrored.")
flags.DEFINE_float("augment_shift", 0.0, "Sigma of the crop centre's x and y, in crop sides.")
flags.DEFINE_float("augment_colour", 0.4, "Channels are multiplied by 1 - this to 1 + this.")
flags.DEFINE_float("augment_grayscale_probability", 0.0, "Share of samples without colour.")
flags.DEFINE_float("augment_blur_probability", 0.0, "Share of samples that are blurred.")
flags.DEFINE_float("augment_blur_sigma", 2.0, "Largest sigma of the blur, px of the crop.")
flags.DEFINE_float("augment_jpeg_probability", 0.0, "Share of samples with JPEG artefacts.")
flags.DEFINE_integer("augment_jpeg_quality", 20, "Lowest quality of those, up to 95.")
flags.DEFINE_float("augment_patch_probability", 0.0, "Share of samples with a pasted patch.")
flags.DEFINE_float("augment_patch_size", 0.4, "Longest side of the patch, in crop sides.")
flags.DEFINE_float("augment_cutout_probability", 0.0, "Share of samples with a covered square.")
flags.DEFINE_float("augment_cutout_size", 0.3, "Side of the covered square, in crop sides.")
flags.DEFINE_bool("augment_3d", False, "Augment samples with 3D labels too; the paper does not.")


def main() -> None:
    """Train with the flags' settings."""
    cli.require(FLAGS.workdir, "workdir", "name the folder for checkpoints, e.g. runs/stage1")
    workdir = cli.writable_folder(FLAGS.workdir)
    from hg3d_tf import files, training

    with cli.flag_errors():
        config = config_from_flags()
    files.write_text(workdir / "flags.txt", cli.flags_into_string())
    training.keras.utils.set_random_seed(FLAGS.seed)
    training.train(config, workdir)


def config_from_flags():
    """Return the flags as a TrainConfig."""
    from hg3d_tf.augment import AugmentConfig
    from hg3d_tf.input_pipeline import InputConfig, default_data_dir
    from hg3d_tf.optimizers import OptimizerConfig
    from hg3d_tf.pose_model import LossConfig, ModelConfig
    from hg3d_tf.training import TrainConfig

    return TrainConfig(
        model=ModelConfig(**cli.flag_values(ModelConfig)),
        input=InputConfig(
            **cli.flag_values(InputConfig)
            | {
                "data_dir": FLAGS.data_dir or default_data_dir(),
                "augmentation": AugmentConfig(**cli.flag_values(AugmentConfig, "augment_")),
            }
        ),
        optimizer=OptimizerConfig(
            **cli.flag_values(OptimizerConfig)
            | {
                "name": FLAGS.optimizer,
                "decay_epochs": tuple(int(epoch) for epoch in FLAGS.decay_epochs),
            }
        ),
        loss=LossConfig(**cli.flag_values(LossConfig)),
        **cli.flag_values(TrainConfig, skip=("model", "input", "optimizer", "loss")),
    )


if __name__ == "__main__":
    cli.run(main)
