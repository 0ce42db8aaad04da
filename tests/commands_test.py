"""The commands as a user runs them: help, flagfiles, mistakes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support import painted_people
from support.commands import ROOT, environment, fails_with_one_line, fork, fork_shrunk, run

import hg3d_tf
from hg3d_tf import files, flagfiles, weights

COMMANDS = [
    "train",
    "evaluate",
    "export",
    "predict",
    "convert",
    "inspect_data",
    "import_weights",
    "client",
    "benchmark",
]
FLAGFILES = sorted(ROOT.glob("experiments/**/*.flags"))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_explains_the_command_and_its_flags(command):
    process = run("-m", f"hg3d_tf.{command}", "--help")
    assert process.returncode == 0
    assert f"python -m hg3d_tf.{command}" in process.stdout
    assert "\n  --" in process.stdout


@pytest.mark.parametrize("command", ["train", "export", "predict"])
def test_help_lists_flags_by_name_and_no_text_leans_on_a_neighbour(command):
    text = " ".join(run("-m", f"hg3d_tf.{command}", "--help").stdout.split())
    for words in (": Its ", ": Instead", ": The same", " of those,", " of that split"):
        assert words not in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "hg3d_tf", "predict", "--helpshort"),
        ("-m", "hg3d_tf.predict", "--helpfull"),
        ("datasets/build.py", "--help"),
        ("experiments/quickstart.py", "--help"),
    ],
)
def test_help_that_was_asked_for_is_no_failure(arguments):
    process = fork(*arguments)
    assert process.returncode == 0 and "\n  --" in process.stdout, process.stderr


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--version",), ("predict", "--help")])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_reads_may_leave_before_the_end(arguments, unbuffered):
    assert without_reader("-m", "hg3d_tf", *arguments, PYTHONUNBUFFERED=unbuffered) == (0, "")


# In the end, or at once.
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "end", ["return 0", "return 1", "sys.stdout.flush()", "raise KeyboardInterrupt"]
)
def test_a_command_ends_quietly_where_nobody_reads(end, unbuffered):
    script = f"""
import sys
from hg3d_tf import cli

def main():
    print("a line")
    {end}

