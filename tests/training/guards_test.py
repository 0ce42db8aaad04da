import json
import os
import signal

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


def test_of_several_hosts_the_chief_records_the_examples(tmp_path):
    guard = guards.NonfiniteGuard(tmp_path, None, skip=False, chief=False)
    with pytest.raises(UserError, match=r"its examples: .*nonfinite_step_7\.json"):
        guard.check(7, BAD)
    assert list(tmp_path.iterdir()) == []


def test_skipping_ends_when_nothing_else_comes(tmp_path):
    guard = guards.NonfiniteGuard(tmp_path, lambda step: [], skip=True)
    for step in range(guards.MAX_SKIPPED_IN_A_ROW - 1):
        guard.check(step, BAD)
    guard.check(98, GOOD)
    for step in range(guards.MAX_SKIPPED_IN_A_ROW - 1):
        guard.check(step, BAD)
    with pytest.raises(UserError):
        guard.check(99, BAD)


@pytest.fixture
def foreground():
    """Let Ctrl-C be heard, as in the foreground of a terminal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("foreground")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_at_once_or_where_it_is_looked_for(number, capfd):
    with guards.StopSignals() as signals, pytest.raises(SystemExit) as ended:
        os.kill(os.getpid(), number)
    assert ended.value.code == 128 + number
    with guards.StopSignals() as signals:
        signals.deferred = True
        os.kill(os.getpid(), number)
        assert signals.requested
    assert capfd.readouterr().out.count("the same command goes on") == 1


@pytest.mark.usefixtures("foreground")
def test_ctrl_c_once_more_stops_at_once(capfd):
    with guards.StopSignals() as signals, pytest.raises(SystemExit):
        signals.deferred = True
        os.kill(os.getpid(), signal.SIGINT)
        assert "without a checkpoint" in capfd.readouterr().err
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("foreground")
def test_what_is_ignored_stays_so():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with guards.StopSignals() as signals:
        os.kill(os.getpid(), signal.SIGINT)
        assert not signals.requested
