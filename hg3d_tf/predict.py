"""Find the pose in photos and videos: `python -m hg3d_tf.predict photo.jpg folder/`.

For each image a picture (2D skeleton over the image, 3D views; bones of joints that are hardly seen
are dotted) is written to --output_dir, and one poses.json with the joints by name: px of the image,
and mm relative to the pelvis in the camera's frame (x right, y down, z forwards), scaled to a
skeleton of average size. --video=clip.mp4 writes the clip with skeletons drawn and its poses,
--webcam the camera's; both keep the frames' own times and, on Ctrl-C, what is done; a clip then
goes on with the same command. --html adds a 3D view to turn in a browser.

Each image's poses are also a line of poses.jsonl as soon as they are known. Images that have a line
there are not predicted again, unless they, the model, --box or --detector changed, or with --again:
after Ctrl-C, or when images are added to a folder, the same command goes on.

--format writes the poses for other tools too (`hg3d_tf.convert` does so later), --person_height and
--focal_length_px or --field_of_view give them true size and place.

Without --model the network that comes with the package is used, without --box or --detector it
looks for one person itself, in the whole image and, where it sees nobody clearly, in parts of it;
with --detector=search for everybody. The weights in the package are for research only: the terms of
the photos that they learned from allow no more (hg3d_tf/weights/README.md).
"""

from pathlib import Path

from absl import flags

from hg3d_tf import cli, pose_output
from hg3d_tf.prediction.boxes import parse_box

FLAGS = flags.FLAGS

cli.DEFINE_path(
    "model",
    None,
    "A .tflite file, a SavedModel (the folder with the version's number) or a training folder [the"
    " network in the package].",
)
cli.DEFINE_path("output_dir", "predictions", "Folder for the pictures and poses.json.")
cli.DEFINE_parsed("box", None, parse_box, "The person's box x1,y1,x2,y2 in px as seen [searched].")
flags.DEFINE_enum(
    "detector",
    "none",
    ["none", "search", "hog"],
    "Finds several people; search: by the network itself; hog: upright ones, by OpenCV.",
)
flags.DEFINE_bool("pictures", True, "Draw a picture for each image.")
flags.DEFINE_bool("html", False, "Write a 3D view for the browser for each image or video.")
cli.DEFINE_path(
    "sheet", None, "Also draw all poses on a PNG; from the 51st on, on NAME_2.png and so on."
)
flags.DEFINE_bool("again", False, "Do anew what --output_dir holds the poses of.")
cli.DEFINE_path("video", None, "A video instead of images, or a camera such as /dev/video0.")
flags.DEFINE_bool("webcam", False, "This computer's first camera instead of images, until Ctrl-C.")
flags.DEFINE_float("seconds", None, "End a video or a camera's after this long.", lower_bound=0)
flags.DEFINE_float(
    "smoothing",
    1.0,
    "Of a video's joints, 0 for none: 1 / Hz of what still passes when at rest.",
    lower_bound=0,
)
flags.DEFINE_bool("draw_angles", False, "Write angles beside knees and elbows, where clear.")
pose_output.define("", " beside the poses")


def main(argv: list[str]) -> int:
    """Predict on all images, or on a video; return 1 if any gave an error."""
    from hg3d_tf import weights
    from hg3d_tf.prediction import photos, predictors

    if FLAGS.video and FLAGS.webcam:
        raise cli.UserError("--video and --webcam: give one or the other")
    films = FLAGS.video or FLAGS.webcam
    if FLAGS.detector != "none" and (films or FLAGS.box is not None):
        flag = "--box" if FLAGS.box is not None else "--video" if FLAGS.video else "--webcam"
        raise cli.UserError(f"--detector={FLAGS.detector} and {flag}, one person's: leave one out")
    if not films:
        cli.require(argv[1:], "<image>", "name image files or folders after the flags")
    elif argv[1:]:
        flag = "--video" if FLAGS.video else "--webcam"
        raise cli.UserError(f"{flag} and the image {argv[1]!r}: give one or the other")
    pose_output.check(are_photos=not films)
    paths = photos.find_images(argv[1:])
    output_dir = cli.writable_folder(FLAGS.output_dir)
    predictor = predictors.load_predictor(FLAGS.model or weights.TFLITE_FILE)
    if films:
        return _predict_film(predictor, output_dir)
    return _predict_photos(predictor, output_dir, paths)


def _predict_film(predictor, output_dir: Path) -> int:
    from hg3d_tf.prediction import film_sources, video

    settings = _settings(output_dir)
    options = video.Options(
        FLAGS.seconds, FLAGS.smoothing, FLAGS.html, settings, FLAGS.again, FLAGS.draw_angles
    )
    address = FLAGS.video
    source = film_sources.file_or_camera(address) if address else film_sources.first_camera()
    status = video.predict(source, predictor, FLAGS.box, output_dir, options)
    return pose_output.write_beside(output_dir / video.poses_name(source)) or status


def _predict_photos(predictor, output_dir: Path, paths: list[Path]) -> int:
    from hg3d_tf.prediction import batch, drawing, finders

    find = finders.finder(predictor, FLAGS.box, FLAGS.detector)
    sheet = FLAGS.sheet and Path(FLAGS.sheet)
    drawn = drawing.Drawing(output_dir, FLAGS.pictures, FLAGS.html, sheet, FLAGS.draw_angles)
    with _results(output_dir) as done:
        status = batch.predict(paths, find, done, drawn)
    if status == 130:
        return status
    return pose_output.write_beside(output_dir / "poses.json") or status


def _results(output_dir: Path):
    """Return where the poses go, with the flags on which they depend."""
    from hg3d_tf.prediction import results

    return results.Results(output_dir / "poses.json", _settings(output_dir), FLAGS.again)


def _settings(output_dir: Path) -> dict:
    from hg3d_tf import weights
    from hg3d_tf.prediction import results

    model = Path(FLAGS.model or weights.TFLITE_FILE)
    box = None if FLAGS.box is None else FLAGS.box.tolist()
    return results.model_settings(model, output_dir) | {"box": box, "detector": FLAGS.detector}


if __name__ == "__main__":
    cli.run_with_arguments(main, tensorflow=False)
