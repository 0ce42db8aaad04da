"""Train one stage of the network: `python -m hg3d_tf.train --flagfile=experiments/stage1.flags`.

The same command goes on after an interruption, at the last checkpoint; Ctrl-C and SIGTERM write one
first. Losses are shown while it trains and written to WORKDIR: tensorboard/, metrics.jsonl
(epochs), steps.jsonl, report.md with curves. WORKDIR/flags.txt holds the effective flags. Several
hosts train together where each runs the same command with its own TF_CONFIG and a WORKDIR that all
share.
"""

from pathlib import Path

from absl import flags

from hg3d_tf import cli
from hg3d_tf.data.mix import parse_mix

FLAGS = flags.FLAGS

# Of the command itself.
cli.DEFINE_path(
    "workdir", None, "Folder for checkpoints and logs; an existing one goes on.", tensorflow=True
)
flags.DEFINE_enum(
    "if_flags_differ",
    "refuse",
    ["refuse", "go_on", "start_anew"],
    "What to do with a WORKDIR made with other flags; start_anew removes what is there.",
)

# TrainConfig: the stage and its devices.
cli.DEFINE_path(
    "init_from",
    "",
    "Training folder of the stage before: start from its weights; shipped, shipped-large: those in"
    " the package.",
    tensorflow=True,
)
flags.DEFINE_integer("epochs", 60, "Epochs of this stage.")
flags.DEFINE_integer("steps_per_epoch", 4000, "Batches in an epoch.")
flags.DEFINE_integer(
    "frozen_blocks",
    0,
    "With efficientnet_lite0: first blocks of the encoder that stay as they are, of 16.",
)
flags.DEFINE_float(
    "average_decay", 0.0, "Of a running average of the weights, e.g. 0.999; 0: none."
)
flags.DEFINE_enum(
    "precision",
    "float32",
    ["auto", "float32", "mixed_bfloat16", "mixed_float16"],
    "Of the layers; heads and losses stay float32. auto: bfloat16 where the CPU computes with it.",
)
flags.DEFINE_enum(
    "strategy",
    "auto",
    ["auto", "one", "mirrored", "multi_worker", "tpu"],
    "Devices: one, all of this host, those of the hosts in TF_CONFIG, a TPU. auto: what is there.",
)
flags.DEFINE_bool(
    "deterministic_ops", False, "Weights to the bit in every run on such a machine; slower."
)
flags.DEFINE_integer("keep_checkpoints", 3, "Newest checkpoints to keep.")
flags.DEFINE_float(
    "checkpoint_minutes", 10, "Minutes between checkpoints inside an epoch; 0: none."
)
flags.DEFINE_integer("checkpoint_steps", 0, "Steps between checkpoints inside an epoch; 0: none.")
cli.DEFINE_png("preview", "", "PNG of the first training batch with its targets.")

# ModelConfig.
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
flags.DEFINE_bool(
    "flip_test", False, "When not training, average over the image and its mirror image."
)
flags.DEFINE_integer("num_stacks", 2, "Hourglasses, one after the other.")
flags.DEFINE_integer("num_features", 256, "Channels of the hourglasses.")
flags.DEFINE_integer("num_residuals", 2, "Residual modules at each place of an hourglass.")
flags.DEFINE_integer("input_size", 256, "Side of the network's input, px; a multiple of 64.")

# InputConfig.
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
cli.DEFINE_parsed(
    "mix",
    "studio:0.5,wild:0.5",
    parse_mix,
    "Datasets and the probability that a sample is theirs: dataset:weight,dataset:weight.",
)
flags.DEFINE_bool("mix_exact", False, "Give every batch exactly the shares of --mix.")
flags.DEFINE_list(
    "hide_depth", [], "Datasets of --mix whose people train as if only their 2D labels were there."
)
flags.DEFINE_integer("batch_size", 6, "Samples in a batch, over all replicas.")
flags.DEFINE_integer("seed", 0, "Of the weights, the order of the data and the augmentation.")
flags.DEFINE_bool("cache", False, "Keep the datasets, images encoded, in memory.")
flags.DEFINE_bool(
    "deterministic", True, "Same seed, same batches: no sample that is ready overtakes another."
)
flags.DEFINE_float(
    "max_bad_fraction",
    0.01,
    "Share of samples, of each host's own, that may be unreadable before training stops; of the"
    " validation's, too.",
)
flags.DEFINE_bool("augment_3d", False, "Augment samples with 3D labels too; the paper does not.")
flags.DEFINE_bool(
    "line_of_sight",
    False,
    "Teach depth along the line of sight to the person, not along the camera's axis as the paper.",
)

