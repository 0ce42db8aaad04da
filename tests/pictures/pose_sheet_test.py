"""Sheets of poses: bones lie where the joints are, and nothing falls out of the picture."""

import numpy as np
import pytest
from PIL import Image, ImageColor, ImageDraw

from hg3d_tf.pictures import pose_sheet, space
from hg3d_tf.pictures.colours import LEFT, RIGHT
from hg3d_tf.pictures.pose_sheet import ShownPose
from hg3d_tf.pictures.skeleton_lines import TRUTH
from hg3d_tf.skeleton import joint_index

STANDING = np.array(
    [
        *([-100, 850, 0], [-100, 430, 0], [-100, 0, 0], [100, 0, 0], [100, 430, 0], [100, 850, 0]),
        *([0, 0, 0], [0, -450, 0], [0, -500, 0], [0, -700, 0]),
        *([-300, 50, 0], [-250, -200, 0], [-180, -450, 0]),
        *([180, -450, 0], [250, -200, 0], [300, 50, 0]),
    ],
    float,
)


def pixels_of(picture: Image.Image, colour: str) -> np.ndarray:
    """Return x, y [N, 2] of the pixels that have a colour."""
    distance = np.abs(np.asarray(picture, int) - ImageColor.getrgb(colour)).max(axis=-1)
    return np.argwhere(distance < 12)[:, ::-1]


def shown(width=400, height=300, centre=(200, 150), scale=0.12, **more):
    image = np.full((height, width, 3), 128, np.uint8)
    return ShownPose(image, STANDING[:, :2] * scale + centre, STANDING, **more)


def test_a_standing_person_stands_on_the_floor_with_the_right_side_to_the_viewers_left():
    picture = space.draw_pose(STANDING, 300)
    right, left = pixels_of(picture, RIGHT), pixels_of(picture, LEFT)
    assert len(right) > 100 and len(left) > 100
    assert right[:, 0].max() < left[:, 0].min()
    height = np.concatenate([right, left])[:, 1]
    assert np.ptp(height) > 100  # a large part of the picture


def test_from_behind_the_sides_are_exchanged():
    picture = space.draw_pose(STANDING, 300, azimuth_deg=180)
    right, left = pixels_of(picture, RIGHT), pixels_of(picture, LEFT)
    assert left[:, 0].max() < right[:, 0].min()


@pytest.mark.parametrize("scale", [1, 1.9])
@pytest.mark.parametrize("azimuth_deg", [0, 70, 200])
def test_all_of_a_pose_is_in_the_picture(azimuth_deg, scale):
    picture = space.draw_pose(STANDING * scale, 200, azimuth_deg)
    edge = np.concatenate(
        [np.asarray(picture)[[0, -1]], np.asarray(picture)[:, [0, -1]].swapaxes(0, 1)]
    )
    assert (edge == 255).all()


@pytest.mark.parametrize("azimuth_deg", [0, 70])
def test_the_rule_and_its_words_stand_beside_the_pose(azimuth_deg):
    spread = STANDING.copy()
    spread[[joint_index("r_wrist"), joint_index("l_wrist")], 0] = -900, 900
    picture = space.draw_pose(spread, 340, azimuth_deg)
    bones = np.concatenate([pixels_of(picture, RIGHT), pixels_of(picture, LEFT)])
    rule = pixels_of(picture, "#8a8a8a")
    assert len(rule) > 40 and rule[:, 0].max() < bones[:, 0].min()


def test_unclear_bones_have_gaps():
    unclear = np.zeros(16, bool)
    unclear[joint_index("r_ankle")] = True
    clear, dotted = (space.draw_pose(STANDING, 300, unclear=u) for u in (None, unclear))
    assert len(pixels_of(dotted, RIGHT)) < len(pixels_of(clear, RIGHT))
    assert len(pixels_of(dotted, LEFT)) == len(pixels_of(clear, LEFT))


@pytest.mark.parametrize(
    "pose",
    [
        shown(),
        shown(centre=(-50, 150)),  # half outside of the image
        shown(width=2000, height=200, centre=(1900, 100)),
        shown(width=60, height=900, centre=(30, 450)),
        shown(centre=(900, 900)),  # all outside
        shown(scale=0.001),
        shown(width=1, height=1, centre=(0, 0)),
    ],
)
def test_a_sheet_is_made_of_any_place_of_a_person(pose, tmp_path):
    pose_sheet.write(tmp_path / "sheet.png", [pose, shown()])
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height == 720 and sheet.width < 1300


