import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest
from support import painted_people


@pytest.fixture(scope="session")
def model():
    """A network of 64 px that has not learned anything."""
    from hg3d_tf.network.keras_api import keras
    from hg3d_tf.network.pose_model import ModelConfig, build_pose_model

    keras.utils.set_random_seed(0)
    return build_pose_model(ModelConfig(1, 8, 1, 64))


@pytest.fixture(scope="session")
def saved_model(model, tmp_path_factory):
    """Version 1 of its SavedModel."""
    from hg3d_tf import export

    path = tmp_path_factory.mktemp("export") / "1"
    export.save(model, path)
    return path


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
