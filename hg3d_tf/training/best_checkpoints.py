"""The best weights of a training, in a training folder of their own: WORKDIR/best."""

import json
from pathlib import Path

import tensorflow as tf

from hg3d_tf import files
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.training import checkpoints
from hg3d_tf.training.state import remove_leftovers, write_errors
from hg3d_tf.training.workdir import CHECKPOINTS

FOLDER = "best"
_SCORES = "scores.json"


class BestCheckpoints:
    """The weights with the `keep` best scores; the best is what `checkpoints.load_model` loads.

    Args:
      workdir: training folder; its best weights go to WORKDIR/best.
      keep: how many.
      lower_is_better: of the scores.
      measure: what they are, and of what. Scores of an earlier run by another one do not count:
        its weights go when the first by this one come.
    """

    def __init__(self, workdir: Path, keep: int, lower_is_better: bool, measure: str = ""):
        self.folder = workdir / FOLDER
        self.keep = keep
        self.sign = 1.0 if lower_is_better else -1.0
        self.measure = measure
        self.path = self.folder / _SCORES
        self.scores = self._earlier_scores()

    def _earlier_scores(self) -> dict[str, float]:
        if not self.path.exists():
            return {}
        content = json.loads(self.path.read_text())
        if "measure" not in content:  # nothing else was in the file once
            return content
        return content["scores"] if content["measure"] == self.measure else {}

    def save(self, model: PoseModel, step: int, score: float) -> bool:
        """Write the weights of `step` if they are among the best; return whether they are.

        Raises:
          UserError: if they cannot be written.
        """
        name = f"ckpt-{step}"
        ranked = self._ranked(self.scores | {name: score})
        if name not in ranked[: self.keep] or name in self.scores:
            return name in self.scores
        folder = self.folder / CHECKPOINTS
        with write_errors(folder, str(folder / ranked[1]) if len(ranked) > 1 else None):
            if name == ranked[0]:  # of the others the confidences are those of the best
                checkpoints.save_model_config(self.folder, model.config)
            tf.train.Checkpoint(model=model).write(str(folder / name))
            self._keep({n: (self.scores | {name: score})[n] for n in ranked[: self.keep]}, folder)
        return True

    def _ranked(self, scores: dict[str, float]) -> list[str]:
        return sorted(scores, key=lambda name: self.sign * scores[name])

    def _keep(self, scores: dict[str, float], folder: Path) -> None:
        """Make `scores` the record, its first the newest checkpoint; remove all others."""
        names = list(scores)
        # As tf.train.CheckpointManager writes it, with paths that survive a move of the folder.
        state = [f'model_checkpoint_path: "{names[0]}"']
        state += [f'all_model_checkpoint_paths: "{name}"' for name in reversed(names)]
        files.write_text(folder / "checkpoint", "\n".join(state) + "\n")
        files.write_json(self.path, {"measure": self.measure, "scores": scores})
        self.scores = scores
        remove_leftovers(folder)
