"""Finding people in photos."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from support.looker import Looker

from hg3d_tf.network.crop import BOX_MARGIN, crop_square
from hg3d_tf.pictures import draw
from hg3d_tf.prediction import people
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.skeleton import BONES, joint_index

PLACES = [(20, 20), (300, 200), (520, 60)]  # corners of people in a crowd


@pytest.fixture
def joints():
    return np.random.default_rng(0).uniform((30, 20), (60, 90), (16, 2))


@pytest.fixture
def photo():
    return Photo("photo", np.zeros((120, 100, 3), np.uint8))


def test_one_person_is_looked_at_again_from_nearer(joints, photo):
    look = Looker(joints)
    person = people.find_person(photo, look)
    assert look.boxes[0] is None
    margin = 0.06 * np.ptp(joints, axis=0).max()
    expected = [*(joints.min(0) - margin), *(joints.max(0) + margin)]
    np.testing.assert_allclose(look.boxes[1], expected, rtol=1e-6)
    np.testing.assert_array_equal(person.box, look.boxes[1])
    assert person.is_clear


class ShortSighted(Looker):
    """Sees a pose only in a crop that holds all of it and is at most three times as large."""

    def __call__(self, photo, box):
        pose = super().__call__(photo, box)
        height, width = photo.pixels.shape[:2]
        low, high = np.float64([0, 0, width, height] if box is None else box).reshape(2, 2)
        reach = (high - low).max() / 2 * (1 if box is None else BOX_MARGIN)
        middle = (low + high) / 2
        inside = (np.abs(self.joints_2d - middle) <= reach).all()
        near = 2 * reach <= 3 * np.ptp(self.joints_2d, axis=0).max()
        return pose if inside and near else pose | {"confidence": np.full(16, 0.1)}


@pytest.mark.parametrize("corner", [(0, 0), (560, 280), (300, 150), (570, 10)])
@pytest.mark.parametrize("size", [70, 130])
def test_a_small_person_is_found_anywhere(corner, size):
    rng = np.random.default_rng(0)
    corner = np.minimum(corner, (640 - size, 360 - size))
    joints = corner + rng.uniform(0, size, (16, 2))
    photo = Photo("photo", np.zeros((360, 640, 3), np.uint8))
    person = people.find_person(photo, ShortSighted(joints))
    assert person.is_clear
    np.testing.assert_allclose(person.box, people.box_of_seen_joints(person.pose))


def test_where_one_person_is_clear_nobody_is_searched(joints, photo):
    look = Looker(joints)
    people.find_person(photo, look)
    assert len(look.boxes) <= 3


def test_in_a_photo_without_people_the_whole_is_kept_after_few_looks(joints):
    panorama = Photo("photo", np.zeros((40, 4000, 3), np.uint8))
    look = ShortSighted(joints + 10_000)
    person = people.find_person(panorama, look)
    assert not person.is_clear
    np.testing.assert_array_equal(person.box, [0, 0, 4000, 40])
    assert len(look.boxes) < 50


def test_too_few_joints_make_no_box(joints):
    pose = {"joints_2d": joints, "confidence": np.array([0.9] * 5 + [0.1] * 11)}
    assert people.box_of_seen_joints(pose) is None


def test_given_boxes_are_taken_as_they_are(joints, photo):
    boxes = np.array([[0, 0, 10, 10], [5, 5, 50, 50]], np.float32)
    look = Looker(joints)
    found = people.in_boxes(photo, look, boxes)
    np.testing.assert_array_equal([person.box for person in found], boxes)
    np.testing.assert_array_equal(look.boxes, boxes)


def test_everybody_is_found_once_the_clearest_first():
    rng = np.random.default_rng(1)
    crowd = [ShortSighted(corner + rng.uniform(0, 90, (16, 2))) for corner in PLACES]

    def look(photo, box):
        # Sees the clearest of those that it would see alone; the first is 0.9 clear.
        poses = [one(photo, box) for one in crowd]
        for order, pose in enumerate(poses):
            pose["confidence"] = pose["confidence"] - 0.1 * order
        return max(poses, key=lambda pose: pose["confidence"].mean())

    found = people.find_everybody(Photo("photo", np.zeros((360, 640, 3), np.uint8)), look)
    assert len(found) == len(crowd)
    for person, one in zip(found, crowd, strict=True):
        np.testing.assert_array_equal(person.pose["joints_2d"], one.joints_2d)


def test_nobody_is_found_where_nobody_is(photo):
    assert people.find_everybody(photo, ShortSighted(np.full((16, 2), 10_000.0))) == []


def test_hog_finds_nobody_in_an_empty_picture():
    pytest.importorskip("cv2")
    assert people.hog_detector()(np.full((200, 150, 3), 90, np.uint8)).shape == (0, 4)


def test_a_crop_keeps_pixels_and_is_black_outside():
    pixels = np.random.default_rng(0).integers(1, 255, (6, 8, 3), np.uint8)
    np.testing.assert_array_equal(crop_square(pixels, np.array([2.0, 1.0]), 4, 4), pixels[1:5, 2:6])
    outside = crop_square(pixels, np.array([-2.0, -1.0]), 4, 4)
    np.testing.assert_array_equal(outside[1:, 2:], pixels[:3, :2])
    assert not outside[0].any()
    assert not outside[:, :2].any()


def test_bones_of_unclear_joints_are_dotted(joints):
    confidence = np.full(16, 0.9)
    confidence[joint_index("l_wrist")] = 0.1
    person = people.Person(np.zeros(4), {"confidence": confidence})
    assert np.flatnonzero(person.unclear).tolist() == [joint_index("l_wrist")]
    figure = Figure()
    flat, deep = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
    draw.draw_pose_2d(flat, np.zeros((120, 100, 3), np.uint8), joints, hollow=person.unclear)
    draw.draw_pose_3d(deep, np.arange(48.0).reshape(16, 3), hollow=person.unclear)
    dotted = [joint_index("l_wrist") in bone for bone in BONES]
    for axes in (flat, deep):
        assert [line.get_linestyle() == ":" for line in axes.lines] == dotted
