"""What the input costs each of several hosts that train together, and how soon it starts."""

import concurrent.futures
import json
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

import numpy as np

from hg3d_tf.benchmarks import input_data
from hg3d_tf.data import input_pipeline
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.training import strategies

_REPETITIONS = 3
_WARM_UP = 20  # batches: the threads' start, and what is read ahead
_LATE_STEP = 1_000_000
_SMALL = (64, 48, 40.0)  # width, height and crop side of photos for the start, px


def measure(
    kinds: dict[str, tuple], size: int, batch_size: int, hosts: Sequence[int], num_photos: int
) -> dict:
    """Measure a mix of kinds of images, all in equal parts.

    Args:
      kinds: name -> width, height and crop side of the images, px.
      size: of the crops, px.
      batch_size: of all hosts together.
      hosts: their numbers, of which the first is what others are compared with.
      num_photos: of each of the two datasets whose start is measured.

    Returns:
      hosts: for each number the processor time of one host, ms per global batch, and its ratio to
        that of the first number. The other hosts are not there.
      two_processes: the same of each of two processes that share batches over loopback, and of one
        process alone.
      start: seconds to the first batch of step 0 and of step 1,000,000, where records begin being
        known; and to find that, once.
    """
    with tempfile.TemporaryDirectory() as folder:
        for kind, form in kinds.items():
            input_data.store(kind, folder, 96, *form)
        config = _config(kinds, folder, batch_size)
        result = {"hosts": measure_shares(config, size, hosts)}
        result["two_processes"] = measure_processes(config, size)
        small = ("small_a", "small_b")
        for kind in small:
            input_data.store(kind, folder, num_photos, *_SMALL)
        result["start"] = measure_start(_config(small, folder, batch_size), size)
    return result


def _config(kinds, folder: str, batch_size: int) -> InputConfig:
    mix = dict.fromkeys(kinds, 1 / len(kinds))
    return InputConfig(mix=mix, batch_size=batch_size, data_dir=folder, augment_3d=True)


def measure_shares(config: InputConfig, size: int, hosts: Sequence[int], count: int = 100) -> dict:
    """Return the processor time of the first of each number of hosts, as in `measure`."""
    times = {n: [] for n in hosts}
    for _ in range(_REPETITIONS):
        for n in hosts:
            # One at a time: each reads ahead.
            batches = input_pipeline.train_batches(config, size, host=0, num_hosts=n)
            times[n].append(_cpu_ms(iter(batches), count))
    medians = {n: float(np.median(values)) for n, values in times.items()}
    return {
        str(n): {"cpu_ms_per_batch": ms, "to_first": ms / medians[hosts[0]]}
        for n, ms in medians.items()
    }


def _cpu_ms(batches: Iterator, count: int) -> float:
    """Return this process's processor time per batch, ms."""
    for _ in range(_WARM_UP):
        next(batches)
    start = time.process_time()
    for _ in range(count):
        next(batches)
    return 1000 * (time.process_time() - start) / count


def measure_processes(config: InputConfig, size: int, count: int = 100) -> dict:
    """Return the processor time of two processes over loopback, as in `measure`."""
    (alone,) = _in_processes([""], config, size, count)
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for each in sockets:
            each.bind(("localhost", 0))
        workers = [f"localhost:{each.getsockname()[1]}" for each in sockets]
    clusters = [
        json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
        for index in range(2)
    ]
    both = _in_processes(clusters, config, size, count)
    return {
        "alone_cpu_ms_per_batch": alone,
        "cpu_ms_per_batch": max(both),
        "to_alone": max(both) / alone,
    }


def _in_processes(clusters: Sequence[str], config: InputConfig, size: int, count: int) -> list:
    """Return `_shared_cpu_ms` of processes that begin together, one for each TF_CONFIG."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(len(clusters), context) as pool:
        running = [
            pool.submit(_shared_cpu_ms, cluster, config, size, count) for cluster in clusters
        ]
        return [each.result() for each in running]


def _shared_cpu_ms(cluster: str, config: InputConfig, size: int, count: int) -> float:
    """Return the processor time per global batch of this process, which has done nothing yet."""
    os.environ["TF_CONFIG"] = cluster
    strategy = strategies.create_strategy("multi_worker" if cluster else "one")

    def batches_of(host: int, num_hosts: int):
        batches = input_pipeline.train_batches(config, size, host=host, num_hosts=num_hosts)
        return batches.map(lambda batch: {k: v for k, v in batch.items() if k != "key"})

    return _cpu_ms(strategies.share_batches(strategy, batches_of, config.batch_size), count)


def measure_start(config: InputConfig, size: int) -> dict:
    """Return the seconds from nothing to the first batch, as in `measure`."""

    def seconds(step: int) -> float:
        start = time.perf_counter()
        next(iter(input_pipeline.train_batches(config, size, step)))
        return time.perf_counter() - start

    first_ever = seconds(0)
    by_step = [[seconds(step) for step in (0, _LATE_STEP)] for _ in range(_REPETITIONS)]
    early, late = np.min(by_step, axis=0)  # other work only adds to a start
    return {
        "step_0_seconds": float(early),
        "step_1000000_seconds": float(late),
        "first_ever_seconds": first_ever,
    }
