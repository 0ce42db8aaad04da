"""Photos on Apache Beam (extra `beam`): the same work, on machines that see the same files.

Paths are plain: photos, model and output folder lie on a file system that all workers have mounted
under the same name, and hg3d_tf is installed there. Each worker loads the networks once and appends
lines to a file of its own in the output folder, so that what is done outlives the pipeline; this
process puts them into poses.jsonl.
"""

import dataclasses
import json
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners import runner as runners

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import batch, results
from hg3d_tf.prediction.one_photo import Setting, Task
from hg3d_tf.prediction.results import Results

_PARTS = ".poses.{}.part"


class _Work(beam.DoFn):
    """Does tasks, and appends their lines to a file of its own.

    Args:
      setting: what to do.
      settings: of the `Results`.
      folder: for the file.
    """

    def __init__(self, setting: Setting, settings: dict, folder: Path):
        self._setting, self._settings, self._folder = setting, settings, folder

    def setup(self):
        self._work = self._setting.load()
        # Closed by teardown.
        self._file = open(self._folder / _PARTS.format(uuid.uuid4().hex), "ab")  # noqa: SIM115

    def process(self, task: Task):
        """Write the task's line; Beam gets nothing."""
        outcome = self._work(task)
        if outcome.failure is None:
            line = results.line(task.path, self._settings, outcome.poses, outcome.drawn)
        else:
            line = json.dumps({"image": str(task.path), "failure": outcome.failure}).encode()
        self._file.write(line + b"\n")
        self._file.flush()

    def teardown(self):
        self._file.close()


class Runner:
    """A runner that Beam knows.

    Args:
      name: Beam's.
      options: for it, as `--name=value`.

    Raises:
      UserError: where Beam does not know it.
    """

    def __init__(self, name: str, options: Sequence[str] = ()):
        try:
            runners.create_runner(name)
        except ValueError as error:
            raise UserError(
                f"--beam_runner={name}: unknown; DirectRunner is always there"
            ) from error
        self.name, self.options = name, PipelineOptions([*options, f"--runner={name}"])

    def check(self, paths: Sequence[Path]) -> None:
        """Raise UserError for a photo that other machines would not find."""
        relative = next((path for path in paths if not path.is_absolute()), None)
        if relative is not None and "Direct" not in self.name:
            text = "its workers would not find a relative path: give it from / on"
            raise UserError(f"--beam_runner={self.name}: {relative}: {text}")


def predict(
    paths: Sequence[Path], setting: Setting, done: Results, runner: Runner, again: bool = False
) -> int:
    """Find the people in photos, write and draw them; return the exit status.

    Lines of results come as workers write them, poses.json in the photos' order. What `done` knows
    is not looked at again, as in `batch.predict`.

    Args:
      paths: of the photos.
      setting: what to do with each.
      done: where the poses go.
      runner: does it.
      again: do everything anew, also what workers wrote before.

    Raises:
      UserError: for a photo that the runner's workers would not find.
    """
    runner.check(paths)
    _take_over(done)  # from a run that was interrupted
    if again:
        done.forget()
    return results.collect(paths, _failures(paths, setting, done, runner), done)


def _failures(paths, setting: Setting, done: Results, runner: Runner) -> Iterator[str]:
    tasks = list(batch.missing(paths, done, setting.drawing))
    failures: dict[str, str] = {}
    try:
        if tasks:
            _run(tasks, setting, done, runner)
    finally:
        failures |= _take_over(done)
    for task in tasks:
        line = done.find(task.path)
        if str(task.path) in failures:
            yield failures[str(task.path)]
        elif line is None:
            yield f"{task.path}: the runner gave no result"
        elif task.known is None:
            batch.warn(task.path, line["poses"], setting.boxes)


def _run(tasks: Sequence[Task], setting: Setting, done: Results, runner: Runner) -> None:
    # A runner chooses how many photos it does at a time on a machine.
    one_thread = dataclasses.replace(setting, num_threads=1)
    work = _Work(one_thread, done.settings, done.path.parent.absolute())
    with beam.Pipeline(options=runner.options) as pipeline:
        pipeline | beam.Create(tasks) | beam.Reshuffle() | "Predict" >> beam.ParDo(work)


def _parts(done: Results) -> list[Path]:
    return sorted(done.path.parent.glob(_PARTS.format("*")))


def _take_over(done: Results) -> dict[str, str]:
    """Move workers' lines to those of the results; return the failures by photo.

    A runner may try again what failed: then what came of it counts.
    """
    failures, done_now = {}, set()
    parts = _parts(done)
    for part in parts:
        with open(part, "rb") as file:
            for line in file:
                try:
                    value = json.loads(line)
                except ValueError:
                    continue  # the end of a worker that was killed
                if "failure" in value:
                    failures[value["image"]] = value["failure"]
                else:
                    done.add_line(value["image"], line.strip(), value["drawn"])
                    done_now.add(value["image"])
    for part in parts:
        part.unlink()
    return {image: text for image, text in failures.items() if image not in done_now}
