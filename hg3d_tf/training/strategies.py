"""Distribution strategies by name, and how a global batch is shared among their replicas."""

import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator

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
    return {
        "one": tf.distribute.get_strategy,
        "mirrored": _mirrored,
        "multi_worker": _multi_worker,
        "tpu": _tpu,
    }[_resolve(name)]()


def _resolve(name: str) -> str:
    """Return `name`, or what "auto" means here."""
    if name != "auto":
        return name
    if _tasks():
        return "multi_worker"
    if "TPU_NAME" in os.environ:
        return "tpu"
    return "mirrored" if len(_devices()) > 1 else "one"


def check_before(name: str, batch_size: int, parts: int = 1) -> tf.distribute.Strategy | None:
    """Look whether the devices of the strategy called `name` are there and share a batch.

    Returns:
      The strategy; None where making it waits for other hosts, whose devices are taken to be as
      many as this one's.

    Raises:
      UserError: as `create_strategy` and `check_batch_size`.
    """
    if _resolve(name) == "multi_worker":
        gpus = len(tf.config.list_physical_devices("GPU"))
        _require_divides(len(_cluster()) * max(1, gpus), batch_size, parts)
        return None
    strategy = create_strategy(name)
    check_batch_size(strategy, batch_size, parts)
    return strategy


def _devices() -> list:
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")


def _tf_config() -> dict:
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
        return {"cluster": dict(config.get("cluster", {})), "task": dict(config.get("task", {}))}
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(
            f"TF_CONFIG={text!r} is not JSON with cluster and task ({error}): see"
            " https://www.tensorflow.org/guide/distributed_training"
        ) from error


def _tasks() -> list[tuple[str, int]]:
    """Return job and index of the processes that TF_CONFIG lists, the one that writes first."""
    cluster = _tf_config()["cluster"]
    return [(job, i) for job in ("chief", "worker") for i in range(len(cluster.get(job, ())))]


def _mirrored() -> tf.distribute.Strategy:
    return tf.distribute.MirroredStrategy([device.name for device in _devices()])


def _cluster() -> list[tuple[str, int]]:
    """Return `_tasks`. Raises UserError where TF_CONFIG lists none."""
    if tasks := _tasks():
        return tasks
    raise UserError("strategy multi_worker wants TF_CONFIG with the cluster and this task")


def _multi_worker() -> tf.distribute.Strategy:
    _cluster()
    # TensorFlow waits without end, and lets no Python run meanwhile: said before, and Ctrl-C, which
    # would not be heard, ends the process.
    print(f"waiting for the workers of TF_CONFIG: {', '.join(_others())}", flush=True)
    with _interruptible():
        return tf.distribute.MultiWorkerMirroredStrategy()


def _others() -> list[str]:
    """Return what the other processes that TF_CONFIG lists are called, and where they are."""
    config = _tf_config()
    own = config["task"].get("type"), config["task"].get("index")
    tasks = [task for task in _tasks() if task != own]
    return [f"{job} {index} at {config['cluster'][job][index]}" for job, index in tasks]


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
        raise PeerLost(_loss(error.message)) from error


def _loss(message: str) -> str:
    """Return which process was lost, and how, from TensorFlow's message of a page."""
    task = re.search(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)", message)
    how = re.search(r"aborted by: (?:Error reported from \S+ )?(.*)", message)
    words = how[1].rstrip(":") if how else message.strip().splitlines()[0]
    return f"{task[1]} {task[2]}: {words}" if task else words


def start_again(error: PeerLost) -> None:
    """Run this program's command anew in its place: it waits for the lost worker, then goes on."""
    print(f"another worker was lost ({error}): starting again, to wait for it", flush=True)
    os.execv(sys.executable, sys.orig_argv)


def num_processes(strategy: tf.distribute.Strategy) -> int:
    """Return the number of processes that train together."""
    several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    return len(_tasks()) if several else 1


def place(strategy: tf.distribute.Strategy) -> tuple[int, int]:
    """Return the number of this process, and of how many that compute together."""
    if num_processes(strategy) == 1:
        return 0, 1
    tasks, task = _tasks(), _tf_config()["task"]
    return tasks.index((task["type"], task["index"])), len(tasks)


def is_chief(name: str = "auto") -> bool:
    """Return whether this process, under the strategy called `name`, is the one to write files."""
    tasks, task = _tasks(), _tf_config()["task"]
    alone = not tasks or name not in ("auto", "multi_worker")
    return alone or tasks[0] == (task.get("type"), task.get("index"))


def check_batch_size(strategy: tf.distribute.Strategy, batch_size: int, parts: int = 1) -> None:
    """Raise UserError unless a batch divides among the replicas, and a share of it in parts."""
    _require_divides(strategy.num_replicas_in_sync, batch_size, parts)


def _require_divides(replicas: int, batch_size: int, parts: int) -> None:
    if batch_size % (replicas * parts):
        each = f" of which each computes its share in {parts} parts" if parts > 1 else ""
        raise UserError(f"batch_size {batch_size} does not divide among {replicas} replicas{each}")


def share_batches(
    strategy: tf.distribute.Strategy,
    batches_of: Callable[[int, int], tf.data.Dataset],
    batch_size: int,
) -> Iterator:
    """Return an iterator over global batches, each cut into equal parts, one a replica in order.

    Args:
      strategy: whose replicas share the batches.
      batches_of: from a host's number and their count to that host's parts of the global batches,
        which never end.
      batch_size: of the global batches.
    """
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return iter(batches_of(0, 1))

    def parts_of_this_host(context) -> tf.data.Dataset:
        batches = batches_of(context.input_pipeline_id, context.num_input_pipelines)
        local = replicas // context.num_input_pipelines
        parts = batches.flat_map(
            lambda batch: tf.data.Dataset.from_tensor_slices(
                tf.nest.map_structure(
                    lambda value: tf.reshape(
                        value, [local, batch_size // replicas, *value.shape[1:]]
                    ),
                    batch,
                )
            )
        )
        # Else hosts ask each other before every batch whether all have one.
        return parts.apply(tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY))

    return iter(strategy.distribute_datasets_from_function(parts_of_this_host))


def first_replica(strategy: tf.distribute.Strategy, values):
    """Return what the first replica of this process returned."""
    return tf.nest.map_structure(lambda v: strategy.experimental_local_results(v)[0], values)