def test_the_skeleton_lies_over_the_person():
    """A photo with a disc at each wrist: its bones end there."""
    pose = shown(scale=0.1)
    y, x = np.mgrid[:300, :400]
    for name in ("r_wrist", "l_wrist"):
        at = pose.joints_2d[joint_index(name)]
        pose.image[np.hypot(x + 0.5 - at[0], y + 0.5 - at[1]) < 6] = (255, 0, 255)
    sheet = pose_sheet.draw([pose])
    disc = pixels_of(sheet, "#ff00ff")
    right = pixels_of(sheet, RIGHT)
    right = right[right[:, 0] < disc[:, 0].max()]  # those over the photo
    r_disc = disc[disc[:, 0] < disc[:, 0].mean()].mean(axis=0)
    assert np.hypot(*(right - r_disc).T).min() < 12


def test_the_truth_is_drawn_where_it_is_known():
    plain = len(pixels_of(pose_sheet.draw([shown()]), TRUTH))
    moved = shown(truth_2d=shown().joints_2d + 15, truth_3d=np.add(STANDING, [150, 0, 0]))
    assert len(pixels_of(pose_sheet.draw([moved]), TRUTH)) > plain + 100


@pytest.mark.parametrize(
    "name", ["a.jpg", "long name " * 90 + "1.jpg", "1" * 5000, "a\nb", "\udcff"]
)
def test_the_image_is_named_below_the_views_and_the_name_cut_to_fit(name):
    plain, named = (np.asarray(pose_sheet.draw([shown(name=n)] * 2)) for n in (None, name))
    changed = np.argwhere((plain != named).any(axis=-1))
    y, x = changed[changed[:, 0] < 360].T
    assert len(x) and y.min() > 340 and x.min() > plain.shape[1] - 680
    assert x.max() < plain.shape[1] - 10 and (len(name) < 10 or np.ptp(x) > 500)


def test_of_a_long_name_the_end_is_shown():
    sheets = [pose_sheet.draw([shown(name="name " * 60 + end)]) for end in ("1.jpg", "2.jpg")]
    assert sheets[0].tobytes() != sheets[1].tobytes()


@pytest.mark.parametrize("size", [(300, 200), (2400, 3000)])
def test_the_part_that_is_shown_gives_the_same_row(size):
    image = np.linspace(0, 255, size[0] * size[1] * 3).astype(np.uint8).reshape(*size[::-1], 3)
    joints = np.random.default_rng(0).uniform(0.3, 0.6, (16, 2)) * size
    pose = ShownPose(image, joints, STANDING)
    part = pose_sheet.shown_part(pose)
    assert part.image.shape[0] <= 360 and part.image.size < image.size
    whole, small = (np.asarray(pose_sheet.draw([each]), float) for each in (pose, part))
    assert whole.shape == small.shape and np.abs(whole - small).mean() < 4


def test_a_sheet_says_what_its_lines_mean(monkeypatch):
    texts = {}
    draw_text = ImageDraw.ImageDraw.text

    def text(pen, place, words, fill=None, font=None, anchor=None, **more):
        draw_text(pen, place, words, fill, font, anchor, **more)
        texts[words] = fill, pen.textbbox(place, words, font=font, anchor=anchor)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", text)
    pose_sheet.draw([shown()])
    assert texts["right"][0] == RIGHT and texts["left"][0] == LEFT
    assert not {"dotted: guessed", "thin: the truth"} & set(texts)

    pose = shown(unclear=np.arange(16) == 3, truth_2d=np.full((16, 2), 9.0), truth_3d=STANDING)
    sheet = pose_sheet.draw([pose])
    assert {"dotted: guessed", "thin: the truth"} < set(texts)
    titles = sorted(box for words, (_, box) in texts.items() if not words.endswith(" mm"))
    ends = [box[2] for box in titles]
    assert all(end + 1 < box[0] for end, box in zip(ends, titles[1:], strict=False))
    assert len(titles) == 6 and ends[-1] <= sheet.width