cli.run(main, tensorflow=False)
"""
    status, errors = without_reader("-c", script, PYTHONUNBUFFERED=unbuffered)
    asked_to_end = "Interrupt" in end and not unbuffered
    assert status == 141 and errors == ("error: interrupted\n" if asked_to_end else "")


def test_predict_ends_quietly_and_keeps_what_is_done_where_nobody_reads(tmp_path):
    painted_people.paint(np.full((16, 2), 60.0)).save(tmp_path / "a.png")
    arguments = (tmp_path / "a.png", "--box=2,2,62,62", f"--output_dir={tmp_path}")
    assert without_reader("-m", "hg3d_tf.predict", "--model=shipped", *arguments) == (141, "")
    assert len((tmp_path / "poses.jsonl").read_text().splitlines()) == 1  # what is done is kept


def test_errors_that_nobody_reads_end_the_command_too(tmp_path):
    status, _ = without_reader("-m", "hg3d_tf.predict", "no.jpg", stderr=subprocess.STDOUT)
    assert status == 141


def without_reader(*arguments, stderr=subprocess.PIPE, **variables):
    """Run Python, with nobody who reads what it prints; return its status and errors."""
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        env=environment(variables),
        stdout=writer,
        stderr=stderr,
        text=True,
        check=False,
    )
    os.close(writer)
    return process.returncode, process.stderr


@pytest.mark.parametrize("path", FLAGFILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_flagfiles_are_valid(path):
    command = "evaluate" if path.stem.startswith("evaluate") else "train"
    process = fork("-m", f"hg3d_tf.{command}", f"--flagfile={path}", "--only_check_args")
    assert process.returncode == 0, process.stderr


def test_an_unknown_flag_is_named():
    fails_with_one_line(run("-m", "hg3d_tf.train", "--learning_rat=1"), "learning_rat", "--help")


@pytest.mark.parametrize(
    ("command", "flag"),
    [
        ("predict", "--smoothing=nan"),
        ("predict", "--seconds=nan"),
        ("predict", "--camera_pitch=-inf"),
        ("convert", "--depth_smoothing=inf"),
        ("convert", "--fill_gaps=inf"),
        ("convert", "--person_height=1.8,nan"),
        ("train", "--geometry_weight=nan"),
    ],
)
def test_a_number_that_is_not_finite_is_named(command, flag):
    process = fork("-m", f"hg3d_tf.{command}", flag, "nowhere")
    fails_with_one_line(process, f"{flag}: must be a finite number")


@pytest.mark.parametrize(
    ("flags", "line"),
    [
        (["--workdir=nope"], "--workdir is for --what=serving, not for --what=train"),
        (["--what=input", "--devices=2"], "--devices is for --what=train, not for --what=input"),
        (["--what=build", "--hosts=1,2"], "--hosts is for --what=input, not for --what=build"),
    ],
)
def test_a_flag_of_another_measurement_is_named(flags, line):
    fails_with_one_line(fork("-m", "hg3d_tf.benchmark", *flags), line)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"--epochs=1\n--workdir='a b'\n", ["line 2", "quotes"]),
        ("--epochs=1\n".encode("utf-16"), ["UTF-8"]),
        ("--epochs=1\n".encode("utf-8-sig"), ["byte order mark"]),
        (b"# a comment\n--epochs=none\n", ["--epochs=none"]),
    ],
)
def test_a_flagfile_that_means_something_else_gets_one_line(tmp_path, content, words):
    (tmp_path / "inner.flags").write_bytes(content)
    (tmp_path / "outer.flags").write_text(f"--flagfile={tmp_path / 'inner.flags'}\n")
    for name in ("inner", "outer"):
        process = run("-m", "hg3d_tf.train", f"--flagfile={tmp_path / name}.flags")
        fails_with_one_line(process, *words)


@pytest.mark.parametrize("circle", [["a"], ["a", "b"]])
def test_flagfiles_that_name_each_other_get_one_line(tmp_path, circle):
    paths = [tmp_path / f"{name}.flags" for name in circle]
    for path, following in zip(paths, [*paths[1:], paths[0]], strict=True):
        path.write_text(f"--epochs=1\n--flagfile={following}\n")
    assert "stands in a file that it leads to" in flagfiles.problem([f"--flagfile={paths[0]}"])
    (tmp_path / "twice.flags").write_text("--epochs=1\n")
    assert flagfiles.problem([f"--flagfile={tmp_path / 'twice.flags'}"] * 2) is None


def test_a_folder_that_tensorflow_would_take_for_a_pattern_is_refused(tmp_path):
    process = run("-m", "hg3d_tf.train", f"--workdir={tmp_path}/[run 1]")
    fails_with_one_line(process, "[run 1]", "pattern")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [(), ("--help",)])
def test_hg3d_lists_every_command_with_a_line(arguments):
    process = run("-m", "hg3d_tf", *arguments)
    assert process.returncode == 0
    listed = [line.split()[1:] for line in process.stdout.splitlines() if line.startswith("  hg3d")]
    assert {name for name, *purpose in listed if purpose} == set(COMMANDS)


def test_hg3d_runs_a_command_with_its_own_flags():
    process = run("-m", "hg3d_tf", "train", "--mix=a:0")
    fails_with_one_line(process, "--mix=a:0", "sum to zero")
    assert "python -m hg3d_tf.train" in run("-m", "hg3d_tf", "train", "--help").stdout
    unknown = run("-m", "hg3d_tf", "trian")
    fails_with_one_line(unknown, "'trian'", "train")


@pytest.mark.parametrize(
    ("command", "flag"),
    [("inspect_data", "sheet"), ("train", "preview"), ("evaluate", "worst")],
)
def test_a_picture_is_a_png_by_its_name(command, flag):
    process = fork("-m", f"hg3d_tf.{command}", f"--{flag}=a.jpg")
    fails_with_one_line(process, f"--{flag}=a.jpg", "no name of a PNG")


def test_a_folder_in_the_place_of_a_picture_is_named_before_the_work(tmp_path):
    (tmp_path / "a.png").mkdir()
    process = run("-m", "hg3d_tf.predict", f"--sheet={tmp_path}/a.png", "photo.jpg")
    fails_with_one_line(process, f"--sheet={tmp_path}/a.png", "is a folder")


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("predict", "--video=https://a.org/b.mp4"),
        ("predict", "--sheet=https://a.org/b.png"),
        ("evaluate", "--workdir=gs://a/b"),
        ("convert", "https://a.org/poses.json"),
    ],
)
def test_an_address_in_the_place_of_a_path_is_named_as_it_was_typed(command, argument):
    address = argument.partition("=")[2] or argument
    process = run("-m", f"hg3d_tf.{command}", argument)
    fails_with_one_line(process, f"{address}: addresses are not fetched", "download it first")


def test_hg3d_says_its_version():
    process = run("-m", "hg3d_tf", "--version")
    assert process.returncode == 0 and process.stdout == f"hg3d {hg3d_tf.__version__}\n"


def test_ctrl_c_while_a_command_is_imported_is_quiet():
    script = """
