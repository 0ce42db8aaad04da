"""Find the pose in photos: `python -m hg3d_tf.predict --model=runs/stage3 photo.jpg folder/`.

For each image a picture (2D skeleton over the image, 3D views) is written to --output_dir, and one
poses.json with the joints by name: px of the image, and mm relative to the pelvis in the camera's
frame (x right, y down, z forwards), scaled to a skeleton of average size.
"""

import sys
from pathlib import Path

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string(
    "model", None, "A SavedModel (the folder with the version's number) or a training folder."
)
flags.DEFINE_string("output_dir", "predictions", "Folder for the pictures and poses.json.")
flags.DEFINE_list("box", None, "The person's box x1,y1,x2,y2 in px [the whole image].")
flags.DEFINE_bool("pictures", True, "Draw a picture for each image.")
flags.DEFINE_string("sheet", None, "Also draw all images on one sheet, a PNG.")


def main(argv: list[str]) -> int:
    """Predict on all images; return 1 if any could not be read."""
    from hg3d_tf import prediction

    cli.require(FLAGS.model, "model", "name a SavedModel or a training folder")
    cli.require(argv[1:], "<image>", "name image files or folders after the flags")
    box = prediction.parse_box(FLAGS.box)
    paths = prediction.find_images(argv[1:])
    output_dir = cli.writable_folder(FLAGS.output_dir)
    predictor = prediction.load_predictor(FLAGS.model)
    poses, failures = predict_all(paths, predictor, box, output_dir)
    print(f"{len(poses)} poses: {output_dir / 'poses.json'}")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def predict_all(paths: list[Path], predictor, box, output_dir: Path) -> tuple[list, list[str]]:
    """Predict, draw and write; return the poses and one line for each image that failed."""
    from tqdm import tqdm

    from hg3d_tf import draw, files, prediction

    poses, drawn, failures = [], [], []
    names = _picture_names(paths)
    for path, name in zip(tqdm(paths, unit="image", disable=len(paths) == 1), names, strict=True):
        try:
            photo = prediction.read_photo(path)
        except cli.UserError as error:
            failures.append(str(error))
            continue
        pose = predictor(photo.encoded, box)
        poses.append(prediction.as_json(path, pose))
        person = (photo.pixels, pose["joints_2d"], pose["joints_3d"])
        if FLAGS.pictures:
            draw.pose_sheet(output_dir / name, [person])
        if FLAGS.sheet:
            drawn.append(person)
    if drawn:
        draw.pose_sheet(FLAGS.sheet, drawn)
    files.write_json(output_dir / "poses.json", poses)
    return poses, failures


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
    cli.run_with_arguments(main)
