"""Find people's poses in photos and videos: `python -m hg3d_tf.predict photo.jpg folder/`.

Images are files, folders, patterns ('photos/**/*.jpg') or lists (a .txt file, a path a line, which
counts from the current folder or, if it is not there, from the list's own).

For each image a picture (a row for each person: 2D skeleton over the image, 3D views; bones of
joints that are hardly seen are dotted) is written to --output_dir, and one poses.json with the
joints by name: px of the image, and mm relative to the pelvis in the camera's frame (x right, y
down, z forwards), scaled to a skeleton of average size. `score` says how sure it is that this is
somebody; the surest of an image come first. An image in which nobody is found is named, has no
record, and does not change the exit status.

--video=clip.mp4 writes the clip with skeletons drawn and its poses, --webcam the camera's; people
are followed from frame to frame, and `person` says who is who. Both keep the frames' own times and,
on Ctrl-C, what is done; a clip then goes on with the same command. --html adds a 3D view to turn in
a browser.

Each image's poses are also a line of poses.jsonl as soon as they are known. Images that have a line
there are not predicted again, unless they, the model, --box, --boxes or --people changed, or with
--again: after Ctrl-C, or when images are added to a folder, the same command goes on. Pictures that
are missing, or were drawn with another --draw_angles, are drawn of the poses that are known.
--processes=N does N images at a time, with the same results in the same order; memory does not grow
with their number. An image that cannot be read, or that a process ends in, costs a line.
--beam_runner does the same on Apache Beam, whose workers have the photos and --output_dir mounted
under the same paths, and hg3d_tf installed.

--format writes the poses for other tools too (`hg3d_tf.convert` does so later), --person_height and
--focal_length_px or --field_of_view give them true size and place.

Without --model the larger network that comes with the package is used: for images shipped-large,
the mean over the image and its mirror image, for films shipped-film, which saves the mirror image.
--model=shipped is the small one, which is faster. All people are found, by the finder that comes
with them; --people=1 keeps the one whom an image most likely shows. --box=x1,y1,x2,y2 says where
one person is, --boxes what others found: COCO's JSON, MOT's text, or a folder of YOLO's. The
weights in the package are for research only: the terms of the photos that they learned from allow
no more (hg3d_tf/weights/README.md).
"""

import contextlib
import functools
import shlex
import sys
from pathlib import Path

from absl import flags

from hg3d_tf import cli, extras, files, pose_output
from hg3d_tf.prediction.boxes import parse_box

FLAGS = flags.FLAGS


def _most_people(text: str) -> int | None:
    """Return how many people; None for all."""
    if text == "all":
        return None
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ValueError(f"{text!r} is neither all nor a number from 1")
    return int(text)


cli.DEFINE_path(
    "model",
    None,
    "A .tflite file, a SavedModel (the folder with the version's number), a training folder,"
    " shipped, shipped-large or shipped-film [shipped-large for images, shipped-film for films].",
)
cli.DEFINE_path("output_dir", "predictions", "Folder for the pictures and poses.json.")
cli.DEFINE_parsed("box", None, parse_box, "The person's box x1,y1,x2,y2 in px as seen [found].")
cli.DEFINE_path(
    "boxes",
    None,
    "Boxes of people that others found: COCO's .json, a film's .txt as MOT's, or a folder of YOLO's"
    " .txt; of each image or frame, whose people are then those only. Ids say who is who in a film"
    " if all of its boxes have one.",
)
cli.DEFINE_parsed("people", "all", _most_people, "How many people, the clearest: a number [all].")
flags.DEFINE_bool("pictures", True, "Draw a picture for each image.")
flags.DEFINE_bool(
    "html",
    False,
    "Write a 3D view for the browser for each image, or of a video; its poses are those written.",
)
cli.DEFINE_png(
    "sheet", None, "Also draw all poses on a PNG; from the 51st on, on NAME_2.png and so on."
)
flags.DEFINE_integer(
    "processes", 1, "Images done at a time; give as many as there are cores.", lower_bound=1
)
flags.DEFINE_string(
    "beam_runner",
    None,
    "Apache Beam runner for images, e.g. DirectRunner; its workers must see the same files. Needs"
    " the extra [beam].",
)
cli.DEFINE_parsed(
    "beam_options", "", shlex.split, "For --beam_runner: '--name=value --name=value'."
)
flags.DEFINE_bool("again", False, "Do anew what --output_dir holds the poses of.")
cli.DEFINE_path("video", None, "A video instead of images, or a camera such as /dev/video0.")
flags.DEFINE_bool("webcam", False, "This computer's first camera instead of images, until Ctrl-C.")
flags.DEFINE_float("seconds", None, "End a video or a camera's after this long.", lower_bound=0)
flags.DEFINE_float(
    "smoothing",
    0.1,
    "Of a video's joints, 0 for none: seconds before and after a frame that count (sigma).",
    lower_bound=0,
)
flags.DEFINE_bool("draw_angles", False, "Write angles beside knees and elbows, where clear.")
pose_output.define("", " beside the poses")

