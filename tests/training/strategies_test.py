import json

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
