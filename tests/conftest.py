import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import painted_people
import pytest


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    """Two prepared datasets: painted_3d with 3D labels, painted_2d with 2D labels only."""
    folder = str(tmp_path_factory.mktemp("data"))
    counts = {"train": 24, "test": 10}
    painted_people.store("painted_3d", folder, has_depth=True, counts=counts)
    painted_people.store("painted_2d", folder, has_depth=False, counts=counts)
    return folder
