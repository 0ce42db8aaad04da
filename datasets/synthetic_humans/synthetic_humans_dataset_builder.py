"""TFDS builder of the rendered mannequins."""

import io
import multiprocessing
import os
import signal
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from hg3d_tf.schema import TRUTH_3D, pose_features
from hg3d_tf.skeleton import NUM_JOINTS
from synthetic_humans import examples

_CHUNK = 16
_DESCRIPTIONS = {
    "studio": "A plain room, four fixed cameras, upright everyday poses, 3D labels.",
    "wild": "Varied surroundings with clutter and occluders, any pose, 2D labels.",
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """Renders mannequins with exact labels.

    Args:
      image_size: side of the stored square images, px.
      num_train: examples of the split; likewise num_validation and num_test.
      seed: an example is a function of seed, config, split and its number alone.
      num_processes: how many processes render (default: one for each core); the data do not
        depend on it.
      **kwargs: as for every TFDS builder.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}  # noqa: RUF012
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name=name, description=text) for name, text in _DESCRIPTIONS.items()
    ]

    def __init__(
        self,
        *,
        image_size: int = 160,
        num_train: int = 6000,
        num_validation: int = 300,
        num_test: int = 600,
        seed: int = 0,
        num_processes: int | None = None,
        **kwargs,
    ):
        # What makes two builds differ; stored as the dataset's metadata.
        self.options = {
            "image_size": image_size,
            "num_train": num_train,
            "num_validation": num_validation,
            "num_test": num_test,
            "seed": seed,
        }
        self._num_processes = num_processes or os.cpu_count()
        super().__init__(**kwargs)

    def _info(self) -> tfds.core.DatasetInfo:
        size = self.options["image_size"]
        truth = tfds.features.Tensor(shape=(NUM_JOINTS, 3), dtype=np.float32)
        extra = {TRUTH_3D: truth, "pose_kind": tfds.features.Text()}
        return self.dataset_info_from_configs(
            features=pose_features((size, size, 3), **extra),
            metadata=tfds.core.MetadataDict(self.options),
        )

    def _split_generators(self, dl_manager):
        del dl_manager
        return {split: self._generate_examples(split) for split in examples.SPLITS}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict]]:
        options = self.options
        tasks = [
            examples.Task(
                self.builder_config.name, split, i, options["seed"], options["image_size"]
            )
            for i in range(options[f"num_{split}"])
        ]
        bar = tqdm(total=len(tasks), desc=f"{self.builder_config.name} {split}", unit="img")
        with bar:
            for example in render_all(tasks, self._num_processes):
                example["image"] = io.BytesIO(example["image"])
                example[TRUTH_3D] = example.pop("truth")
                yield example["key"], example
                bar.update()


def render_all(tasks: list[examples.Task], num_processes: int) -> Iterator[dict]:
    """Yield the examples of `tasks` in their order, rendered by `num_processes` processes."""
    if num_processes == 1 or len(tasks) <= 1:
        yield from map(examples.make_example, tasks)
        return
    # The workers inherit this: more threads than processes would only compete for the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Fresh processes: a fork of one that runs TensorFlow's threads may hang.
    context = multiprocessing.get_context("spawn")
    num_processes = min(num_processes, -(-len(tasks) // _CHUNK))
    with context.Pool(num_processes, initializer=_leave_interrupts_to_the_parent) as pool:
        yield from pool.imap(examples.make_example, tasks, chunksize=_CHUNK)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
