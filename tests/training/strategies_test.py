import json
import signal

import pytest
import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.training import strategies

WORKERS = {"worker": ["a:1", "b:1"]}


@pytest.mark.parametrize(
    ("cluster", "task", "chief"),
    [
        (WORKERS, ("worker", 0), True),
        (WORKERS, ("worker", 1), False),
        ({"chief": ["c:1"], **WORKERS}, ("worker", 0), False),
        ({"chief": ["c:1"], **WORKERS}, ("chief", 0), True),
    ],
)
def test_one_process_is_the_chief(monkeypatch, cluster, task, chief):
    config = {"cluster": cluster, "task": {"type": task[0], "index": task[1]}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert strategies.is_chief() is chief
    assert strategies.is_chief("mirrored")


def test_alone_this_process_is_the_chief(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert strategies.is_chief() and strategies.is_chief("multi_worker")
    assert strategies.num_processes(strategies.create_strategy()) == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"cluster": 3}'])
def test_a_tf_config_that_is_none_is_shown(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match=r"TF_CONFIG=.* is not JSON with cluster and task"):
        strategies.create_strategy()


def test_multi_worker_wants_a_cluster(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(UserError, match="wants TF_CONFIG"):
        strategies.create_strategy("multi_worker")


def test_a_batch_that_does_not_divide_is_refused():
    strategy = tf.distribute.get_strategy()
    strategies.check_batch_size(strategy, 6, parts=3)
    with pytest.raises(UserError, match=r"batch_size 6 .* 1 replicas .* in 4 parts"):
        strategies.check_batch_size(strategy, 6, parts=4)


RESET = """Graph execution error:

Detected at node CollectiveReduceV2_12 defined at (most recent call last):
  File "train.py", line 265, in <module>

Collective ops is aborted by: recvmsg:Connection reset by peer
Additional GRPC error information from remote target /job:worker/replica:0/task:1 while calling \
/tensorflow.WorkerService/RecvBuf:
The error could be from a previous operation. Restart your program to reset."""
FROZEN = """Collective ops is aborted by: Error reported from /job:worker/task:1: The following \
tasks are unhealthy (stopped sending heartbeats):
/job:worker/replica:0/task:1"""


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (RESET, "worker 1: recvmsg:Connection reset by peer"),
        (FROZEN, "worker 1: The following tasks are unhealthy (stopped sending heartbeats)"),
        ("something else\nand more", "something else"),
    ],
)
def test_who_was_lost_and_how_is_one_line(monkeypatch, message, line):
    monkeypatch.setattr(strategies, "num_processes", lambda strategy: 2)
    error = tf.errors.UnavailableError(None, None, message)
    with pytest.raises(strategies.PeerLost) as raised, strategies.peer_errors(None):
        raise error
    assert str(raised.value) == line


def test_whom_a_worker_waits_for_is_said_and_ctrl_c_ends_it(monkeypatch, capsys):
    config = {"cluster": WORKERS, "task": {"type": "worker", "index": 1}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    handlers = []
    monkeypatch.setattr(
        tf.distribute,
        "MultiWorkerMirroredStrategy",
        lambda: handlers.append(signal.getsignal(signal.SIGINT)),
    )
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        strategies.create_strategy("multi_worker")
        assert handlers == [signal.SIG_DFL]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().out == "waiting for the workers of TF_CONFIG: worker 0 at a:1\n"
