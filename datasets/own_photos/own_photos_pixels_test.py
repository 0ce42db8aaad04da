import io

import pytest
from PIL import Image

from hg3d_tf import images
from hg3d_tf.cli import UserError
from own_photos.own_photos_dataset_builder_test import RADIUS, coco, joints_px
from own_photos.own_photos_labels_test import built
from preparation.painted_people import assert_joints_on_discs, paint

SIZE = (310, 330)


def write_turned(path, pixels, orientation):
    """Write what is seen as `pixels`, stored as `orientation` says."""
    stored = Image.fromarray(pixels)
    if orientation > 1:
        stored = stored.transpose(images._BACK[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    stored.save(buffer, "jpeg", exif=exif, quality=95)
    path.write_bytes(buffer.getvalue())


def folder_with(tmp_path, orientation, labels):
    """Return a folder of one photo and its labels, of the picture as seen or as stored."""
    folder = tmp_path / "own"
    (folder / "images").mkdir(parents=True)
    painted = paint(joints_px(0), SIZE, RADIUS)
    path = folder / "images/photo 00.jpg"
    if labels == "seen":
        write_turned(path, painted, orientation)
    else:  # what is stored is upright, whatever viewers show
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(painted).save(path, exif=exif, quality=95)
    return folder


def content(size=None):
    labels = coco(1)
    if size:
        labels["images"][0] |= {"width": size[0], "height": size[1]}
    return labels


def assert_on_discs(examples):
    (example,) = examples.values()
    assert_joints_on_discs(example, RADIUS)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [None, SIZE])
def test_labels_count_what_is_seen(tmp_path, orientation, size):
    folder = folder_with(tmp_path, orientation, "seen")
    assert_on_discs(built(folder, content(size))[0])


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_labels_count_what_is_stored_if_the_user_says_so(tmp_path, orientation):
    folder = folder_with(tmp_path, orientation, "stored")
    assert_on_discs(built(folder, content(SIZE), label_pixels="stored")[0])


def test_sizes_that_say_otherwise_stop_the_build_until_the_user_decides(tmp_path):
    folder = folder_with(tmp_path, 6, "stored")
    with pytest.raises(
        UserError, match=r"photo 00\.jpg, have in the labels the size that is stored"
    ):
        built(folder, content(SIZE))


def test_the_user_decides_against_sizes_with_a_warning(tmp_path, caplog):
    folder = folder_with(tmp_path, 6, "seen")
    assert_on_discs(built(folder, content(SIZE[::-1]), label_pixels="seen")[0])
    assert "--label_pixels=seen decides" in caplog.text


def test_sizes_of_label_studio_are_unturned_though_its_labels_are_of_what_is_seen(tmp_path, caplog):
    folder = folder_with(tmp_path, 6, "seen")
    labels = content(SIZE[::-1]) | {"info": {"contributor": "Label Studio"}}
    assert_on_discs(built(folder, labels)[0])
    assert "those that are seen, it is assumed" in caplog.text


def test_labels_of_a_photo_of_another_size_are_left_out(tmp_path):
    folder = folder_with(tmp_path, 1, "seen")
    with pytest.raises(UserError, match=r"another size: .*\(620 x 660 px in the labels, 310 x 330"):
        built(folder, content((620, 660)))


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (None, None), ("310", "330"), (311, 330)])
def test_sizes_that_say_nothing_are_passed_over(tmp_path, size):
    folder = folder_with(tmp_path, 6, "seen")
    assert_on_discs(built(folder, content(size))[0])
