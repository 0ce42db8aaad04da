"""Write poses for other tools: `python -m hg3d_tf.convert poses.json --format=bvh,csv`.

POSES is what `predict` wrote (poses.json, clip_poses.json, poses.jsonl), a table that this command
wrote (.csv), or the predictions file of `evaluate` (.npz, .json). Beside it, or in --output_dir,
there will be NAME.bvh and so on. Of bvh, glb, trc, c3d and mot, which hold one person's film,
several persons get NAME_1.bvh, NAME_2.bvh, ...

  json    joints by name          csv     a row for each person in a frame
  trc     markers for OpenSim     c3d     markers for motion laboratories
  bvh     a moving skeleton       glb     the same, with bones to be seen
  coco    2D keypoints            mot     joint angles for OpenSim
  angles  joint angles, as CSV

Only json and csv hold each pose's score and box as they were found, and are read again. Units,
axes, names and angles of each: hg3d_tf/pose_files/README.md.
"""

from pathlib import Path

from absl import flags

from hg3d_tf import cli, files, pose_output
from hg3d_tf.pose_files import formats

FLAGS = flags.FLAGS


def _size(text: str) -> tuple[int, ...]:
    size = cli.integers(text)
    if len(size) != 2 or min(size) < 1:
        raise ValueError(f"{text!r} is not a width and a height such as 1920,1080")
    return size


pose_output.define("json")
cli.DEFINE_path("output_dir", None, "Folder for the files [that of the poses].")
flags.DEFINE_string("name", None, "Start of the files' names [that of the poses' file].")
flags.DEFINE_float(
    "frame_rate",
    None,
    "Frames a second of poses that have no times: they are a film.",
    lower_bound=1e-3,
)
cli.DEFINE_parsed("image_size", None, _size, "Width,height in px, where the poses do not say.")


def main(argv: list[str]) -> int:
    """Read, put in place, and write each format."""
    cli.require(argv[1:], "<poses>", "name a file of poses after the flags")
    if argv[2:]:
        raise cli.UserError(f"unexpected argument {argv[2]!r}: one file of poses at a time")
    if files.is_address(argv[1]):
        raise cli.UserError(f"{argv[1]}: addresses are not fetched: download it first")
    source = files.user_path(argv[1])
    if not FLAGS.format and not FLAGS.angle_plot:
        raise cli.UserError("--format= names no format: nothing would be written")
    if FLAGS.name and Path(FLAGS.name).name != FLAGS.name:
        raise cli.UserError(f"--name={FLAGS.name} is no file's name: --output_dir is for folders")
    pose_output.check()
    poses = formats.read(source, FLAGS.frame_rate)
    folder = cli.writable_folder(str(FLAGS.output_dir or source.parent))
    poses = pose_output.place(poses, FLAGS.image_size)
    return pose_output.write(poses, folder, FLAGS.name or source.stem, source)


if __name__ == "__main__":
    cli.run_with_arguments(main, tensorflow=False)
