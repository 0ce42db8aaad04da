"""How the quickstart runs commands; tests/commands_test.py runs it whole."""

import pytest
from support.commands import run

QUICKSTART = """
import sys
sys.path.insert(0, "experiments")
import quickstart
from hg3d_tf import cli
cli.run(lambda: quickstart.run_together(("-c", {!r}), ("-c", {!r})), tensorflow=False)
"""
# It ends when the other has said more than a pipe holds.
FIRST = """
import pathlib, time
end = time.monotonic() + 30
while not pathlib.Path({!r}).exists():
    assert time.monotonic() < end, "the other does not go on"
    time.sleep(0.01)
print("the first is done")
"""
SECOND = """
import pathlib, sys
print(200_000 * "progress ", file=sys.stderr)
pathlib.Path({!r}).touch()
print("the second is done")
sys.exit({})
"""


@pytest.mark.parametrize("status", [0, 3])
def test_two_commands_run_at_a_time_and_either_may_fail(tmp_path, status):
    flag = str(tmp_path / "said")
    done = run("-c", QUICKSTART.format(FIRST.format(flag), SECOND.format(flag, status)))
    # The commands, too, stand in what is printed.
    assert done.stdout.endswith("\nthe first is done\nthe second is done\n"), done.stderr[-999:]
    assert done.returncode == bool(status)
    if status:
        assert "progress" in done.stderr and "error: the quickstart stopped at" in done.stderr
    else:
        assert done.stderr == ""


def test_where_the_first_fails_the_second_ends_before_it_is_said():
    done = run("-c", QUICKSTART.format("raise SystemExit(2)", "print('the second is done')"))
    assert done.returncode == 1 and done.stdout.endswith("\nthe second is done\n")
    assert "error: the quickstart stopped at the command above" in done.stderr


@pytest.mark.parametrize("note", [None, '{"weights_sha256": "of the version before"}'])
def test_stages_of_another_versions_network_are_not_taken_up(tmp_path, note):
    (tmp_path / "stage1").mkdir()
    if note:
        (tmp_path / "network.json").write_text(note)
    refused = run("experiments/quickstart.py", f"--workdir={tmp_path}")
    assert refused.returncode == 1 and refused.stderr.count("\n") == 1
    assert f"error: {tmp_path}: its stages went on from the network" in refused.stderr
    assert "--fresh" in refused.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["network.json"] * bool(note) + [
        "stage1"
    ]


def test_a_folder_of_the_same_network_is_taken_up(tmp_path):
    check = (
        "import pathlib, sys; sys.path.insert(0, 'experiments'); import quickstart;"
        "quickstart.check_network(pathlib.Path(sys.argv[1]), quickstart.STARTS['shipped'])"
    )
    for _ in range(2):
        done = run("-c", check, str(tmp_path))
        assert done.returncode == 0, done.stderr
        (tmp_path / "stage1").mkdir(exist_ok=True)
