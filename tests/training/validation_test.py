from types import SimpleNamespace

import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.training import strategies
from hg3d_tf.training.validation import Validation, ValidationConfig


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        ("test", "painted_3d, test: 10 records for 11 hosts: take fewer"),
        ("validation", "no examples in split"),
    ],
)
def test_what_cannot_be_measured_is_said_before_the_training(
    model, data_dir, monkeypatch, split, problem
):
    monkeypatch.setattr(strategies, "place", lambda strategy: (0, 11))
    state, config = SimpleNamespace(model=model), ValidationConfig("painted_3d", split)
    with pytest.raises(UserError, match=problem):
        Validation(config, 1, state, data_dir, None, None)