import runpy, sys
from hg3d_tf import __main__
def interrupted(*_, **__):
    raise KeyboardInterrupt
runpy.run_module, sys.argv = interrupted, ["hg3d", "predict"]
__main__.main()
"""
    process = run("-c", script)
    assert process.returncode == 130 and process.stderr == "error: interrupted\n"


@pytest.mark.parametrize(
    ("error", "status", "end"),
    [
        ("KeyboardInterrupt", 130, "error: interrupted\n"),
        ("ValueError('no')", 1, "ValueError: no\n"),
    ],
)
def test_ctrl_c_while_a_module_is_imported_is_quiet(tmp_path, error, status, end):
    (tmp_path / "absl.py").write_text(f"raise {error}")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    process = run("-m", "hg3d_tf.predict", PYTHONPATH=paths)
    assert process.returncode == status and process.stderr.endswith(end)
    assert ("Traceback" in process.stderr) == (status == 1)


def test_in_a_program_of_others_exceptions_are_shown_as_they_want(tmp_path):
    script = "import sys, hg3d_tf; print(sys.excepthook is sys.__excepthook__)"
    assert run("-c", script).stdout == "True\n"
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/__init__.py").write_text(script)
    (tmp_path / "theirs/__main__.py").touch()
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    assert run("-m", "theirs", PYTHONPATH=paths).stdout == "True\n"


@pytest.mark.parametrize("arguments", [("hg3d_tf",), ("hg3d_tf", "predict", "--help")])
def test_what_only_tells_does_not_import_tensorflow(arguments):
    process = run("-X", "importtime", "-m", *arguments)
    assert "import time:" in process.stderr and "tensorflow" not in process.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["--workdir"]),
        (("--workdir=shipped-large",), ["shipped-large means a network in the package"]),
        (("extra",), ["extra"]),
        (("--workdir=/proc/nowhere",), ["/proc/nowhere"]),
        (("--workdir={tmp}", "--input_size=100"), ["input_size is 100", "multiple of 64"]),
        (("--workdir={tmp}", "--mix=a:0,b:0"), ["sum to zero"]),
        (("--workdir={tmp}", "--mix_exact", "--batch_size=3"), ["mix_exact"]),
        (("--workdir={tmp}", "--mix=a,b", "--hide_depth=c"), ["hide_depth", "'c' is not in"]),
        (("--workdir={tmp}", "--max_bad_fraction=2"), ["max_bad_fraction is 2"]),
        (("--workdir={tmp}", "--seed=-1"), ["seed is -1"]),
        (("--workdir={tmp}", "--log_steps=-5"), ["log_steps is -5, must not be negative"]),
        (("--workdir={tmp}", "--heatmap_sigma=0"), ["heatmap_sigma is 0.0, must be positive"]),
        (("--workdir={tmp}", "--geometry_weight=-1"), ["geometry_weight is -1.0"]),
        (("--workdir={tmp}", "--outside_sigma=-1"), ["outside_sigma is -1.0"]),
        (("--workdir={tmp}", "--frozen_blocks=3"), ["frozen_blocks needs network efficientnet"]),
        (("--workdir={tmp}", "--frozen_blocks=-1"), ["frozen_blocks is -1"]),
        (("--workdir={tmp}", "--data_dir={tmp}"), ["studio", "datasets/build.py"]),
        # What is wrong with a flag comes before data that are missing.
        (("--workdir={tmp}", "--init_from={tmp}/no"), ["{tmp}/no", "is no training folder"]),
        (
            ("--workdir={tmp}", "--init_from=shipped-large"),
            [
                "shipped-large holds another network than the flags ask for: give --num_stacks=1"
                " --num_features=64 --num_residuals=1 --network=efficientnet_lite0"
                " --heatmaps=softmax, or --flagfile=experiments/finetune.flags before your own"
            ],
        ),
        (("--workdir={tmp}", "--preview=/proc/no/a.png"), ["/proc/no", "choose another folder"]),
    ],
)
def test_train_names_a_mistake_in_one_line(tmp_path, arguments, words):
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    words = [word.format(tmp=tmp_path) for word in words]
    fails_with_one_line(fork("-m", "hg3d_tf.train", *arguments), *words)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--init_from=no", "no is no training folder"),
        ("--mix=no", "dataset 'no' is not in"),
        ("--validation_dataset=no", "dataset 'no' is not in"),
        ("--accumulate=4", "batch_size 6 does not divide into 4 parts"),
        ("--strategy=tpu", "no TPU 'local' was found"),
        ("--strategy=multi_worker", "multi_worker wants TF_CONFIG"),
        ("--strategy=mirrored", "batch_size 6 does not divide among 4 replicas"),
    ],
)
def test_a_training_that_cannot_start_anew_removes_nothing(data_dir, tmp_path, flag, words):
    start, checkpoint = begun(data_dir, tmp_path)
    fails_with_one_line(fork("-c", FOUR_DEVICES, "hg3d_tf.train", *start, flag), words)
    assert checkpoint.read_text() == "of before"


@pytest.mark.parametrize("within", ["", "/best", "/../here"])
def test_a_training_does_not_remove_what_it_starts_from(data_dir, tmp_path, within):
    folder = tmp_path / "here"
    (folder / "best").mkdir(parents=True)
    start, checkpoint = begun(data_dir, folder)
    process = fork("-m", "hg3d_tf.train", *start, f"--init_from={folder}{within}")
    fails_with_one_line(process, "is what start_anew would remove of --workdir")
    assert checkpoint.read_text() == "of before"


def test_hosts_that_cannot_share_a_batch_remove_nothing_and_do_not_wait(data_dir, tmp_path):
    start, checkpoint = begun(data_dir, tmp_path)
    hosts = {"cluster": {"worker": ["localhost:1"] * 4}, "task": {"type": "worker", "index": 0}}
    process = fork("-m", "hg3d_tf.train", *start, TF_CONFIG=json.dumps(hosts))
    fails_with_one_line(process, "batch_size 6 does not divide among 4 replicas")
    assert "waiting" not in process.stdout and checkpoint.read_text() == "of before"


# argv: a module and its flags.
FOUR_DEVICES = """
import runpy, sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 4)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def begun(data_dir, tmp_path):
    """Make a folder of a training; return flags that start it anew, and its checkpoint."""
    checkpoint = tmp_path / "checkpoints/checkpoint"
    files.write_text(checkpoint, "of before")
    files.write_text(tmp_path / "flags.txt", "--epochs=1\n--seed=3\n")
    start = [f"--workdir={tmp_path}", f"--data_dir={data_dir}", "--if_flags_differ=start_anew"]
    return [*start, "--mix=painted_3d"], checkpoint


