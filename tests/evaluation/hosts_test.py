"""A split measured by several hosts, as processes of this one."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.commands import fork_shrunk
from support.training_runs import free_addresses

from hg3d_tf.training import checkpoints

pytestmark = pytest.mark.slow


def test_two_hosts_find_together_what_one_finds(model, data_dir, tmp_path):
    checkpoints.save_model(model, tmp_path / "small")

    def evaluate(name, **variables):
        return fork_shrunk(
            *("hg3d_tf.evaluate", f"--workdir={tmp_path / 'small'}", f"--data_dir={data_dir}"),
            *("--dataset=painted_3d", "--batch_size=4", f"--output={tmp_path / name}.json"),
            *(f"--save_predictions={tmp_path / name}.npz", f"--worst={tmp_path / name}.png"),
            **variables,
        )

    addresses = free_addresses(2)
    tasks = [
        {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        for index in range(2)
    ]
    with ThreadPoolExecutor() as pool:
        of_two = list(pool.map(lambda task: evaluate("two", TF_CONFIG=json.dumps(task)), tasks))
    of_one = evaluate("one")
    for done in (of_one, *of_two):
        assert done.returncode == 0, done.stderr
    # Each says first whom it waits for; the results tells the first alone.
    told = [done.stdout.partition("\n") for done in of_two]
    assert all("waiting for the workers of TF_CONFIG" in first for first, _, _ in told)
    assert [rest for _, _, rest in told] == [of_one.stdout, ""]
    one, two = (np.load(tmp_path / f"{name}.npz") for name in ("one", "two"))
    assert len(one["key"]) == 10
    np.testing.assert_array_equal(two["key"], one["key"])
    for name in set(one.files) - {"key"}:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-4, atol=1e-5, err_msg=name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
