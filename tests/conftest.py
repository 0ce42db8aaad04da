import fcntl
import gc
import os
import re
from collections import Counter

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# The tests' workers share the cores already: more threads each take a tenth more time.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import pytest
from support import graphs, painted_people

graphs.leave_unoptimized()
# TensorFlow's graphs are many objects that live long: to look for garbage among them costs much.
gc.set_threshold(50_000, 20, 20)

# What tests are skipped for, by a word of the reason; packages are all others.
WANTED = {
    "real data": "HG3D_DATA",
    "the web page": "make web|Node|Chromium",
    "a faster machine": "looks a second",
    "a compiler": "Kotlin",
    "a fresh environment": "make smoke",
    "packages": "",
}

# Fixtures of several seconds: every test that asks for one is slow, whichever of them runs first.
SLOW_FIXTURES = {
    *("saved_model", "shipped_saved_model", "served", "papers_network"),
    *("contents", "everything", "builder", "torch_network", "tensors", "finder"),
}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if SLOW_FIXTURES.intersection(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter):
    """Say at the end what was skipped and why, a line for each kind of reason."""
    skipped = {kind: Counter() for kind in WANTED}
    for report in terminalreporter.stats.get("skipped", ()):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        kind = next(kind for kind, words in WANTED.items() if re.search(words, reason))
        skipped[kind][reason] += 1
    for kind, reasons in skipped.items():
        if reasons:
            why = "; ".join(f"{count} x {reason}" for reason, count in reasons.items())
            terminalreporter.write_line(f"{reasons.total()} skipped for want of {kind}: {why}")


@pytest.fixture(scope="session")
def model():
    """A network of 64 px that has not learned anything, for tests of what is made of one."""
    from support import small_network

    from hg3d_tf.network.keras_api import keras

    keras.utils.set_random_seed(0)
    return small_network.shrunk()


@pytest.fixture(scope="session")
def untrained(tmp_path_factory):
    """A training folder of a whole network of 64 px that has not learned anything."""
    from support import small_network

    from hg3d_tf.network.keras_api import keras
    from hg3d_tf.network.pose_model import build_pose_model
    from hg3d_tf.training import checkpoints

    folder = tmp_path_factory.mktemp("runs") / "small"
    keras.utils.set_random_seed(0)
    checkpoints.save_model(build_pose_model(small_network.SMALL), folder)
    return folder


@pytest.fixture(scope="session")
def papers_network():
    """The paper's network, 256 px; not to be changed."""
    from hg3d_tf.network.pose_model import ModelConfig, build_pose_model

    return build_pose_model(ModelConfig())


def made_once(tmp_path_factory, name, make):
    """Return the path of what `make(path)` makes, once for all workers of pytest-xdist."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    with open(path.parent / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            make(path)
    return path


@pytest.fixture(scope="session")
def saved_model(model, tmp_path_factory):
    """Version 1 of its SavedModel; not to be changed."""
    from hg3d_tf import export

    return made_once(tmp_path_factory, "small/1", lambda path: export.save(model, path))


@pytest.fixture(scope="session")
def shipped_saved_model(tmp_path_factory):
    """Version 1 of the SavedModel of the network in the package, as the command writes it."""
    from support import commands

    def make(path):
        done = commands.fork("-m", "hg3d_tf.export", f"--output_dir={path.parent}")
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "shipped/1", make)


@pytest.fixture(scope="session")
def served(saved_model):
    """The SavedModel, loaded."""
    import tensorflow as tf

    return tf.saved_model.load(str(saved_model))


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Two prepared datasets: painted_3d with 3D labels, painted_2d with 2D labels only."""
    folder = str(tmp_path_factory.mktemp("data"))
    counts = {"train": 24, "test": 10}
    painted_people.store("painted_3d", folder, has_depth=True, counts=counts)
    painted_people.store("painted_2d", folder, has_depth=False, counts=counts)
    return folder
