"""Optimizers by name and learning-rate schedules."""

import dataclasses
import math
import types
import warnings

import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.network.keras_api import keras

OPTIMIZERS = ("rmsprop", "adam", "adamw", "radam", "lamb")
_OF_ADDONS = ("radam", "lamb")
_WITH_DECAY = ("adamw", "radam", "lamb")
# The gradients of a mean over all pixels are as small as the optimizers' default epsilons.
_EPSILON = 1e-10
_NOT_DECAYED = ["bias", "gamma", "beta"]


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """The default is the paper's: RMSprop at 2.5e-4 without decay.

    Raises:
      ValueError: for an unknown name or settings that contradict each other.
    """

    name: str = "rmsprop"
    learning_rate: float = 2.5e-4
    schedule: str = "steps"  # steps, cosine
    decay_epochs: tuple[int, ...] = ()  # "steps": the rate is multiplied by 0.1 after these
    warmup_steps: int = 0  # the rate rises linearly from 0
    weight_decay: float = 0.0  # of the kernels (radam: of all weights), a step, in learning rates
    lookahead: bool = False  # radam and lamb: every 6th step goes back half of the way

    def __post_init__(self):
        if self.name not in OPTIMIZERS:
            raise ValueError(f"optimizer is {self.name!r}, must be one of {', '.join(OPTIMIZERS)}")
        if self.schedule not in ("steps", "cosine"):
            raise ValueError(f"schedule is {self.schedule!r}, must be steps or cosine")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate is {self.learning_rate}, must be positive")
        if self.warmup_steps < 0:
            raise ValueError(f"warmup_steps is {self.warmup_steps}, must not be negative")
        if any(epoch < 1 for epoch in self.decay_epochs):
            raise ValueError(f"decay_epochs is {self.decay_epochs}, must be positive")
        if not self.weight_decay >= 0:
            raise ValueError(f"weight_decay is {self.weight_decay}, must not be negative")
        if self.weight_decay and self.name not in _WITH_DECAY:
            raise ValueError(f"weight_decay wants optimizer {' or '.join(_WITH_DECAY)}")
        if self.lookahead and self.name not in _OF_ADDONS:
            raise ValueError(f"lookahead wants optimizer {' or '.join(_OF_ADDONS)}")


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """Steps or a half cosine to zero, after a linear warm-up."""

    def __init__(self, config: OptimizerConfig, steps_per_epoch: int, epochs: int):
        self.config = config
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs

    def __call__(self, step):
        config = self.config
        step = tf.cast(step, tf.float32)
        if config.schedule == "cosine":
            total = self.steps_per_epoch * self.epochs
            factor = 0.5 * (1 + tf.cos(math.pi * tf.minimum(step / total, 1.0)))
        else:
            ends = tf.constant([e * self.steps_per_epoch for e in config.decay_epochs], tf.float32)
            factor = tf.pow(0.1, tf.reduce_sum(tf.cast(step >= ends, tf.float32)))
        warmup = tf.minimum((step + 1) / max(config.warmup_steps, 1), 1.0)
        return config.learning_rate * factor * warmup

    def get_config(self):
        return {
            "config": self.config,
            "steps_per_epoch": self.steps_per_epoch,
            "epochs": self.epochs,
        }


def create_optimizer(
    config: OptimizerConfig, steps_per_epoch: int, epochs: int, loss_scaling: bool = False
):
    """Return the optimizer with its schedule.

    Args:
      config: which one.
      steps_per_epoch: of the schedule.
      epochs: of the schedule.
      loss_scaling: for layers in float16.

    Raises:
      UserError: if it is one of tensorflow-addons' and that is not installed.
    """
    optimizer = _create(config, Schedule(config, steps_per_epoch, epochs))
    return keras.mixed_precision.LossScaleOptimizer(optimizer) if loss_scaling else optimizer


def _create(config: OptimizerConfig, schedule: Schedule):
    if config.name in _OF_ADDONS:
        return _create_of_addons(config, schedule)
    if config.name == "adam":
        return keras.optimizers.Adam(schedule, epsilon=_EPSILON)
    if config.name == "adamw":
        optimizer = keras.optimizers.AdamW(
            schedule, weight_decay=config.weight_decay, epsilon=_EPSILON
        )
        optimizer.exclude_from_weight_decay(var_names=_NOT_DECAYED)
        return optimizer
    # Torch adds its epsilon 1e-8 outside of the square root, Keras inside: hence its square.
    return keras.optimizers.RMSprop(schedule, rho=0.99, epsilon=1e-16)


def check(config: OptimizerConfig) -> None:
    """Raise UserError if it is an optimizer of tensorflow-addons and that is not installed."""
    if config.name in _OF_ADDONS:
        _addons(config.name)


def _addons(name: str) -> types.ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it announces the end of its development
            from tensorflow_addons import optimizers
    except ImportError:
        raise UserError(
            f"optimizer {name} is tensorflow-addons', which is not installed (it has no release for"
            " Python 3.12 and later): choose adam or adamw"
        ) from None
    return optimizers


def _create_of_addons(config: OptimizerConfig, schedule: Schedule):
    optimizers = _addons(config.name)
    settings = {"weight_decay": config.weight_decay, "epsilon": _EPSILON}
    if config.name == "lamb":
        optimizer = optimizers.LAMB(schedule, exclude_from_weight_decay=_NOT_DECAYED, **settings)
    else:
        optimizer = optimizers.RectifiedAdam(schedule, **settings)
    return optimizers.Lookahead(optimizer) if config.lookahead else optimizer