def test_export_of_a_folder_that_is_no_training_is_named(tmp_path):
    fails_with_one_line(fork("-m", "hg3d_tf.export", f"--workdir={tmp_path}"), "model.json")
    (tmp_path / "file").touch()
    process = fork("-m", "hg3d_tf.export", f"--workdir={tmp_path / 'file'}")
    fails_with_one_line(process, "file is no training folder")
    assert "hg3d_tf.train" not in process.stderr


# argv: a module and its flags.
WITHOUT_LOADING = """
import runpy, sys
from hg3d_tf.training import checkpoints
checkpoints.load_model = None  # to call it is a fault
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--output_dir=/proc/nowhere",), "cannot write to /proc/nowhere"),
        (("--tflite=int8", "--output_dir={tmp}"), "int8.tflite: a folder stands"),
        (("--tflite=float16", "--output_dir={tmp}"), "finder_float16.tflite: a folder stands"),
        (("--tflite=dynamic", "--output_dir={tmp}"), "report.md: a folder stands"),
    ],
)
def test_export_looks_whether_it_can_write_before_it_loads_the_network(tmp_path, flags, words):
    for name in ("int8.tflite", "finder_float16.tflite", "report.md"):
        (tmp_path / name).mkdir()
    flags = [flag.format(tmp=tmp_path) for flag in flags]
    fails_with_one_line(fork("-c", WITHOUT_LOADING, "hg3d_tf.export", *flags), words)


def test_export_of_a_folder_that_is_not_there_makes_none(tmp_path):
    for flags in ((), ("--tflite=float32",)):
        process = fork("-m", "hg3d_tf.export", f"--workdir={tmp_path}/no", *flags)
        fails_with_one_line(process, "no is no training folder")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("workdir", ["shipped", "shipped-large"])
def test_export_says_which_file_of_a_network_in_the_package_is_ready(workdir):
    flags = (f"--workdir={workdir}", "--tflite=int8", "--output_dir=/proc/nowhere")
    process = fork("-m", "hg3d_tf.export", *flags)
    assert process.returncode == 1 and str(weights.MODEL_FILES[workdir]) in process.stdout


@pytest.mark.parametrize(
    ("command", "flag"), [("export", "--version=-1"), ("client", "--retries=-1")]
)
def test_a_number_that_cannot_be_is_refused_as_help_says(command, flag):
    process = fork("-m", f"hg3d_tf.{command}", flag, "no.jpg")
    fails_with_one_line(process, f"flag {flag}: -1 is not")


@pytest.mark.parametrize(
    ("workdir", "words"),
    [
        ("shipped-film", ["a model of predict's", "give shipped or shipped-large"]),
        ("{tmp}/pose.tflite", ["the one that it was exported from"]),
        ("{tmp}/saved_model/1", ["the one that it was exported from"]),
    ],
)
def test_export_of_what_predict_alone_runs_is_named(tmp_path, workdir, words):
    files.write_text(tmp_path / "saved_model/1/saved_model.pb", "")
    process = fork("-m", "hg3d_tf.export", f"--workdir={workdir.format(tmp=tmp_path)}")
    fails_with_one_line(process, *words)


def test_evaluate_names_a_folder_that_is_no_training_before_data_that_is_missing(tmp_path):
    process = fork("-m", "hg3d_tf.evaluate", f"--workdir={tmp_path}/no", f"--data_dir={tmp_path}")
    fails_with_one_line(process, "no is no training folder")


@pytest.mark.slow
def test_a_training_goes_on_and_its_flags_are_a_flagfile(data_dir, tmp_path):
    flags = (
        *("--mix=painted_3d:0.5,painted_2d:0.5", f"--data_dir={data_dir}", "--batch_size=4"),
        *("--num_stacks=1", "--num_features=8", "--num_residuals=1", "--input_size=64"),
        *("--steps_per_epoch=2", "--depth_weight=0.1", f"--workdir={tmp_path / 'run'}"),
        f"--preview={tmp_path / 'batch.png'}",
    )
    first = fork_shrunk("hg3d_tf.train", "--epochs=1", *flags)
    assert first.returncode == 0, first.stderr
    flagfile = f"--flagfile={tmp_path / 'run/flags.txt'}"
    second = fork_shrunk("hg3d_tf.train", flagfile, "--epochs=2")
    assert second.returncode == 0, second.stderr
    assert "going on after step 2 (epoch 1)" in second.stdout
    assert len((tmp_path / "run/metrics.jsonl").read_text().splitlines()) == 2
    assert b"first_batch" in b"".join(
        path.read_bytes() for path in (tmp_path / "run/tensorboard").rglob("events.out.*")
    )
    assert (tmp_path / "batch.png").read_bytes().startswith(b"\x89PNG")
    other = fork("-m", "hg3d_tf.train", flagfile, "--depth_weight=0.2")
    fails_with_one_line(other, "depth_weight=0.1 then, --depth_weight=0.2 now", "if_flags_differ")
    gone = ("--epochs=2", "--init_from=gone", "--if_flags_differ=go_on")
    third = fork_shrunk("hg3d_tf.train", flagfile, *gone)
    assert third.returncode == 0 and "nothing left to do at step 4" in third.stdout, third.stderr
    for process in (first, second):
        assert "WARNING" not in process.stderr and "Warning" not in process.stderr


@pytest.mark.slow
def test_predict_names_the_image_that_it_cannot_read_and_does_the_others(untrained, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "c.png"):
        painted_people.paint(np.full((16, 2), 60.0)).save(photos / name)
    (photos / "b.jpg").write_bytes(b"not a picture")
    output = tmp_path / "out"
    flags = (f"--model={untrained}", f"--output_dir={output}", "--box=2,2,62,62")
    process = fork("-m", "hg3d_tf.predict", *flags, photos)
    fails_with_one_line(process, "b.jpg", "cannot be read as an image")
    made = sorted(path.name for path in output.iterdir())
    assert made == ["a_pose.png", "c_pose.png", "poses.json", "poses.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--model={model}", "{tmp}/missing.jpg"), ["missing.jpg", "does not exist"]),
        (("--model={tmp}", "{image}"), ["no training folder"]),
        (("--model={image}", "{image}"), ["image.png is no model", ".tflite"]),
        (("--video={tmp}/a.mp4", "--seconds=0"), ["--seconds=0", "no frame"]),
        (("--model={model}", "--box=1,2,3", "{image}"), ["--box=1,2,3"]),
        (("--model={model}", "--output_dir=/proc/nowhere", "{image}"), ["/proc/nowhere"]),
        (("--model={model}",), ["error: <image> is missing"]),
        (("{image}", "--boxes={image}", "--box=1,2,3,4"), ["--box and --boxes"]),
        (("{image}", "--boxes={tmp}"), ["holds no .txt"]),
        (("{image}", "--boxes={tmp}/none.json"), ["none.json", "cannot be read as boxes"]),
        (("{image}", "--sheet={tmp}/a.jpg"), ["a.jpg", "no name of a PNG"]),
        (("{image}", "--people=none"), ["--people=none", "neither all nor a number"]),
    ],
)
def test_predict_names_a_mistake_in_one_line(untrained, tmp_path, arguments, words):
    image = tmp_path / "image.png"
    painted_people.paint(np.full((16, 2), 60.0)).save(image)
    names = {"model": untrained, "tmp": tmp_path, "image": image}
    process = fork(
        "-m", "hg3d_tf.predict", *(argument.format(**names) for argument in arguments), cwd=tmp_path
    )
    fails_with_one_line(process, *words)


@pytest.mark.parametrize(
    ("model", "advice"),
    [
        ("shiped", "did you mean shipped?"),
        ("shipped_film", "did you mean shipped-film?"),
        ("runs/own", "give a .tflite file that export wrote"),
    ],
)
@pytest.mark.parametrize("film", [False, True])
def test_predict_names_a_model_that_is_not_there_without_tensorflow(tmp_path, model, advice, film):
    painted_people.paint(np.full((16, 2), 60.0)).save(tmp_path / "a.png")
    what = "--video=a.mp4" if film else "a.png"
    process = run(
        "-X", "importtime", "-m", "hg3d_tf.predict", f"--model={model}", what, cwd=tmp_path
    )
    fails_with_one_line(process, f"{model} does not exist: {advice}")
    assert "import time:" in process.stderr and " tensorflow" not in process.stderr


@pytest.mark.parametrize("command", ["predict", "benchmark"])
@pytest.mark.parametrize(
    ("name", "words"),
    [("notes.txt", "is no training folder"), ("model.json", "holds no checkpoint yet")],
)
def test_a_folder_without_a_model_is_named_without_tensorflow(tmp_path, command, name, words):
    painted_people.paint(np.full((16, 2), 60.0)).save(tmp_path / "a.png")
    files.write_text(tmp_path / "model" / name, "{}")
    what = "a.png" if command == "predict" else "--what=predict"
    arguments = (f"hg3d_tf.{command}", "--model=model", what)
    process = run("-X", "importtime", "-m", *arguments, cwd=tmp_path)
    fails_with_one_line(process, f"model {words}")
    assert "import time:" in process.stderr and " tensorflow" not in process.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("a.jpg --seconds=3", "--seconds is for --video and --webcam, not for images"),
        ("a.jpg --smoothing=0.5", "--smoothing is for --video and --webcam, not for images"),
        ("a.jpg --flagfile=soft.flags", "--smoothing is for --video and --webcam"),
        ("a.jpg --format=angles --fill_gaps=1", "--fill_gaps is for films"),
        ("a.jpg --unit=mm --format=csv", "--unit is for trc, bvh: none of them is asked for"),
        ("--video=a.mp4 --unit=mm", "--unit is for trc, bvh: none of them is asked for"),
        ("--video=a.mp4 --fill_gaps=1 --format=trc", "--fill_gaps is for mot, angles, angle_plot"),
        ("--video=a.mp4 --depth_smoothing=1", "--depth_smoothing is for --focal_length_px"),
        ("--video=a.mp4 --sheet=a.png", "--sheet is for images, not for --video"),
        ("--webcam --nopictures", "--pictures is for images, not for --webcam"),
        ("--video=a.mp4 --processes=2", "--processes is for images, not for --video"),
        ("--video=a.mp4 --beam_runner=DirectRunner", "--beam_runner is for images"),
        ("--video=a.mp4 --beam_options=--a=b", "--beam_options is for images"),
        ("a.jpg --beam_options=--a=b", "--beam_options is for --beam_runner"),
        ("--video=a.jpg", "--video=a.jpg is a photo: give it without --video"),
    ],
)
def test_predict_refuses_a_flag_that_would_change_nothing(tmp_path, arguments, words):
    files.write_text(tmp_path / "soft.flags", "--smoothing=0.5\n")
    (tmp_path / "a.jpg").touch()
    process = fork("-m", "hg3d_tf.predict", *arguments.split(), cwd=tmp_path)
    fails_with_one_line(process, words)
    assert not (tmp_path / "predictions").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("no.jpg --smoothing=0.1 --unit=m --fill_gaps=0", "no.jpg does not exist"),
        ("--video=no.gif --processes=1 --pictures --angle_plot --fill_gaps=1", "no.gif"),
    ],
)
def test_predict_takes_what_is_so_anyway(tmp_path, arguments, words):
    process = fork("-m", "hg3d_tf.predict", *arguments.split(), cwd=tmp_path)
    fails_with_one_line(process, words)
    assert " is for " not in process.stderr


@pytest.mark.slow
def test_a_real_photo_goes_through(untrained, tmp_path):
    folder = os.environ.get("HG3D_DATA")
    if not folder:
        pytest.skip("HG3D_DATA names no folder with real photos")
    photo = next(iter(sorted(Path(folder, "lspet/images").glob("*.jpg"))))
    process = fork(
        "-m", "hg3d_tf.predict", f"--model={untrained}", f"--output_dir={tmp_path}", photo
    )
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "poses.json").exists()


# Its commands in forks, the paper's network shrunk; but for the last: by then it has read images by
# TensorFlow itself.
QUICKSTART = """
import sys
sys.path.insert(0, "experiments")
import quickstart
from hg3d_tf import cli
from support import commands, forks

