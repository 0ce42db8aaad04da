import json

import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.benchmarks import input_hosts
from hg3d_tf.data import input_pipeline
from hg3d_tf.data.input_pipeline import InputConfig


def test_a_host_is_compared_with_the_first_number(monkeypatch):
    clock = [0.0]

    def batches(config, size, host, num_hosts):
        while True:
            clock[0] += 6 / num_hosts
            yield None

    monkeypatch.setattr(input_pipeline, "train_batches", batches)
    monkeypatch.setattr(input_hosts.time, "process_time", lambda: clock[0])
    measured = input_hosts.measure_shares(None, 64, [2, 6], count=3)
    assert measured["2"] == {"cpu_ms_per_batch": 3000.0, "to_first": 1.0}
    np.testing.assert_allclose(measured["6"]["cpu_ms_per_batch"], 1000)
    np.testing.assert_allclose(measured["6"]["to_first"], 1 / 3)


def test_a_start_is_measured_at_both_steps(monkeypatch):
    steps = []

    def batches(config, size, step):
        steps.append(step)
        return tf.data.Dataset.range(1)

    monkeypatch.setattr(input_pipeline, "train_batches", batches)
    measured = input_hosts.measure_start(InputConfig(), 64)
    assert steps == [0, *[0, 1_000_000] * 3]
    assert all(seconds > 0 for seconds in measured.values())


def test_two_processes_are_told_of_each_other_and_compared_with_one_alone(monkeypatch):
    def run(clusters, *_):
        if clusters == [""]:
            return [10.0]
        first, second = map(json.loads, clusters)
        assert first["cluster"] == second["cluster"]
        assert len(set(first["cluster"]["worker"])) == 2
        assert [each["task"]["index"] for each in (first, second)] == [0, 1]
        return [5.0, 6.0]

    monkeypatch.setattr(input_hosts, "_in_processes", run)
    measured = input_hosts.measure_processes(InputConfig(), 64)
    assert measured["cpu_ms_per_batch"] == 6 and measured["to_alone"] == 0.6


@pytest.mark.slow
def test_the_batches_of_a_process_are_read(data_dir, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "")
    config = InputConfig({"painted_3d": 0.5, "painted_2d": 0.5}, batch_size=4, data_dir=data_dir)
    assert input_hosts._shared_cpu_ms("", config, 64, count=2) > 0
