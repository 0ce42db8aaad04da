"""Boxes of others: COCO, MOT and YOLO, and a line for each mistake."""

import json

import numpy as np
import pytest
from support.looker import Looker

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import finders
from hg3d_tf.prediction.given_boxes import GivenBoxes
from hg3d_tf.prediction.photos import Photo

RESULTS = [
    {"image_id": 139, "category_id": 1, "bbox": [10, 20, 30, 40], "score": 0.5},
    {"image_id": 139, "category_id": 3, "bbox": [0, 0, 9, 9], "score": 0.9},
    {"image_id": "b.jpg", "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.75, "track_id": 7},
]


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_coco_results_go_by_name_or_number(tmp_path):
    given = GivenBoxes(write(tmp_path / "boxes.json", RESULTS))
    found = given.of_photo("folder/000000000139.jpg", (640, 480))
    np.testing.assert_array_equal(found.boxes, [[10, 20, 40, 60]])
    assert found.scores == [0.5] and found.numbers == [0]
    assert given.of_photo("b.jpg", (640, 480)).numbers == [7]
    assert given.of_photo("c.jpg", (640, 480)).boxes.shape == (0, 4)


def test_coco_images_say_the_names(tmp_path):
    images = [{"id": 5, "file_name": "photos/a.jpg"}, {"id": 6, "file_name": "clip_000002.jpg"}]
    annotations = [
        {"image_id": 5, "bbox": [10, 20, 30, 40]},
        {"image_id": 6, "bbox": [1, 2, 3, 4], "track_id": 2},
    ]
    path = write(tmp_path / "boxes.json", {"images": images, "annotations": annotations})
    given = GivenBoxes(path)
    np.testing.assert_array_equal(given.of_photo("a.jpg", None).boxes, [[10, 20, 40, 60]])
    np.testing.assert_array_equal(given.of_frame("clip.mp4", 2, None).boxes, [[1, 2, 4, 6]])
    assert not len(given.of_frame("clip.mp4", 1, None).boxes)


def test_mot_counts_frames_from_one(tmp_path):
    text = "1,3,10,20,30,40,0.9,-1,-1,-1\n1,-1,0,0,5,5\n\n3,3,11,20,30,40,-1,-1,-1,-1\n"
    given = GivenBoxes(write(tmp_path / "det.txt", text))
    first = given.of_frame("clip.mp4", 0, (64, 48))
    np.testing.assert_array_equal(first.boxes, [[10, 20, 40, 60], [0, 0, 5, 5]])
    np.testing.assert_allclose(first.scores, [0.9, 1])
    assert given.of_frame("clip.mp4", 2, (64, 48)).scores == [1]  # -1: unknown
    assert not len(given.of_frame("clip.mp4", 1, (64, 48)).boxes)
    with pytest.raises(UserError, match="a film's"):
        given.of_photo("a.jpg", (64, 48))


def test_what_is_no_person_is_passed_over_whatever_its_box(tmp_path):
    of_a = {"image_id": "a.jpg", "bbox": [10, 20, 30, 40]}
    others = [of_a | {"iscrowd": 1}, of_a | {"category_id": 3, "bbox": [5, 5, 0, 9]}]
    given = GivenBoxes(write(tmp_path / "boxes.json", [*others, of_a | {"iscrowd": 0}]))
    assert len(given.of_photo("a.jpg", (640, 480)).boxes) == 1
    (tmp_path / "yolo").mkdir()
    write(tmp_path / "yolo/a.txt", "2 0.5 0.5 0 0.1\n0 0.5 0.5 0.1 0.1\n")
    assert len(GivenBoxes(tmp_path / "yolo").of_photo("a.jpg", (640, 480)).boxes) == 1


def test_a_mark_of_utf_8_before_the_boxes_is_none_of_them(tmp_path):
    (tmp_path / "yolo").mkdir()
    texts = {
        "boxes.json": '[{"image_id": "a.jpg", "bbox": [10, 20, 30, 40]}]',
        "det.txt": "1,3,10,20,30,40",
        "yolo/a.txt": "0 0.25 0.4 0.3 0.4",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8-sig")
    assert GivenBoxes(tmp_path / "boxes.json").of_photo("a.jpg", (100, 100)).boxes.shape == (1, 4)
    assert GivenBoxes(tmp_path / "det.txt").of_frame("a.mp4", 0, (100, 100)).boxes.shape == (1, 4)
    assert GivenBoxes(tmp_path / "yolo").of_photo("a.jpg", (100, 100)).boxes.shape == (1, 4)


def test_yolo_is_in_widths_and_heights(tmp_path):
    write(tmp_path / "a.txt", "0 0.5 0.5 0.5 1\n2 0.1 0.1 0.1 0.1\n0 0.25 0.5 0.5 0.5 0.75 4\n")
    write(tmp_path / "clip_3.txt", "0 0.5 0.5 1 1\n")
    given = GivenBoxes(tmp_path)
    found = given.of_photo("x/a.jpg", (200, 100))
    np.testing.assert_allclose(found.boxes, [[50, 0, 150, 100], [0, 25, 100, 75]])
    np.testing.assert_allclose(found.scores, [1, 0.75])
    assert found.numbers.tolist() == [0, 4]
    np.testing.assert_array_equal(given.of_frame("clip.mp4", 2, (20, 10)).boxes, [[0, 0, 20, 10]])
    assert not len(given.of_photo("b.jpg", (200, 100)).boxes)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.json", "[{]", r"a\.json: cannot be read as JSON"),
        ("a.json", "3", "wanted: a list of results"),
        ("a.json", '{"annotations": []}', "images must have id and file_name"),
        ("a.json", [{"image_id": 1, "bbox": [1, 2, 3]}], "annotation 1: wanted image_id and bbox"),
        ("a.json", [*RESULTS, {"image_id": 1, "bbox": [0, 0, 0, 9]}], "annotation 4: width and"),
        ("a.json", [7], "annotation 1: wanted"),
        (
            "a.json",
            {"images": [], "annotations": [{"image_id": 1, "bbox": [0, 0, 1, 9]}]},
            "annotation 1: image_id 1 is not among the images",
        ),
        ("a.txt", "1,1,1,1,5,5\n1,1,x,1,5,5\n", r"a\.txt, line 2: '1,1,x,1,5,5' is not numbers"),
        ("a.txt", "1,1,1,1,5\n", "line 1: holds 5 numbers, fewer than frame,id,x,y,"),
        (
            "a.txt",
            "1 1 47 17 9 9\n",
            "line 1: '1 1 47 17 9 9' is not numbers as frame,id,x,",
        ),
        ("a.txt", "0,1,1,1,5,5\n", "line 1: frame is 0"),
        ("a.txt", "1,1,1,1,-5,5\n", "line 1: width and height"),
        ("a.txt", "1,1.5,1,1,5,5\n", "line 1: id is 1.5"),
        ("a.txt", "1,1,1,1,nan,5\n", "line 1: a number is not finite"),
        ("a.txt", "1,1,1,1,1e12,5\n", r"line 1: a number is .* more than 1e\+09"),
        ("a.txt", "\n", r"a\.txt: holds no boxes"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, name, text, problem):
    with pytest.raises(UserError, match=problem):
        GivenBoxes(write(tmp_path / name, text))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.json: cannot be read as boxes \(No such file"):
        GivenBoxes(tmp_path / "none.json")


def test_yolo_in_px_is_refused(tmp_path):
    write(tmp_path / "a.txt", "0 50 50 20 20\n")
    with pytest.raises(UserError, match=r"a\.txt, line 1: .*not in widths and heights"):
        GivenBoxes(tmp_path).of_photo("a.jpg", (100, 100))


def test_people_are_looked_at_in_the_boxes_of_the_file(tmp_path):
    boxes = [[10, 20, 30, 40], [500, 0, 9, 9], [40, 20, 30, 40]]
    rows = [
        {"image_id": "a.png", "bbox": b, "score": s}
        for b, s in zip(boxes, (0.2, 1, 0.9), strict=True)
    ]
    given = GivenBoxes(write(tmp_path / "boxes.json", rows))
    look = Looker(np.random.default_rng(0).uniform(20, 60, (16, 2)))
    find = finders.finder(look, given=given)
    # A photo that was read in half its size: boxes count the file's px.
    photo = Photo("a.png", np.zeros((60, 80, 3), np.uint8), np.array([0.5, 0.5]))
    found = find(photo)
    np.testing.assert_allclose([p.box for p in found], [[40, 20, 70, 60], [10, 20, 40, 60]])
    np.testing.assert_allclose([p.score for p in found], [0.9, 0.2], rtol=1e-6)
    np.testing.assert_allclose(look.boxes, [[5, 10, 20, 30], [20, 10, 35, 30]])
    assert len(finders.finder(look, given=given, most=1)(photo)) == 1


def test_a_box_far_larger_than_the_picture_is_named(tmp_path):
    rows = [{"image_id": "a.png", "bbox": [40, 10, 1e6, 1e6]}]
    given = GivenBoxes(write(tmp_path / "boxes.json", rows))
    photo = Photo("a.png", np.zeros((60, 80, 3), np.uint8))
    with pytest.raises(UserError, match=r"a\.png: the box 40,10,.* more than 10 times .* 80 x 60"):
        finders.finder(Looker(np.zeros((16, 2))), given=given)(photo)


def test_boxes_of_none_of_the_photos_are_named(tmp_path):
    given = GivenBoxes(write(tmp_path / "boxes.json", RESULTS))
    given.check_photos(["c.jpg", "x/b.jpg"])
    given.check_photos(["000000000139.jpg"])
    with pytest.raises(UserError, match=r"boxes\.json: has no box for any image; .* of 139$"):
        given.check_photos(["c.jpg", "d.jpg"])
    given = GivenBoxes(write(tmp_path / "none.json", "[]"))
    with pytest.raises(UserError, match=r"none\.json: has no box for any image; it is empty"):
        given.check_photos(["c.jpg"])
    with pytest.raises(UserError, match=r"holds no \.txt"):
        GivenBoxes(tmp_path)
    write(tmp_path / "a.txt", "0 0.5 0.5 0.5 1\n")
    GivenBoxes(tmp_path).check_photos(["b.jpg", "a.jpg"])
    with pytest.raises(UserError, match=r"has no box for any image; .* of a\.txt"):
        GivenBoxes(tmp_path).check_photos(["b.jpg"])


def test_photos_of_one_name_get_no_boxes_of_each_other(tmp_path):
    share = "boxes go by the image's name, which a/b.jpg and c/b.jpg share"
    given = GivenBoxes(write(tmp_path / "boxes.json", RESULTS))
    given.check_photos(["a/b.jpg", "a/c.jpg", "c/c.jpg"])  # it has none for c
    with pytest.raises(UserError, match=rf"boxes\.json: {share}: predict one folder at a time$"):
        given.check_photos(["a/b.jpg", "a/c.jpg", "c/b.jpg"])
    write(tmp_path / "b.txt", "0 0.5 0.5 0.5 1\n")
    with pytest.raises(UserError, match=share):
        GivenBoxes(tmp_path).check_photos(["a/b.jpg", "c/b.jpg"])
    names = ["a/b.jpg", "a/b.jpg", "c/b.jpg"]  # files that were put together list photos twice
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    GivenBoxes(write(tmp_path / "two.json", {"images": images[:2], "annotations": []}))
    with pytest.raises(UserError, match=rf"all\.json: {share}: give a file for each folder$"):
        GivenBoxes(write(tmp_path / "all.json", {"images": images, "annotations": []}))


def test_boxes_of_no_frame_of_the_film_are_named(tmp_path):
    given = GivenBoxes(
        write(tmp_path / "boxes.json", [RESULTS[2] | {"image_id": "clip_000002.jpg"}])
    )
    given.check_film("x/clip.mp4")
    with pytest.raises(UserError, match=r"no box for a frame of other\.mp4; .* clip_000002\.jpg"):
        given.check_film("other.mp4")
    GivenBoxes(write(tmp_path / "a.txt", "1,3,10,20,30,40\n")).check_film("other.mp4")
    with pytest.raises(UserError, match=r"no box for a frame of clip\.mp4; .* a\.txt"):
        GivenBoxes(tmp_path).check_film("clip.mp4")


MOT = ("det.txt", "1,{},10,20,30,40\n3,7,11,20,30,40\n3,8,1,2,30,40\n")
FRAMES = [("clip_000000.jpg", "{}"), ("clip_000002.jpg", 7), ("clip_000002.jpg", 8), ("b_1.jpg", 0)]
COCO = json.dumps([{"image_id": n, "bbox": [1, 2, 3, 4], "track_id": i} for n, i in FRAMES])
YOLO = {1: "0 .5 .5 .2 .4 1 {}", 3: "0 .5 .5 .2 .4 1 7\n0 .4 .5 .2 .4 1 8"}


@pytest.mark.parametrize("kind", ["mot", "coco", "yolo"])
@pytest.mark.parametrize(("number", "numbers"), [(7, [7, 7, 8]), (0, [0, 0, 0]), (-1, [0, 0, 0])])
def test_ids_count_where_all_boxes_of_the_film_have_one(tmp_path, capsys, kind, number, numbers):
    if kind == "mot":
        path = write(tmp_path / MOT[0], MOT[1].format(number))
    elif kind == "coco":
        path = write(tmp_path / "a.json", COCO.replace('"{}"', str(number)))
    else:
        path = tmp_path
        for frame, text in YOLO.items():
            write(path / f"clip_{frame}.txt", text.format(number))
        write(path / "other_1.txt", "0 .5 .5 .2 .4")
    given = GivenBoxes(path)
    given.check_film("x/clip.mp4")
    found = [n for frame in range(4) for n in given.of_frame("x/clip.mp4", frame, (9, 9)).numbers]
    assert found == numbers
    said = "1 of the 3 boxes of x/clip.mp4 have no id from 1 on: ids are left out, people are foll"
    assert (f"warning: {path}: {said}" in capsys.readouterr().out) == (number < 1)


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("a.txt", "1,7,1,2,9,9\n1,8,3,2,9,9\n3,7,1,2,9,9\n3,7,5,2,9,9\n", "a.txt, line 4"),
        ("a.json", COCO.replace('"{}"', "7").replace("8", "7"), "a.json, annotation 3"),
        ("clip_3.txt", "0 .5 .5 .2 .4 1 7\n0 .4 .5 .2 .4 1 7\n", "clip_3.txt, line 2"),
    ],
)
def test_an_id_that_two_boxes_of_a_frame_have_loses_neither(tmp_path, capsys, name, text, where):
    path = write(tmp_path / name, text)
    given = GivenBoxes(tmp_path if name == "clip_3.txt" else path)
    given.check_film("x/clip.mp4")
    assert given.of_frame("x/clip.mp4", 2, (9, 9)).numbers.tolist() == [0, 0]
    said = "id 7 is another box's of the same frame, too: ids are left out, people are followed\n"
    assert capsys.readouterr().out == f"warning: {tmp_path / where}: {said}"


def test_that_no_box_has_an_id_is_not_said(tmp_path, capsys):
    GivenBoxes(write(tmp_path / "a.txt", "1,-1,10,20,30,40\n")).check_film("clip.mp4")
    assert not capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.txt", "1,1,1,2,9,9\n3,1,0,0,1e6,9\n", r"a\.txt, line 2: .* of frame 3 is"),
        (
            "a.json",
            json.dumps([{"image_id": "clip_000002.jpg", "bbox": [0, 0, 1e6, 9]}]),
            r"a\.json, annotation 1: .* of clip_000002\.jpg is",
        ),
    ],
)
def test_a_box_too_large_for_a_film_is_named_by_line_and_frame(tmp_path, name, text, words):
    given = GivenBoxes(write(tmp_path / name, text))
    given.check_size("clip.mp4", 10**5)
    problem = r"more than 10 times as large as the picture of clip\.mp4, whose longer side has 640"
    with pytest.raises(UserError, match=f"{words} {problem}"):
        given.check_size("clip.mp4", 640)


def test_a_wrong_line_for_a_later_frame_of_a_film_is_named_before_it_starts(tmp_path):
    write(tmp_path / "clip_1.txt", "0 0.5 0.5 0.5 1\n")
    write(tmp_path / "clip_7.txt", "0 0.5 0.5\n")
    write(tmp_path / "clip_a_1.txt", "of another film\n")
    with pytest.raises(UserError, match=r"clip_7\.txt, line 1: holds 3 numbers"):
        GivenBoxes(tmp_path).check_film("clip.mp4")
