"""Optimizers by name and learning-rate schedules."""

import dataclasses
import math

import tensorflow as tf

from hg3d_tf.keras_api import keras


@dataclasses.dataclass(frozen=True)
class OptimizerConfig:
    """The default is the paper's: RMSprop at 2.5e-4 without decay."""

    name: str = "rmsprop"  # rmsprop, adam
    learning_rate: float = 2.5e-4
    schedule: str = "steps"  # steps, cosine
    decay_epochs: tuple[int, ...] = ()  # "steps": the rate is multiplied by 0.1 after these
    warmup_steps: int = 0  # the rate rises linearly from 0

    def __post_init__(self):
        if self.name not in ("rmsprop", "adam"):
            raise ValueError(f"optimizer is {self.name!r}, must be rmsprop or adam")
        if self.schedule not in ("steps", "cosine"):
            raise ValueError(f"schedule is {self.schedule!r}, must be steps or cosine")
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate is {self.learning_rate}, must be positive")


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
    config: OptimizerConfig, steps_per_epoch: int, epochs: int
) -> keras.optimizers.Optimizer:
    """Return the optimizer with its schedule."""
    schedule = Schedule(config, steps_per_epoch, epochs)
    if config.name == "adam":
        # The gradients of a mean over all pixels are as small as Keras's default epsilon.
        return keras.optimizers.Adam(schedule, epsilon=1e-10)
    # Torch adds its epsilon 1e-8 outside of the square root, Keras inside: hence its square.
    return keras.optimizers.RMSprop(schedule, rho=0.99, epsilon=1e-16)
