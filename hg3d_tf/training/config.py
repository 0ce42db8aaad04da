"""What a stage of training consists of."""

import dataclasses

from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.network import efficientnet, precision
from hg3d_tf.network.pose_model import LossConfig, ModelConfig
from hg3d_tf.network.updates import UpdateConfig
from hg3d_tf.training import strategies
from hg3d_tf.training.optimizers import OptimizerConfig
from hg3d_tf.training.validation import ValidationConfig


@dataclasses.dataclass(frozen=True)
class LogConfig:
    """What is written beside the means of each epoch.

    Raises:
      ValueError: for steps that cannot be.
    """

    steps: int = 100  # between two lines of steps.jsonl; 0 for none
    histograms: bool = False  # of the weights, after every epoch
    profile_steps: tuple[int, ...] = ()  # first and last step for TensorBoard's profiler

    def __post_init__(self):
        if self.steps < 0:
            raise ValueError(f"log_steps is {self.steps}, must not be negative")
        if self.profile_steps and not (
            len(self.profile_steps) == 2 and 2 <= self.profile_steps[0] <= self.profile_steps[1]
        ):
            steps = ",".join(map(str, self.profile_steps))
            raise ValueError(f"profile_steps is {steps}, must be FIRST,LAST with 2 <= FIRST")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A stage of training.

    Raises:
      ValueError: for settings that contradict each other.
    """

    model: ModelConfig = ModelConfig()
    input: InputConfig = InputConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    update: UpdateConfig = UpdateConfig()
    validation: ValidationConfig = ValidationConfig()
    log: LogConfig = LogConfig()
    strategy: str = "auto"
    precision: str = "float32"
    deterministic_ops: bool = False  # ask for kernels that give the same bits in every run
    average_decay: float = 0.0  # of a running average of the weights, 0 for none
    epochs: int = 60
    steps_per_epoch: int = 4000
    frozen_blocks: int = 0  # of the pretrained encoder, from the image on, that are not trained
    init_from: str = ""  # training folder whose weights this stage starts from
    keep_checkpoints: int = 3
    checkpoint_minutes: float = 10.0  # between checkpoints inside an epoch, 0 for none
    checkpoint_steps: int = 0  # the same, in steps
    preview: str = ""  # PNG of the first batch

    def __post_init__(self):
        for name in ("epochs", "steps_per_epoch", "keep_checkpoints"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be positive")
        for name in ("checkpoint_minutes", "checkpoint_steps"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}, must not be negative")
        known = {"precision": precision.PRECISIONS, "strategy": strategies.STRATEGIES}
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} is {getattr(self, name)!r}, must be one of {values}")
        if not 0 <= self.frozen_blocks <= efficientnet.NUM_BLOCKS:
            raise ValueError(
                f"frozen_blocks is {self.frozen_blocks}, must be from 0 to"
                f" {efficientnet.NUM_BLOCKS}"
            )
        for name, wanted in (
            ("virtual_views", self.loss.virtual_views),
            ("frozen_blocks", self.frozen_blocks),
        ):
            if wanted and self.model.network != "efficientnet_lite0":
                raise ValueError(f"{name} needs network efficientnet_lite0")
        if not 0 <= self.average_decay < 1:
            raise ValueError(f"average_decay is {self.average_decay}, must be in [0, 1)")