# What changes nothing of the other.
_OF_FILMS, _OF_IMAGES = (
    ("seconds", "smoothing"),
    ("processes", "beam_runner", "beam_options", "pictures", "sheet"),
)


def main(argv: list[str]) -> int:
    """Predict on all images, or on a video; return 1 if any gave an error."""
    from hg3d_tf.prediction import photos, predictors

    films = FLAGS.video or FLAGS.webcam
    _check_flags(argv[1:])
    pose_output.check(are_photos=not films)
    paths = photos.find_images(argv[1:])
    cli.require_writable("sheet")
    output_dir = cli.writable_folder(FLAGS.output_dir)
    with files.only_one(output_dir) as alone:
        if not alone:
            raise cli.UserError(f"{output_dir}: another predict writes there: give --output_dir")
        if not films:
            return _predict_photos(output_dir, paths)
        return _predict_film(predictors.load_predictor(_model()), output_dir)


def _check_flags(images: list[str]) -> None:
    """Raise UserError for flags that do not go together, or not with the images."""
    if FLAGS.video and FLAGS.webcam:
        raise cli.UserError("--video and --webcam: give one or the other")
    if FLAGS.box is not None and FLAGS.boxes:
        raise cli.UserError("--box and --boxes: give one or the other")
    film = "--video" if FLAGS.video else "--webcam" if FLAGS.webcam else ""
    if not film:
        cli.require(images, "<image>", "name image files or folders after the flags")
    elif images:
        raise cli.UserError(f"{film} and the image {images[0]!r}: give one or the other")
    for flag in map(FLAGS.__getitem__, _OF_IMAGES if film else _OF_FILMS):
        if flag.value != flag.default:
            text = f"images, not for {film}" if film else "--video and --webcam, not for images"
            raise cli.UserError(f"--{flag.name} is for {text}")
    if FLAGS.beam_options and not FLAGS.beam_runner:
        raise cli.UserError("--beam_options is for --beam_runner: give it, or leave this out")
    if FLAGS.seconds == 0:
        raise cli.UserError("--seconds=0 leaves no frame: give more, or leave it out for all")
    if FLAGS.video:
        _source()


def _source():
    """Return where the frames come from. Raises UserError where that is a photo."""
    from hg3d_tf.prediction import film_sources

    if FLAGS.video:
        return film_sources.file_or_camera(FLAGS.video)
    return film_sources.first_camera()


def _predict_film(predictor, output_dir: Path) -> int:
    from hg3d_tf.prediction import tracking, video

    settings = _settings(output_dir)
    options = video.Options(
        FLAGS.seconds, FLAGS.smoothing, settings, FLAGS.again, FLAGS.draw_angles
    )
    source = _source()
    find, wanted = _finder(), tracking.Wanted(FLAGS.box, most=FLAGS.people)
    if (given := _given()) is not None:
        given.check_film(source.address)
        of_frame, check = (
            functools.partial(function, source.address)
            for function in (given.of_frame, given.check_size)
        )
        wanted = wanted._replace(given=of_frame, check_given=check)
    status = video.predict(source, predictor, find, wanted, output_dir, options)
    try:
        return pose_output.write_beside(output_dir / video.poses_name(source)) or status
    finally:  # of the poses as they are, placed or not
        if FLAGS.html:
            video.write_page(source, output_dir, FLAGS.draw_angles)


