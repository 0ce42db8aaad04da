"""TFDS builder of the rendered people."""

import io
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from tqdm import tqdm

from hg3d_tf import cli
from hg3d_tf.data.schema import TRUTH_3D, pose_features
from hg3d_tf.skeleton import NUM_JOINTS
from synthetic_humans.characters import assets
from synthetic_humans.characters import examples as character_examples
from synthetic_humans.characters.stock import BLOCK
from synthetic_humans.mannequin import examples
from synthetic_humans.task import SPLITS, Task

_CHUNK = BLOCK
_DESCRIPTIONS = {
    "studio": "A plain room, four fixed cameras, upright everyday poses, 3D labels.",
    "wild": "Varied surroundings with clutter and occluders, any pose, 2D labels.",
    "studio_makehuman": "As studio, with MakeHuman's bodies and captured poses.",
    "wild_makehuman": "As wild, with MakeHuman's bodies, captured poses and photos behind them.",
    "street_makehuman": "As wild_makehuman, mostly upright, with 3D labels.",
    "sport_makehuman": "As wild_makehuman, from above and below too, with 3D labels.",
}


class Builder(tfds.core.GeneratorBasedBuilder):
    """Renders people with exact labels: mannequins, or MakeHuman's bodies from a folder of assets.

    Args:
      image_size: side of the stored square images, px.
      num_train: examples of the split; likewise num_validation and num_test.
      seed: an example is a function of seed, config, split and its number alone.
      num_processes: how many processes render (default: one for each core); the data do not
        depend on it.
      assets_dir: folder with MakeHuman's bodies, motion clips and photos (see the README); only
        building a `_makehuman` config needs it.
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
        assets_dir: str | None = None,
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
        self._assets_dir = assets_dir
        if assets_dir:
            self.options["assets"] = assets.fingerprint(Path(assets_dir))
        self._num_processes = num_processes or os.cpu_count()
        super().__init__(**kwargs)
        if assets_dir and not self._has_characters:
            raise cli.UserError(
                f"--assets_dir: synthetic_humans/{self.builder_config.name} shows the mannequin; "
                f"build {self.builder_config.name}_makehuman, or leave the flag out"
            )

    @property
    def _has_characters(self) -> bool:
        return self.builder_config.name.endswith("_makehuman")

    def _info(self) -> tfds.core.DatasetInfo:
        size = self.options["image_size"]
        truth = tfds.features.Tensor(shape=(NUM_JOINTS, 3), dtype=np.float32)
        extra = {TRUTH_3D: truth, "pose_kind": tfds.features.Text()}
        return self.dataset_info_from_configs(
            features=pose_features((size, size, 3), **extra),
            metadata=tfds.core.MetadataDict(
                self.options, bodies="makehuman" if self._has_characters else "mannequin"
            ),
        )

    def _split_generators(self, dl_manager):
        del dl_manager
        if self._has_characters and not self._assets_dir:
            raise cli.UserError(
                f"--assets_dir is missing: synthetic_humans/{self.builder_config.name} needs the "
                "folder with makehuman/, cmu_mocap/ and scene/; see its README"
            )
        return {split: self._generate_examples(split) for split in SPLITS}

    def _generate_examples(self, split: str) -> Iterator[tuple[str, dict]]:
        options = self.options
        tasks = [
            Task(
                self.builder_config.name,
                split,
                i,
                options["seed"],
                options["image_size"],
                self._assets_dir,
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


def render_all(tasks: list[Task], num_processes: int) -> Iterator[dict]:
    """Yield the examples of `tasks` in their order, rendered by `num_processes` processes."""
    make = _maker(tasks)
    if num_processes == 1 or len(tasks) <= 1:
        yield from map(make, tasks)
        return
    # The workers inherit this: more threads than processes would only compete for the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Fresh processes: a fork of one that runs TensorFlow's threads may hang.
    context = multiprocessing.get_context("spawn")
    num_processes = min(num_processes, -(-len(tasks) // _CHUNK))
    with context.Pool(num_processes, initializer=_leave_interrupts_to_the_parent) as pool:
        yield from pool.imap(make, tasks, chunksize=_CHUNK)


def _maker(tasks: list[Task]) -> Callable[[Task], dict]:
    has_characters = any(task.assets_dir for task in tasks)
    return character_examples.make_example if has_characters else examples.make_example


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