# AugmentConfig, behind augment_.
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
flags.DEFINE_integer("augment_jpeg_quality", 20, "Lowest quality of JPEG artefacts, up to 95.")
flags.DEFINE_float("augment_patch_probability", 0.0, "Share of samples with a pasted patch.")
flags.DEFINE_float("augment_patch_size", 0.4, "Longest side of the patch, in crop sides.")
flags.DEFINE_float("augment_cutout_probability", 0.0, "Share of samples with a covered square.")
flags.DEFINE_float("augment_cutout_size", 0.3, "Side of the covered square, in crop sides.")
flags.DEFINE_float(
    "augment_pixelated_head_probability",
    0.0,
    "Share of samples whose head is shown in few large cells, as in anonymous films.",
)
flags.DEFINE_float(
    "augment_half_body_probability",
    0.0,
    "Share of samples whose crop ends above the knees or the hips, as many photos do.",
)

# LossConfig.
flags.DEFINE_float("depth_weight", 0.0, "Weight of the depth loss of 3D samples (lambda_reg).")
flags.DEFINE_enum(
    "depth_loss",
    "squared",
    ["squared", "absolute"],
    "Of an error in depth: squared, as in the paper, or absolute (but smooth near 0).",
)
flags.DEFINE_float(
    "geometry_weight", 0.0, "Weight of the geometry loss of 2D samples (lambda_geo)."
)
flags.DEFINE_bool("geometry_on_3d", False, "Give samples with depth labels the geometry loss too.")
flags.DEFINE_enum(
    "bone_weighting",
    "paper_code",
    ["paper_code", "canonical"],
    "Bone lengths that the geometry loss divides by.",
)
flags.DEFINE_float("heatmap_sigma", 1.0, "Sigma of the heat maps' Gaussians, cells.")
flags.DEFINE_float(
    "outside_sigma",
    0.0,
    "Sigma, cells, of joints that lie outside the crop: taught at its nearest border; 0: not"
    " taught. For maps that are distributions.",
)
flags.DEFINE_integer(
    "virtual_views",
    0,
    "With efficientnet_lite0: also teach depth by this many turned views of each 3D sample's pose.",
)

# OptimizerConfig.
flags.DEFINE_enum(
    "optimizer",
    "rmsprop",
    ["rmsprop", "adam", "adamw", "radam", "lamb"],
    "Optimizer; the paper's is rmsprop. radam and lamb are tensorflow-addons', up to Python 3.11.",
)
flags.DEFINE_float("learning_rate", 2.5e-4, "Highest learning rate.")
flags.DEFINE_enum("schedule", "steps", ["steps", "cosine"], "Course of the learning rate.")
cli.DEFINE_parsed(
    "decay_epochs", "", cli.integers, "With steps: the rate drops to a tenth after these epochs."
)
flags.DEFINE_integer("warmup_steps", 0, "Batches over which the rate rises from 0.")
flags.DEFINE_float(
    "weight_decay",
    0.0,
    "Of kernels (radam: of all weights), in learning rates; adamw, radam, lamb.",
)
flags.DEFINE_bool("lookahead", False, "Every 6th step goes back half of the way; radam, lamb.")

# UpdateConfig.
flags.DEFINE_float("clip_norm", 0.0, "Highest norm of the gradient of all weights; 0: any.")
flags.DEFINE_integer("accumulate", 1, "Compute a batch in so many parts, which saves memory.")
flags.DEFINE_enum(
    "on_nonfinite",
    "stop",
    ["stop", "skip"],
    "What to do with a batch whose loss or gradient is not finite; its examples are recorded.",
)

# ValidationConfig.
flags.DEFINE_string(
    "validation_dataset",
    "",
    "Dataset to measure on while training, and to fit confidences to; none: none.",
)
flags.DEFINE_string("validation_split", "validation", "Split of --validation_dataset.")
flags.DEFINE_integer("validation_every", 1, "Epochs from one measurement to the next.")
flags.DEFINE_integer("pictures", 4, "People of the validation whose predictions are drawn.")
flags.DEFINE_enum(
    "best_metric",
    "pck_box_010",
    ["pck_box_010", "mpjpe_mm", "pck3d_150"],
    "What the weights kept in WORKDIR/best are best at.",
)
flags.DEFINE_integer("keep_best", 1, "Best weights to keep.")