def _predict_photos(output_dir: Path, paths: list[Path]) -> int:
    from hg3d_tf.pictures.pose_pages import Pages
    from hg3d_tf.prediction import batch, one_photo
    from hg3d_tf.prediction.drawing import Drawing

    if (given := _given()) is not None:
        given.check_photos(paths)
    pages = Pages(Path(FLAGS.sheet)) if FLAGS.sheet else None
    folder = output_dir.absolute()
    placed = pose_output.wanted_placement().changes
    wanted = (FLAGS.pictures, FLAGS.html, pages is not None, FLAGS.draw_angles)
    drawn = Drawing(folder, *wanted, placed=placed)
    work = one_photo.Setting(_model(), drawn, FLAGS.box, FLAGS.boxes, FLAGS.people)
    with contextlib.ExitStack() as stack:
        if FLAGS.beam_runner:
            status, has_any = _predict_on_beam(paths, work, output_dir)
        else:
            if FLAGS.processes > 1:
                run = stack.enter_context(batch.workers(work, FLAGS.processes)).run
            else:
                run = batch.in_this_process(work.load())
            done = stack.enter_context(_results(output_dir))
            status = batch.predict(paths, run, done, drawn, pages, FLAGS.boxes)
            has_any = done.has_any
    if status == 130 or not has_any:
        return status
    try:
        status = pose_output.write_beside(output_dir / "poses.json") or status
    finally:  # of the poses as they are, placed or not
        failures = _write_pages(output_dir, paths) if FLAGS.html and placed else 0
    return 1 if failures else status


def _write_pages(output_dir: Path, paths: list[Path]) -> int:
    """Write the photos' pages; return how many cannot be."""
    from hg3d_tf.prediction import photo_pages

    failures = photo_pages.write(output_dir / "poses.json", paths)
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return len(failures)


def _predict_on_beam(paths: list[Path], work, output_dir: Path) -> tuple[int, bool]:
    """Return the exit status, and whether an image is done."""
    if FLAGS.processes > 1:
        raise cli.UserError("--processes and --beam_runner: give one, the runner has its own")
    if FLAGS.sheet:
        text = "the same command without --beam_runner draws it afterwards"
        raise cli.UserError(f"--sheet and --beam_runner: {text}")
    try:
        from hg3d_tf.prediction import on_beam
    except ModuleNotFoundError as error:
        if error.name != "apache_beam":
            raise
        raise extras.missing("--beam_runner", "apache-beam", "beam") from error

    runner = on_beam.Runner(FLAGS.beam_runner, FLAGS.beam_options)
    with _results(output_dir) as done:
        return on_beam.predict(paths, work, done, runner, FLAGS.again), done.has_any


def _model() -> str:
    from hg3d_tf.prediction import predictors

    are_films = FLAGS.video or FLAGS.webcam
    ours = predictors.FOR_FILMS if are_films else predictors.FOR_PHOTOS
    return str(predictors.model_path(FLAGS.model or ours))


def _finder():
    """Return a film's finder, or None where boxes are given."""
    from hg3d_tf import weights
    from hg3d_tf.prediction import person_finder

    if FLAGS.boxes:
        return None
    # Whoever is followed is known: less is enough.
    return person_finder.LiteRTFinder(weights.FINDER_FILE, person_finder.LEAST_SCORE_OF_KNOWN)


def _given():
    """Return the boxes of --boxes, or None."""
    from hg3d_tf.prediction import given_boxes

    return given_boxes.GivenBoxes(FLAGS.boxes) if FLAGS.boxes else None


def _results(output_dir: Path):
    """Return where the poses go, with the flags on which they depend."""
    from hg3d_tf.prediction import results

    return results.Results(output_dir / "poses.json", _settings(output_dir), FLAGS.again)


def _settings(output_dir: Path) -> dict:
    from hg3d_tf.prediction import results

    model = Path(_model())
    box = None if FLAGS.box is None else FLAGS.box.tolist()
    settings = results.model_settings(model, output_dir) | {"box": box, "people": FLAGS.people}
    if FLAGS.boxes:
        settings["boxes"] = results.model_settings(files.user_path(FLAGS.boxes), output_dir)
    return settings


if __name__ == "__main__":
    cli.run_with_arguments(main, tensorflow=False)
