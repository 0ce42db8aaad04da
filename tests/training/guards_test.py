import json

import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.training import guards

BAD = {"finite": False, "loss": float("nan"), "gradient_norm": 1.0}
GOOD = {"finite": True, "loss": 1.0, "gradient_norm": 1.0}


def test_other_flags_are_named_and_free_ones_are_not(tmp_path):
    path = tmp_path / "flags.txt"
    path.write_text("--epochs=1\n--learning_rate=0.1\n--nomix_exact\n")
    defaults = {"accumulate": "--accumulate=1"}
    same = "--epochs=2\n--learning_rate=0.1\n--nomix_exact\n--accumulate=1\n"
    guards.check_same_flags(path, same, defaults, ("epochs",))
    other = same.replace("0.1", "0.2").replace("--nomix", "--mix")
    with pytest.raises(UserError, match=r"rate=0.1 then, --learning_rate=0.2 now; --nomix_exact"):
        guards.check_same_flags(path, other, defaults, ("epochs",))


def test_a_loss_that_is_not_finite_stops_with_its_examples(tmp_path):
    guard = guards.NonfiniteGuard(tmp_path, lambda step: [b"a", b"b"], skip=False)
    guard.check(6, GOOD)
    with pytest.raises(UserError, match="step 7 is not finite"):
        guard.check(7, BAD)
    assert json.loads((tmp_path / "nonfinite_step_7.json").read_text()) == {
        "step": 7,
        "loss": "nan",
        "gradient_norm": "1.0",
        "keys": ["a", "b"],
    }


def test_skipping_ends_when_nothing_else_comes(tmp_path):
    guard = guards.NonfiniteGuard(tmp_path, lambda step: [], skip=True)
    for step in range(guards.MAX_SKIPPED_IN_A_ROW - 1):
        guard.check(step, BAD)
    guard.check(98, GOOD)
    for step in range(guards.MAX_SKIPPED_IN_A_ROW - 1):
        guard.check(step, BAD)
    with pytest.raises(UserError):
        guard.check(99, BAD)


def test_start_anew_removes_the_training_and_nothing_else(tmp_path):
    for name in ("checkpoints/ckpt-1.index", "metrics.jsonl", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    guards.remove_training(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