run_python = quickstart.run_python

def call(*arguments, folder):
    if "hg3d_tf.predict" in arguments:
        return run_python(*arguments, folder=folder)
    module = arguments[0] == "-m"
    return forks.call(*("-c", commands.SHRUNK, *arguments[1:]) if module else arguments)

def in_turn(*commands):
    for command in commands:
        quickstart.run(*command)

quickstart.run_python, quickstart.run_together = call, in_turn
cli.run(quickstart.main)
"""


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("start", "rows"),
    [("shipped", ["shipped", "stage1", "stage2", "stage3"]), ("scratch", ["stage2", "stage3"])],
)
def test_the_quickstart_makes_what_it_promises(tmp_path, start, rows):
    """All commands in a row on a handful of rendered people; what it learns does not matter."""
    import json

    pytest.importorskip("embreex", reason="the render extra is not installed")
    process = fork(
        *("-c", QUICKSTART, f"--workdir={tmp_path}", "--num_train=12", "--num_test=4"),
        *("--train_flag=--steps_per_epoch=1", "--train_flag=--batch_size=8"),
        *("--train_flag=--input_size=64", f"--start={start}"),
    )
    assert process.returncode == 0, process.stderr[-3000:]
    results = json.loads((tmp_path / "results.json").read_text())
    assert list(results) == ["mean_pose", *rows]
    keys = {"pck_box_010", "mpjpe_mm", "pck3d_150", "symmetry_mm"}
    for row in results.values():
        assert row.keys() == {"wild", "studio"}
        assert all(values.keys() == keys for values in row.values())
    assert "mean_pose" in process.stdout and "stage3" in process.stdout
    assert process.stdout.count("; ground-truth box") == 1
    for name in (
        "report.md",
        "poses.png",
        "saved_model/1/saved_model.pb",
        "predictions/poses.json",
    ):
        assert (tmp_path / name).exists(), name
        assert name.split("/")[0] in process.stdout


@pytest.mark.parametrize("arguments", [["photo.jpg"], ["--video=clip.mp4"]])
def test_two_predicts_into_one_folder_are_refused(tmp_path, arguments):
    for name in ("photo.jpg", "clip.mp4"):
        (tmp_path / name).touch()
    with files.only_one(tmp_path / "out") as alone:
        assert alone
        process = run("-m", "hg3d_tf.predict", "--output_dir=out", *arguments, cwd=tmp_path)
    fails_with_one_line(process, "out: another predict writes there: give --output_dir")


def test_the_package_names_its_entry_points_and_hides_the_rest():
    program = """
import pydoc, sys, hg3d_tf
assert "tensorflow" not in sys.modules and "numpy" not in sys.modules
text = pydoc.render_doc(hg3d_tf)
assert "hg3d predict" in text and "people.find_people" in text and "_end_quietly" not in text
assert "__version__" in dir(hg3d_tf) and "cli" not in dir(hg3d_tf)
assert not {"sys", "_end_quietly", "_is_looked_for"} & set(dir(hg3d_tf))
import hg3d_tf.cli
assert "cli" in dir(hg3d_tf)
"""
    process = run("-c", program)
    assert process.returncode == 0, process.stderr
