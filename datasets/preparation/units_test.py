import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from preparation.units import Skipped, Unit, finish, finish_all, records, skipped

NUM_UNITS = 6


def read_slowly(folder, number, seconds):
    with open(folder / "log", "a") as log:
        log.write(f"{number} {os.getpid()}\n")
    yield {"key": f"first of {number}", "array": np.full(3, number)}
    time.sleep(seconds)
    yield Skipped(f"second of {number}", "for a reason")


def units(folder, seconds=0.0):
    return [
        Unit(f"unit/{n}", read_slowly, {"folder": folder, "number": n, "seconds": seconds})
        for n in range(NUM_UNITS)
    ]


def log_of(folder):
    path = folder / "log"
    return [tuple(map(int, line.split())) for line in path.read_text().splitlines()]


def is_running(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize("num_processes", [1, 2])
def test_units_come_in_order_with_records_and_reasons(tmp_path, num_processes):
    paths = list(finish_all(units(tmp_path), tmp_path / "work", num_processes))
    for number, path in enumerate(paths):
        (record,) = records(path)
        np.testing.assert_array_equal(record["array"], np.full(3, number))
        assert skipped(path) == [Skipped(f"second of {number}", "for a reason")]
    list(finish_all(units(tmp_path), tmp_path / "work", num_processes))
    assert len(log_of(tmp_path)) == NUM_UNITS


def test_a_unit_is_done_again_when_its_input_comes_or_changes(tmp_path):
    source = tmp_path / "source"
    (one, *_) = units(tmp_path)
    paths = [Unit(one.name, one.read, one.arguments, (source,)).path_in(tmp_path)]
    for text in ("a", "ab"):
        source.write_text(text)
        paths.append(Unit(one.name, one.read, one.arguments, (source,)).path_in(tmp_path))
    assert len(set(paths)) == 3
    other_arguments = one.arguments | {"seconds": 1.0}
    assert Unit(one.name, one.read, other_arguments).path_in(tmp_path) != one.path_in(tmp_path)


def test_equal_units_have_equal_names_whatever_they_share(tmp_path):
    array = np.arange(3.0)
    shared, apart = {"a": array, "b": array}, {"a": array, "b": array.copy()}
    paths = {Unit("unit", read_slowly, values).path_in(tmp_path) for values in (shared, apart)}
    assert len(paths) == 1


def test_equal_paths_give_equal_names_however_they_were_joined(tmp_path):
    whole = Path(str(tmp_path))
    joined = Path("/").joinpath(*whole.parts[1:])
    paths = {Unit("unit", read_slowly, {"folder": f}).path_in(tmp_path) for f in (whole, joined)}
    assert len(paths) == 1


def test_a_failing_unit_leaves_nothing(tmp_path):
    def fail():
        yield {"key": "one"}
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        finish(Unit("unit", fail, {}), tmp_path / "work/unit.pickles")
    assert list((tmp_path / "work").iterdir()) == []


def run_until_killed(folder):
    list(finish_all(units(Path(folder), seconds=0.4), Path(folder) / "work", num_processes=2))


@pytest.mark.slow
def test_a_killed_run_goes_on_where_it_was(tmp_path):
    code = f"from preparation.units_test import run_until_killed as f; f({str(tmp_path)!r})"
    process = subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": path()}
    )
    finished = []
    deadline = time.monotonic() + 30
    while len(finished) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
        finished = list((tmp_path / "work").glob("unit*.pickles"))
    process.send_signal(signal.SIGKILL)
    process.wait()
    workers = {pid for _, pid in log_of(tmp_path)}
    while any(map(is_running, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, workers))

    finished = {
        int(file.name.split("_")[1][0]) for file in (tmp_path / "work").glob("unit*.pickles")
    }
    assert 2 <= len(finished) < NUM_UNITS
    paths = list(finish_all(units(tmp_path, seconds=0.4), tmp_path / "work", num_processes=2))
    done = [number for number, _ in log_of(tmp_path)]
    assert all(done.count(number) == 1 for number in finished)
    assert [next(records(path))["key"] for path in paths] == [
        f"first of {number}" for number in range(NUM_UNITS)
    ]


def path():
    return os.pathsep.join(str(Path(__file__).parents[n]) for n in (1, 2))
