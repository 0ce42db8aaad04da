"""Poses of many photos: what is done is kept, whatever comes next."""

import dataclasses
import functools
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from hg3d_tf.pictures.pose_pages import Pages
from hg3d_tf.prediction import drawing, results
from hg3d_tf.prediction.drawing import Drawing
from hg3d_tf.prediction.one_photo import Outcome, PhotoWork, Setting, Task
from hg3d_tf.prediction.processes import Workers
from hg3d_tf.prediction.results import Results
from hg3d_tf.timing import cores

# Tasks -> each with its outcome, in their order.
Run = Callable[[Iterable[Task]], Iterator[tuple[Task, Outcome]]]


def predict(
    paths: Sequence[Path],
    run: Run,
    done: Results,
    drawn: Drawing,
    pages: Pages | None = None,
    boxes: str | None = None,
) -> int:
    """Find the people in photos, write and draw them; return the exit status.

    Lines of results come in the photos' order. What `done` knows is not looked at again, but drawn
    where pictures of it are missing, or were drawn otherwise.

    Args:
      paths: of the photos.
      run: does the work: `in_this_process`, or `processes.Workers.run`.
      done: where the poses go.
      drawn: tells which pictures are to be drawn.
      pages: the sheet of all, or None.
      boxes: the path of those that others found, or None.
    """
    pages_failures: list[str] = []
    try:
        status = results.collect(paths, _failures(paths, run, done, drawn, pages, boxes), done)
    finally:
        if pages is not None:
            pages.close()
            pages_failures = pages.failures
    for failure in pages_failures:
        print(f"error: {failure}", file=sys.stderr)
    return status or (1 if pages_failures else 0)


def in_this_process(work: PhotoWork) -> Run:
    """Return the function that does tasks one after the other."""
    return lambda tasks: ((task, work(task)) for task in tasks)


def workers(setting: Setting, count: int) -> Workers:
    """Return `count` processes that do tasks; one that ends costs the photo that it was at.

    They share the cores: TensorFlow and LiteRT would take all of them in each process.
    """
    threads = max(1, cores() // count)
    shared = dataclasses.replace(setting, num_threads=min(setting.num_threads, threads))
    return Workers(functools.partial(_load, shared, threads), count, _lost)


def _load(setting: Setting, threads: int) -> PhotoWork:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(threads))
    return setting.load()


def _lost(task: Task) -> Outcome:
    text = "the process ended in it: killed, or out of memory"
    return Outcome(failure=f"{task.path}: {text}; the same command tries it again")


def missing(paths: Iterable[Path], done: Results, drawn: Drawing) -> Iterator[Task]:
    """Yield what is to be done, in order; what is not is counted as `done.reused`."""
    paths = list(paths)
    for place, (path, stem) in enumerate(zip(paths, drawing.names(paths), strict=True)):
        known = done.find(path)
        if known is not None:
            done.reused += 1
            if not drawn.lacks(stem, known):
                continue
        yield Task(place, path, stem, known)


def _failures(paths, run: Run, done: Results, drawn: Drawing, pages, boxes) -> Iterator[str | None]:
    with tqdm(total=len(paths), unit="image", disable=len(paths) == 1) as bar:
        for task, outcome in run(missing(paths, done, drawn)):
            bar.update(task.place + 1 - bar.n)
            if outcome.failure is None:
                keep(task, outcome, done, boxes)
            for part in outcome.parts:
                pages.add(part)
            yield outcome.failure
        bar.update(len(paths) - bar.n)


def keep(task: Task, outcome: Outcome, done: Results, boxes: str | None = None) -> None:
    """Write a photo's line, unless it stands there, and say what the user should look at twice."""
    if task.known is None or outcome.drawn != task.known["drawn"]:
        done.add(task.path, outcome.poses, outcome.drawn)
    if task.known is None:
        warn(task.path, outcome.poses, boxes)


def warn(path: Path | str, poses: Sequence[dict], boxes: str | None = None) -> None:
    """Say what the user should look at twice; `boxes` is the path of those that others found."""
    if not poses and boxes:
        print(f"warning: {path}: no person found: {boxes} has no box in this image")
    elif not poses:
        print(f"warning: {path}: no person found: --box=x1,y1,x2,y2 says where to look")
    elif all(map(drawing.too_unclear, poses)):
        where = "does a box hold one whole person" if boxes else "is one whole person in sight"
        print(f"warning: {path}: most joints are unclear: {where}?")
