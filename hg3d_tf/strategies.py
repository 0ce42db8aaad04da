"""Distribution strategies by name, and how a global batch is shared among their replicas."""

import contextlib
import json
import os
import sys
from collections.abc import Iterator

import tensorflow as tf

from hg3d_tf.cli import UserError

STRATEGIES = ("auto", "one", "mirrored", "multi_worker", "tpu")


def create_strategy(name: str = "auto") -> tf.distribute.Strategy:
    """Return the strategy called `name`; make it before anything else of TensorFlow runs.

    Args:
      name: "one" device; "mirrored" over all GPUs (without any: logical CPUs) of this host;
        "multi_worker" over the hosts that TF_CONFIG lists; "tpu", the one that TPU_NAME names or
        the host's own. "auto" takes what is there: hosts, else a TPU that TPU_NAME names, else
        devices if there are several.

    Raises:
      UserError: if what it needs is not there.
    """
    if name == "auto":
        name = _choose()
    return {
        "one": tf.distribute.get_strategy,
        "mirrored": _mirrored,
        "multi_worker": _multi_worker,
        "tpu": _tpu,
    }[name]()


def _choose() -> str:
    if _cluster():
        return "multi_worker"
    if "TPU_NAME" in os.environ:
        return "tpu"
    return "mirrored" if len(_devices()) > 1 else "one"


def _devices() -> list:
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")


def _cluster() -> dict:
    """Return the addresses by job that TF_CONFIG lists."""
    text = os.environ.get("TF_CONFIG", "")
    try:
        return json.loads(text).get("cluster", {}) if text else {}
    except (ValueError, AttributeError) as error:
        raise UserError(
            f"TF_CONFIG={text!r} is not JSON with cluster and task ({error}): see"
            " https://www.tensorflow.org/guide/distributed_training"
        ) from error


def _mirrored() -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy([device.name for device in _devices()])


def _multi_worker() -> tf.distribute.Strategy:
    if not _cluster():
        raise UserError("strategy multi_worker wants TF_CONFIG with the cluster and this task")
    return tf.distribute.MultiWorkerMirroredStrategy()


def _tpu() -> tf.distribute.Strategy:
    name = os.environ.get("TPU_NAME", "local")
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(tpu=name)
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, tf.errors.OpError, ImportError) as error:
        raise UserError(f"no TPU {name!r} was found ({error}): set TPU_NAME") from error
    return tf.distribute.TPUStrategy(resolver)


class PeerLost(Exception):
    """Another process that trains with this one is gone."""


@contextlib.contextmanager
def peer_errors(strategy: tf.distribute.Strategy) -> Iterator[None]:
    """Turn what TensorFlow raises when a worker is gone into PeerLost."""
    try:
        yield
    except (
        tf.errors.UnavailableError,
        tf.errors.AbortedError,
        tf.errors.CancelledError,
        tf.errors.DeadlineExceededError,
        tf.errors.InternalError,
    ) as error:
        if num_processes(strategy) == 1:
            raise
        raise PeerLost(error.message.splitlines()[0]) from error


def start_again(error: PeerLost) -> None:
    """Run this program's command anew in its place: it waits for the lost worker, then goes on."""
    print(f"another worker was lost ({error}): starting again, to wait for it", flush=True)
    os.execv(sys.executable, sys.orig_argv)


def is_first_process() -> bool:
    """Return whether this process, as TF_CONFIG describes it, is the one that writes files."""
    cluster = _cluster()
    if not cluster:
        return True
    task = json.loads(os.environ["TF_CONFIG"]).get("task", {})
    return task.get("type") == "chief" or ("chief" not in cluster and task.get("index") == 0)


def num_processes(strategy: tf.distribute.Strategy) -> int:
    """Return the number of processes that train together."""
    return max(sum(len(tasks) for tasks in _jobs(strategy).values()), 1)


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Return whether this process is the one that writes files."""
    jobs, resolver = _jobs(strategy), strategy.cluster_resolver
    if len(jobs) == 0 or resolver.task_type == "chief":
        return True
    return "chief" not in jobs and resolver.task_id == 0


def _jobs(strategy: tf.distribute.Strategy) -> dict[str, list[str]]:
    """Return the addresses of the tasks that train, by job; none where this process is alone."""
    resolver = strategy.cluster_resolver
    jobs = resolver.cluster_spec().as_dict() if resolver else {}
    return {name: jobs[name] for name in ("chief", "worker") if name in jobs}


def check_batch_size(strategy: tf.distribute.Strategy, batch_size: int, parts: int = 1) -> None:
    """Raise UserError unless a batch divides among the replicas, and a share of it in parts."""
    replicas = strategy.num_replicas_in_sync
    if batch_size % (replicas * parts):
        each = f" of which each computes its share in {parts} parts" if parts > 1 else ""
        raise UserError(f"batch_size {batch_size} does not divide among {replicas} replicas{each}")


def share_batches(strategy: tf.distribute.Strategy, batches: tf.data.Dataset, batch_size: int):
    """Return an iterator over global batches, each cut into equal parts, one a replica in order.

    Every worker makes the whole batch and keeps its part: all see the same sequence, whatever
    their number.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return iter(batches)

    def parts_of_this_worker(context) -> tf.data.Dataset:
        local = replicas // context.num_input_pipelines
        first = context.input_pipeline_id * local
        return batches.flat_map(
            lambda batch: tf.data.Dataset.from_tensor_slices(
                tf.nest.map_structure(
                    lambda value: tf.reshape(
                        value, [replicas, batch_size // replicas, *value.shape[1:]]
                    )[first : first + local],
                    batch,
                )
            )
        )

    return iter(strategy.distribute_datasets_from_function(parts_of_this_worker))


def first_replica(strategy: tf.distribute.Strategy, values):
    """Return what the first replica of this process returned."""
    return tf.nest.map_structure(lambda v: strategy.experimental_local_results(v)[0], values)
