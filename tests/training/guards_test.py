import json

import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.training import guards

BAD = {"finite": False, "loss": float("nan"), "gradient_norm": 1.0}
GOOD = {"finite": True, "loss": 1.0, "gradient_norm": 1.0}


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