# LogConfig.
flags.DEFINE_integer("log_steps", 100, "Steps from one line of steps.jsonl to the next; 0: none.")
flags.DEFINE_bool("histograms", False, "Write the weights' distributions for TensorBoard.")
cli.DEFINE_parsed(
    "profile_steps", "", cli.integers, "FIRST,LAST step of this run for TensorBoard's profiler."
)

# Fields of TrainConfig that are configurations themselves.
PARTS = ("model", "input", "optimizer", "loss", "update", "validation", "log")
# Flags that may change from run to run of one training: what they set leaves no trace in weights.
FREE_FLAGS = (
    *("workdir", "data_dir", "epochs", "strategy", "if_flags_differ", "on_nonfinite", "preview"),
    "flip_test",
    *("keep_checkpoints", "checkpoint_minutes", "checkpoint_steps", "cache", "max_bad_fraction"),
    *("validation_dataset", "validation_split", "validation_every", "pictures", "best_metric"),
    *("keep_best", "log_steps", "histograms", "profile_steps"),
)


def main() -> None:
    """Train with the flags' settings."""
    cli.require(FLAGS.workdir, "workdir", "name the folder for checkpoints, e.g. runs/stage1")
    workdir = cli.writable_training_folder(FLAGS.workdir)
    from hg3d_tf.training import checkpoints, stage, strategies
    from hg3d_tf.training.workdir import Flags, held, prepare

    with cli.flag_errors():
        config = config_from_flags()
    cli.require_writable("preview")
    goes_on = FLAGS.if_flags_differ != "start_anew" and checkpoints.is_begun(workdir)
    if FLAGS.if_flags_differ == "start_anew" and _starts_from(workdir):
        raise cli.UserError(
            f"--init_from={FLAGS.init_from} is what start_anew would remove of --workdir: choose"
            " another --workdir"
        )
    # All checks come before --if_flags_differ=start_anew removes anything.
    stage.check(config, goes_on)
    effective = Flags(cli.flags_into_string(), cli.default_lines(), FREE_FLAGS)
    chief = strategies.is_chief(FLAGS.strategy)
    with held(workdir, chief):
        strategy = stage.check_devices(config)
        prepare(workdir, effective, FLAGS.if_flags_differ, chief)
        try:
            stage.train(config, workdir, strategy)
        except strategies.PeerLost as error:
            strategies.start_again(error)


def _starts_from(workdir: Path) -> bool:
    """Tell whether --init_from is this training's folder, or its best weights."""
    from hg3d_tf import weights

    if not FLAGS.init_from or FLAGS.init_from in weights.FOLDERS:
        return False
    return Path(FLAGS.init_from).resolve() in (workdir.resolve(), (workdir / "best").resolve())


def config_from_flags():
    """Return the flags as a TrainConfig."""
    from hg3d_tf.data.augment import AugmentConfig
    from hg3d_tf.data.input_pipeline import InputConfig, data_dir_of
    from hg3d_tf.network.pose_model import LossConfig, ModelConfig
    from hg3d_tf.network.updates import UpdateConfig
    from hg3d_tf.training.config import LogConfig, TrainConfig
    from hg3d_tf.training.optimizers import OptimizerConfig
    from hg3d_tf.training.validation import ValidationConfig

    return TrainConfig(
        model=ModelConfig(**cli.flag_values(ModelConfig)),
        input=InputConfig(
            **cli.flag_values(InputConfig)
            | {
                "data_dir": data_dir_of(FLAGS.data_dir),
                "hide_depth": tuple(FLAGS.hide_depth),
                "augmentation": AugmentConfig(**cli.flag_values(AugmentConfig, "augment_")),
            }
        ),
        optimizer=OptimizerConfig(**cli.flag_values(OptimizerConfig) | {"name": FLAGS.optimizer}),
        loss=LossConfig(**cli.flag_values(LossConfig)),
        update=UpdateConfig(
            **cli.flag_values(UpdateConfig) | {"skip_nonfinite": FLAGS.on_nonfinite == "skip"}
        ),
        validation=ValidationConfig(
            **cli.flag_values(ValidationConfig) | cli.flag_values(ValidationConfig, "validation_")
        ),
        log=LogConfig(
            steps=FLAGS.log_steps,
            histograms=FLAGS.histograms,
            profile_steps=FLAGS.profile_steps,
        ),
        **cli.flag_values(TrainConfig, skip=PARTS),
    )


if __name__ == "__main__":
    cli.run(main)
