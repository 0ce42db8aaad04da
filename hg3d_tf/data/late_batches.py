"""Batches that do not come: the file that is waited for is named."""

from collections.abc import Iterable, Iterator

from hg3d_tf import waiting
from hg3d_tf.data import prepared


def announced(batches: Iterator, names: Iterable[str], split: str, data_dir: str = "") -> Iterator:
    """Yield batches; say in a line if the next one takes long, and which file does not answer.

    Args:
      batches: of the split of some datasets.
      names: of the datasets.
      split: that is read.
      data_dir: where the datasets are.
    """

    def words() -> str:
        builders = [prepared.checked_builder(name, split, data_dir) for name in names]
        paths = [path for builder in builders for path in builder.info.splits[split].filepaths]
        silent = waiting.silent_file(paths)
        if silent is None:
            return "the next batch, though every file of the data answers"
        return f"the next batch, of which {silent} gives nothing"

    while True:
        with waiting.said(words):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch
