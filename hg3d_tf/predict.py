"""Find the pose in photos and videos: `python -m hg3d_tf.predict photo.jpg folder/`.

For each image a picture (2D skeleton over the image, 3D views; bones of joints that are hardly seen
are dotted) is written to --output_dir, and one poses.json with the joints by name: px of the image,
and mm relative to the pelvis in the camera's frame (x right, y down, z forwards), scaled to a
skeleton of average size. --video=clip.mp4 writes the clip with skeletons drawn and its poses,
--webcam the camera's; --html adds a 3D view to turn in a browser.

Without --model the network that comes with the package is used, without --box or --detector it
looks for one person itself, in the whole image and, where it sees nobody clearly, in parts of it;
with --detector=search for everybody.
"""

import sys
from pathlib import Path

from absl import flags

from hg3d_tf import cli
from hg3d_tf.prediction.boxes import parse_box

FLAGS = flags.FLAGS

cli.DEFINE_path(
    "model",
    None,
    "A .tflite file, a SavedModel (the folder with the version's number) or a training folder [the"
    " network in the package].",
)
cli.DEFINE_path("output_dir", "predictions", "Folder for the pictures and poses.json.")
cli.DEFINE_parsed("box", None, parse_box, "The person's box x1,y1,x2,y2 in px [searched].")
flags.DEFINE_enum(
    "detector",
    "none",
    ["none", "search", "hog"],
    "Finds several people; search: by the network itself; hog: upright ones, by OpenCV.",
)
flags.DEFINE_bool("pictures", True, "Draw a picture for each image.")
flags.DEFINE_bool("html", False, "Write a 3D view for the browser for each image or video.")
cli.DEFINE_path("sheet", None, "Also draw all images on one sheet, a PNG.")
cli.DEFINE_path("video", None, "A video instead of images, or a camera such as /dev/video0.")
flags.DEFINE_bool("webcam", False, "This computer's first camera instead of images, until Ctrl-C.")
flags.DEFINE_float("seconds", None, "End a video or a camera's after this long.", lower_bound=0)
flags.DEFINE_float(
    "smoothing",
    1.0,
    "Of a video's joints, 0 for none: 1 / Hz of what still passes when at rest.",
    lower_bound=0,
)


def main(argv: list[str]) -> int:
    """Predict on all images, or on a video; return 1 if any could not be read."""
    from hg3d_tf import files, weights
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
    paths = photos.find_images(argv[1:])
    output_dir = cli.writable_folder(FLAGS.output_dir)
    predictor = predictors.load_predictor(FLAGS.model or weights.TFLITE_FILE)
    if films:
        from hg3d_tf.prediction import film_reader, video

        options = video.Options(FLAGS.seconds, FLAGS.smoothing, FLAGS.html)
        address = FLAGS.video and str(files.user_path(FLAGS.video))
        source = film_reader.file_or_camera(address) if address else film_reader.first_camera()
        return video.predict(source, predictor, FLAGS.box, output_dir, options)
    from hg3d_tf.prediction.finders import finder

    return predict_all(paths, finder(predictor, FLAGS.box, FLAGS.detector), output_dir)


def predict_all(paths: list[Path], find_people, output_dir: Path) -> int:
    """Predict, draw and write; return 1 if there is any image whose people are not known.

    Args:
      paths: of the images.
      find_people: function from a photo to its people.
      output_dir: folder for the pictures and poses.json.
    """
    from tqdm import tqdm

    from hg3d_tf import files
    from hg3d_tf.pictures.pose_sheet import ShownPose
    from hg3d_tf.prediction import photos, pose_json

    records, drawn, failures = [], [], []
    names = _picture_names(paths)
    for path, name in zip(tqdm(paths, unit="image", disable=len(paths) == 1), names, strict=True):
        try:
            photo = photos.read_photo(path)
            found = find_people(photo)
        except cli.UserError as error:
            failures.append(str(error))
            continue
        _warn(path, found)
        records += [pose_json.as_json(path, person.pose, person.box) for person in found]
        shown = [
            ShownPose(
                photo.pixels,
                person.pose["joints_2d"] * photo.scale,
                person.pose["joints_3d"],
                person.unclear,
            )
            for person in found
        ]
        _draw(output_dir / name, shown)
        drawn += shown
    if FLAGS.sheet and drawn:
        from hg3d_tf.pictures import pose_sheet

        pose_sheet.write(FLAGS.sheet, drawn)
    files.write_json(output_dir / "poses.json", records)
    print(f"{len(records)} poses: {output_dir / 'poses.json'}")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _warn(path: Path, found: list) -> None:
    """Say what the user should look at twice."""
    if not found:
        print(f"warning: {path}: no person found: give --box, or leave --detector out")
    elif not all(person.is_clear for person in found):
        print(f"warning: {path}: most joints are unclear: does --box hold one whole person?")


def _draw(path: Path, shown: list) -> None:
    if FLAGS.pictures and shown:
        from hg3d_tf.pictures import pose_sheet

        pose_sheet.write(path, shown)
    if FLAGS.html and shown:
        from hg3d_tf.pictures import view_3d

        view_3d.write(path.with_suffix(".html"), [pose.joints_3d for pose in shown])


def _picture_names(paths: list[Path]) -> list[str]:
    """Return a file name for each picture; images of the same name get a number."""
    names: list[str] = []
    for path in paths:
        name, number = f"{path.stem}_pose.png", 1
        while name in names:
            number += 1
            name = f"{path.stem}_{number}_pose.png"
        names.append(name)
    return names


if __name__ == "__main__":
    cli.run_with_arguments(main, tensorflow=False)
