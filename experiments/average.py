"""The mean of networks' weights: experiments/average.py --workdir=RUN,RUN --output=DIR.

Networks that one training left behind one after the other, each when its learning rate had come
down, are each right where another is wrong; the mean of their weights is mostly better than each
(stochastic weight averaging, Izmailov et al., UAI 2018). DIR becomes a training folder, for
`--init_from`, `evaluate`, `ship.py`. The means and variances of batches are averaged, too. What
peaks are worth (`confidence_knots`) is the last one's, until `ship.py` or a training fits it.
"""

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hg3d_tf import cli

FLAGS = flags.FLAGS

cli.DEFINE_paths("workdir", "Training folders, of one architecture.", tensorflow=True)
cli.DEFINE_path("output", None, "Training folder to write; it must hold none yet.", tensorflow=True)


def main() -> None:
    """Average, write the folder."""
    cli.require(FLAGS.workdir, "workdir", "name the folders that trainings wrote to")
    cli.require(FLAGS.output, "output", "name the folder to write")
    if (Path(FLAGS.output) / "model.json").exists():
        raise cli.UserError(f"--output={FLAGS.output} is a training folder: name another")
    cli.writable_training_folder(FLAGS.output)
    from hg3d_tf.training import checkpoints

    checkpoints.save_model(average(FLAGS.workdir), FLAGS.output)
    print(f"the mean of {len(FLAGS.workdir)} networks: {FLAGS.output}")


def average(workdirs: Sequence[str]):
    """Return the last training folder's network with the mean of all folders' weights.

    Raises:
      UserError: where a folder holds no network, or another architecture than the last.
    """
    from hg3d_tf.training import checkpoints

    *others, last = workdirs
    model = checkpoints.load_model(last)
    sums = [weight.astype(np.float64) for weight in model.get_weights()]
    for workdir in others:
        other = checkpoints.load_model(workdir)
        alike = dataclasses.replace(other.config, confidence_knots=model.config.confidence_knots)
        if alike != model.config:
            text = f"{workdir} holds {other.config}, {last} {model.config}"
            raise cli.UserError(f"only networks of one architecture have a mean: {text}")
        sums = [total + weight for total, weight in zip(sums, other.get_weights(), strict=True)]
    model.set_weights([total / len(workdirs) for total in sums])
    return model


if __name__ == "__main__":
    cli.run(main)
