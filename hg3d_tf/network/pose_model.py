"""The network as a Keras functional model, with the training step of the paper."""

import dataclasses
import math
from typing import Literal

import tensorflow as tf

from hg3d_tf import flip_test, losses
from hg3d_tf.network import (
    confidence,
    hourglass,
    precision,
    pyramid,
    targets,
    updates,
    virtual_views,
)
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.updates import UpdateConfig

NETWORKS = ("hourglass", "efficientnet_lite0")
HEATMAPS = ("linear", "softmax")


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The members of the network's family; the default is the paper's (14,429,104 parameters).

    Raises:
      ValueError: for a size that the network cannot have.
    """

    num_stacks: int = 2
    num_features: int = 256
    num_residuals: int = 2
    input_size: int = 256  # px, square
    num_depth_residuals: int | None = None  # in the depth module; num_residuals by default
    network: Literal["hourglass", "efficientnet_lite0"] = "hourglass"
    heatmaps: Literal["linear", "softmax"] = "linear"  # softmax: over the cells of each map
    flip_test: bool = False  # when not training: the mean with the mirrored image's outputs
    # Depth, and its axes, are along the line of sight to the crop, not along the camera's axis.
    line_of_sight: bool = False
    # (peak, share), ...: of joints whose heat map has that peak, the share within 0.1 of the longer
    # side of the person's box. Without any the peak itself is the confidence.
    confidence_knots: confidence.Knots = confidence.UNMEASURED

    def __post_init__(self):
        object.__setattr__(self, "confidence_knots", confidence.checked(self.confidence_knots))
        for name in ("num_stacks", "num_features", "num_residuals", "input_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be positive")
        if self.num_depth_residuals is not None and self.num_depth_residuals < 1:
            raise ValueError(f"num_depth_residuals is {self.num_depth_residuals}, must be positive")
        if self.network not in NETWORKS:
            raise ValueError(f"network is {self.network!r}, must be one of {NETWORKS}")
        if self.heatmaps not in HEATMAPS:
            raise ValueError(f"heatmaps is {self.heatmaps!r}, must be one of {HEATMAPS}")
        if self.input_size % 64:
            raise ValueError(f"input_size is {self.input_size}, must be a multiple of 64")
        if self.num_features % 2:
            raise ValueError(f"num_features is {self.num_features}, must be even")

    @property
    def heatmap_size(self) -> int:
        """Number of heat map cells along each side."""
        return self.input_size // hourglass.OUTPUT_STRIDE


@dataclasses.dataclass(frozen=True)
class LossConfig:
    """The losses; stage 1 trains on the heat maps alone.

    Raises:
      ValueError: for values that cannot be.
    """

    depth_weight: float = 0.0  # lambda_reg
    depth_loss: losses.DepthLoss = "squared"
    geometry_weight: float = 0.0  # lambda_geo
    geometry_on_3d: bool = False  # samples with depth labels get it too: the poster's 3D/w geo
    bone_weighting: losses.BoneWeighting = "paper_code"
    heatmap_sigma: float = 1.0  # of the target's Gaussian, cells
    outside_sigma: float = 0.0  # of that of a joint outside the crop, at its border; 0: none
    virtual_views: int = 0  # of each 3D sample, for networks that lift 2D joints

    def __post_init__(self):
        for name in ("depth_weight", "geometry_weight", "outside_sigma", "virtual_views"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}, must not be negative")
        if not self.heatmap_sigma > 0:
            raise ValueError(f"heatmap_sigma is {self.heatmap_sigma}, must be positive")


class SpatialSoftmax(keras.layers.Layer):
    """Logits [B, H, W, 16] -> a distribution over the cells for each joint, times 2 pi.

    So scaled, a Gaussian with sigma 1 has the height 1.
    """

    def call(self, inputs):
        height, width, joints = inputs.shape[1:]
        flat = tf.reshape(inputs, [-1, height * width, joints])
        maps = tf.nn.softmax(flat, axis=1) * (2 * math.pi)
        return tf.reshape(maps, [-1, height, width, joints])


class PoseModel(keras.Model):
    """Images [B, S, S, 3] in [0, 1] -> {"heatmaps": [[B, S/4, S/4, 16], ...], "depth": [B, 16]}.

    One set of heat maps per stack; a peak's height is near 1 where the network is sure. Depth is
    relative to the thorax, in half crop sides. Outputs are float32 in every precision.
    """

    def __init__(self, config: ModelConfig):
        image = keras.Input((config.input_size, config.input_size, 3), name="image")
        if config.network == "hourglass":
            heatmaps, depth = hourglass.outputs(
                image,
                config.num_stacks,
                config.num_features,
                config.num_residuals,
                config.num_depth_residuals or config.num_residuals,
            )
        else:
            heatmaps, depth = pyramid.outputs(image, config.num_features)
        if config.heatmaps == "softmax":
            heatmaps = [SpatialSoftmax(dtype=maps.dtype)(maps) for maps in heatmaps]
        super().__init__(image, {"heatmaps": heatmaps, "depth": depth}, name="hg3d")
        self.config = config
        self.loss_config = LossConfig()
        self.update_config = UpdateConfig()
        names = ("loss", "heatmap_loss", "depth_loss", "geometry_loss")
        self._means = {name: keras.metrics.Mean(name) for name in names}

    def compile(
        self,
        optimizer,
        loss_config: LossConfig,
        update_config: UpdateConfig | None = None,
        **kwargs,
    ):
        """Set the optimizer, the weights of the losses, and how gradients are applied."""
        super().compile(optimizer=optimizer, **kwargs)
        self.loss_config = loss_config
        self.update_config = update_config or UpdateConfig()

    @property
    def metrics(self):
        """The means that Keras resets at the start of an epoch."""
        return list(self._means.values())

    def infer(self, images, with_flip_test: bool | None = None) -> dict[str, tf.Tensor]:
        """Return the outputs in inference mode, after the configuration's or this flip test."""
        if not (self.config.flip_test if with_flip_test is None else with_flip_test):
            return self(images, training=False)
        return flip_test.mean_with_mirrored(lambda both: self(both, training=False), images)

    def compute_losses(self, batch, outputs) -> dict[str, tf.Tensor]:
        """Return the losses of each sample, [B] each, "loss" being their weighted sum.

        A sample with depth labels gets the depth loss, one without gets the geometry loss (with
        `geometry_on_3d` all do); the other of the two is 0 for it.
        """
        config = self.loss_config
        has_depth, visible = batch["has_depth"], batch["visible"]
        heatmaps = targets.draw_heatmaps(
            batch["joints_2d_norm"],
            visible,
            self.config.heatmap_size,
            config.heatmap_sigma,
            config.outside_sigma,
        )
        compare = (
            losses.heatmap_loss if self.config.heatmaps == "linear" else losses.heatmap_divergence
        )
        heatmap = tf.add_n([compare(h, heatmaps) for h in outputs["heatmaps"]])
        depth = losses.depth_loss(outputs["depth"], batch["depth"], config.depth_loss)
        geometry = losses.geometry_loss(
            batch["joints_2d_norm"], outputs["depth"], visible, config.bone_weighting
        )
        if config.virtual_views:
            depth += self._lifting_loss(batch)
        depth = tf.where(has_depth, depth, 0.0)
        if not config.geometry_on_3d:
            geometry = tf.where(has_depth, 0.0, geometry)
        total = heatmap + config.depth_weight * depth + config.geometry_weight * geometry
        return {
            "loss": total,
            "heatmap_loss": heatmap,
            "depth_loss": depth,
            "geometry_loss": geometry,
        }

    def _lifting_loss(self, batch) -> tf.Tensor:
        """Return the loss of the lifter on other views of the samples; a function of the step."""
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        step = tf.cast(self.optimizer.iterations, tf.int32)
        return virtual_views.lifting_loss(
            self.get_layer("lifter"),
            batch["joints_2d_norm"],
            batch["depth"],
            self.loss_config.virtual_views,
            tf.stack([step, 16 * replica]),
            self.loss_config.depth_loss,
        )

    def take_step(self, batch) -> dict[str, tf.Tensor]:
        """Update the weights by a replica's share of a batch of the input pipeline.

        Returns:
          the global batch's loss, the norm of its gradient, and whether both are finite.
        """
        config, variables = self.update_config, self.trainable_variables
        statistics = self._batch_statistics() if config.skip_nonfinite else []
        before = [tf.identity(variable) for variable in statistics]
        loss, gradients, per_sample = updates.in_parts(batch, config.accumulate, self._gradients)
        (loss,), gradients = map(updates.sum_over_replicas, ([loss], gradients))
        norm = tf.linalg.global_norm(gradients)
        finite = updates.is_finite(self.optimizer, loss, norm)
        if config.clip_norm:
            gradients, _ = tf.clip_by_global_norm(gradients, config.clip_norm, norm)
        condition = finite if config.skip_nonfinite else None
        updates.apply_gradients(self.optimizer, gradients, variables, condition)
        for variable, value in zip(statistics, before, strict=True):
            variable.assign(tf.where(finite, variable, value))
        self._update_means(batch, per_sample, finite)
        return {"loss": loss, "gradient_norm": norm, "finite": finite}

    def train_step(self, batch):
        """Take one step as Keras's fit wants it; return the means so far."""
        self.take_step(batch)
        return {name: mean.result() for name, mean in self._means.items()}

    def _gradients(self, batch):
        def loss_of():
            per_sample = self.compute_losses(batch, self(batch["image"], training=True))
            # Divided by the global batch: gradients are summed over replicas, and the numbers of
            # 2D and 3D samples differ between them.
            return tf.nn.compute_average_loss(per_sample["loss"]), per_sample

        return updates.compute_gradients(self.optimizer, loss_of, self.trainable_variables)

    def _batch_statistics(self) -> list[tf.Variable]:
        return [variable for layer in self.layers for variable in layer.non_trainable_variables]

    def test_step(self, batch):
        """Return the means of the losses in inference mode."""
        outputs = self(batch["image"], training=False)
        self._update_means(batch, self.compute_losses(batch, outputs))
        return {name: mean.result() for name, mean in self._means.items()}

    def _update_means(self, batch, per_sample, finite=True) -> None:
        """Count a batch's losses, unless they are not finite and left out."""
        counted = tf.cast(finite, tf.float32) if self.update_config.skip_nonfinite else 1.0
        has_depth = tf.cast(batch["has_depth"], tf.float32)
        weights = dict.fromkeys(self._means, tf.ones_like(has_depth)) | {"depth_loss": has_depth}
        if not self.loss_config.geometry_on_3d:
            weights["geometry_loss"] = 1.0 - has_depth
        for name, mean in self._means.items():
            value = tf.where(counted > 0, per_sample[name], 0.0)
            mean.update_state(value, sample_weight=weights[name] * counted)


def build_pose_model(config: ModelConfig, policy: str = "float32") -> PoseModel:
    """Build the network under a Keras policy; variables are float32 in all but float64."""
    with precision.policy(policy):
        return PoseModel(config)
