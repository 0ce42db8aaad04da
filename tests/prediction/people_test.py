"""Finding people in photos."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from support.looker import Looker

from hg3d_tf.network import crop
from hg3d_tf.network.crop import crop_square
from hg3d_tf.pictures import draw
from hg3d_tf.prediction import people
from hg3d_tf.prediction.person_finder import Found
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.skeleton import BONES, joint_index


@pytest.fixture
def joints():
    return np.random.default_rng(0).uniform((30, 20), (60, 90), (16, 2))


@pytest.fixture
def photo():
    return Photo("photo", np.zeros((120, 100, 3), np.uint8))


def found(*people):
    """Return a finder that finds boxes [4] with scores."""
    boxes, scores = zip(*people, strict=True) if people else ((), ())
    result = Found(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))
    return lambda photo: result


class InBox:
    """Sees somebody, in the same pose, in every box; as clearly as asked."""

    def __init__(self, joints, *confidences):
        self.joints, self.confidences = joints, list(confidences)

    def __call__(self, photo, box):
        low, high = np.reshape(box, (2, 2))
        confidence = self.confidences.pop(0) if self.confidences else 0.85
        return {
            "joints_2d": low + self.joints / 100 * (high - low),
            "joints_3d": np.zeros((16, 3)),
            "confidence": np.full(16, confidence),
        }


def test_everybody_is_found_the_surest_first(joints, photo):
    find = found(([0, 0, 50, 50], 0.6), ([50, 0, 100, 50], 0.9))
    everybody = people.find_people(photo, InBox(joints), find)
    np.testing.assert_array_equal([p.box for p in everybody], [[50, 0, 100, 50], [0, 0, 50, 50]])
    assert [person.number for person in everybody] == [1, 2]
    assert [person.score for person in everybody] == pytest.approx([0.9, 0.6])


def test_pixels_are_no_photo(joints, photo):
    for look_at in (
        lambda: people.find_people(photo.pixels, InBox(joints), found()),
        lambda: people.in_boxes(photo.pixels, InBox(joints), [[0, 0, 9, 9]]),
    ):
        with pytest.raises(TypeError, match=r"Photo is wanted, not ndarray: give Photo\(name"):
            look_at()


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ([100, 100, 10, 20], "box 100,100,10,20 is not x1,y1,x2,y2"),
        ([10, 10, 10, 20], "is not x1,y1,x2,y2 with x1 < x2"),
        ([10, 10, np.nan, 20], "box 10,10,nan,20 is not"),
        ([100, 0, 110, 20], "outside of the picture, which has 100 x 120 px"),
        ([0, 0, 5000, 20], "more than 10 times as large"),
        ([10, 10, 20], r"boxes are \[N, 4\]"),
        (10, r"boxes are \[N, 4\].* one is 10"),
    ],
)
def test_a_box_that_shows_nobody_is_named(joints, photo, box, problem):
    with pytest.raises(ValueError, match=problem):
        people.in_boxes(photo, InBox(joints), [[0, 0, 50, 50], box])


def test_boxes_may_be_lists_and_shown_in_part(joints, photo):
    [one, other] = people.in_boxes(photo, InBox(joints), [[-50, 0, 0.5, 50], [0, 0, 9, 9]])
    np.testing.assert_array_equal(one.box, [-50, 0, 0.5, 50])
    assert [one.number, other.number] == [1, 2]


def test_two_boxes_with_one_pose_are_one_person(joints, photo):
    find = found(([0, 0, 50, 50], 0.9), ([1, 0, 51, 50], 0.8), ([50, 50, 90, 90], 0.7))
    everybody = people.find_people(photo, InBox(joints), find)
    assert [person.box[0] for person in everybody] == [0, 50]


def test_whom_the_network_hardly_sees_is_found_too(joints, photo):
    find = found(([0, 0, 50, 50], 0.9), ([50, 0, 100, 50], 0.8))
    everybody = people.find_people(photo, InBox(joints, 0.01), find)
    assert [person.unclear.all() for person in everybody] == [True, False]


def test_nobody_is_found_where_nobody_is(joints, photo):
    look = Looker(joints)
    assert people.find_people(photo, look, found()) == []
    assert look.boxes == []


def test_the_clearest_is_near_the_middle(joints, photo):
    find = found(([0, 0, 20, 40], 0.9), ([40, 40, 60, 80], 0.85), ([80, 0, 100, 40], 0.8))
    everybody = people.find_people(photo, InBox(joints), find)
    [one] = people.clearest(everybody, (100, 120), 1)
    assert one.box[0] == 40 and one.number == 1
    two = people.clearest(everybody, (100, 120), 2)
    assert [person.score for person in two] == sorted((p.score for p in two), reverse=True)
    assert len(people.clearest(everybody, (100, 120), 9)) == 3
    assert people.clearest([], (100, 120), 1) == []


def test_few_are_looked_at_for_the_clearest():
    boxes = np.array([[10 * n, 40, 10 * n + 10, 80] for n in range(10)], np.float32)
    found = people.candidates(Found(boxes, np.linspace(0.9, 0.6, 10)), (100, 120), 1)
    assert len(found.boxes) == 3 and (np.abs(found.boxes[:, 0] - 40) <= 10).all()
    assert (np.diff(found.scores) < 0).all()
    far = np.array([[45, 30, 55, 90], [40, 25, 60, 95], [0, 0, 1, 1]], np.float32)
    two = people.candidates(Found(far, np.array([0.9, 0.8, 0.7])), (100, 120), 1)
    np.testing.assert_array_equal(two.boxes, far[:2])  # the third is hardly meant
    doubtful = people.candidates(Found(far, np.array([0.4, 0.39, 0.3])), (100, 120), 1)
    np.testing.assert_array_equal(doubtful.boxes, far[1:2])  # the larger; no other is somebody
    sure = people.candidates(Found(far, np.array([0.6, 0.5, 0.3])), (100, 120), 1)
    np.testing.assert_array_equal(sure.boxes, far[:2])  # the doubtful one is meant, the other sure
    none = Found(np.zeros((0, 4), np.float32), np.zeros(0))
    assert people.candidates(none, (100, 120), 1).boxes.shape == (0, 4)


def test_too_few_joints_make_no_box(joints):
    pose = {"joints_2d": joints, "confidence": np.array([0.9] * 5 + [0.1] * 11)}
    assert people.box_of_seen_joints(pose) is None


def test_given_boxes_are_taken_as_they_are(joints, photo):
    boxes = np.array([[0, 0, 10, 10], [5, 5, 50, 50]], np.float32)
    look = Looker(joints)
    found = people.in_boxes(photo, look, boxes)
    np.testing.assert_array_equal([person.box for person in found], boxes)
    np.testing.assert_array_equal(look.boxes, boxes)


def test_a_crop_keeps_pixels_and_is_black_outside():
    pixels = np.random.default_rng(0).integers(1, 255, (6, 8, 3), np.uint8)
    np.testing.assert_array_equal(crop_square(pixels, np.array([2.0, 1.0]), 4, 4), pixels[1:5, 2:6])
    outside = crop_square(pixels, np.array([-2.0, -1.0]), 4, 4)
    np.testing.assert_array_equal(outside[1:, 2:], pixels[:3, :2])
    assert not outside[0].any()
    assert not outside[:, :2].any()
    assert not crop_square(pixels, np.array([9.0, 1.0]), 4, 4).any()


@pytest.mark.parametrize("side", [100.0, 333.3, 470.0, 901.7])
def test_a_square_reduced_by_any_factor_shows_everything_in_its_place(side):
    ramp = np.tile((np.arange(1000) * 0.21).round().astype(np.uint8)[:, np.newaxis], (1000, 1, 3))
    corner = np.array([30.4, 55.7])
    crop = crop_square(ramp, corner, side, 100).astype(float)[:, 5:-5, 0]
    seen = corner[0] + (np.arange(100) + 0.5)[5:-5] * side / 100  # px from the edge
    off = crop - (seen - 0.5) * 0.21  # levels
    assert abs(off.mean()) < 0.15
    assert np.abs(off).max() < 1
    turned = crop_square(ramp.swapaxes(0, 1), corner[::-1], side, 100)
    np.testing.assert_array_equal(turned.swapaxes(0, 1)[:, 5:-5, 0], crop)


def test_a_square_far_larger_than_the_picture_is_cropped_without_laying_it_out(monkeypatch):
    pixels = np.random.default_rng(0).integers(0, 255, (600, 900, 3), np.uint8)
    corner, side = np.array([-700.5, -900.25]), 2400.0
    laid_out = crop_square(pixels, corner, side, 64)
    monkeypatch.setattr(crop, "_MOST_LAID_OUT", 1000**2)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000**2)
    reduced = crop_square(pixels, corner, side, 64)
    assert np.abs(reduced.astype(int) - laid_out).mean() < 1
    for side in (1e5, 1e9, 1e38):
        assert crop_square(pixels, np.array([-0.5, -0.5]) * side, side, 64).mean() < 1


def test_bones_of_unclear_joints_are_dotted(joints):
    confidence = np.full(16, 0.9)
    confidence[joint_index("l_wrist")] = 0.1
    person = people.Person(np.zeros(4), {"confidence": confidence})
    assert np.flatnonzero(person.unclear).tolist() == [joint_index("l_wrist")]
    flat = Figure().add_subplot()
    draw.draw_pose_2d(flat, np.zeros((120, 100, 3), np.uint8), joints, hollow=person.unclear)
    dotted = [joint_index("l_wrist") in bone for bone in BONES]
    assert [line.get_linestyle() == ":" for line in flat.lines] == dotted
