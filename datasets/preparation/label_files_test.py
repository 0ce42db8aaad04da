import gzip

import pytest

from h36m.h36m_authors import split_rows
from h36m.h36m_metadata import load_metadata
from hg3d_tf.cli import UserError
from lspet.lspet_images import load_joints
from mpi_inf_3dhp.mpi_inf_3dhp_test_set import valid_frames
from mpi_inf_3dhp.mpi_inf_3dhp_train import read_video
from mpii.mpii_annotations import read_newell, read_release
from own_photos.own_photos_annotations import read_annotations
from preparation.stored_crop import Storage

PAGE = b"\n<!DOCTYPE html>\n<html><body>Log in</body></html>"
READERS = {
    "mpii_human_pose_v1_u12_1.mat": read_release,
    "valid.h5": read_newell,
    "joints.mat": load_joints,
    "metadata.xml": load_metadata,
    "annotSampleTest.h5": lambda path: split_rows(path, True),
    "annot_data.mat": lambda path: valid_frames(path.parent),
    "annotations.json": read_annotations,
}
OTHERS = {
    "a web page": PAGE,
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "a zip archive": b"PK\x03\x04 and more",
    "a gzip archive": gzip.compress(PAGE),
    "empty: ": b"",
    "zeros: ": bytes(100),
    "damaged or something else": b"MATLAB 5.0 MAT-file" + bytes(range(256)),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", READERS)
def test_a_label_file_that_is_something_else_is_named(tmp_path, name, other):
    path = tmp_path / name
    path.write_bytes(OTHERS[other])
    with pytest.raises(UserError) as raised:
        READERS[name](path)
    line = str(raised.value)
    assert line.startswith(f"{path}: not ") and other in line and "\n" not in line


def test_a_web_page_in_utf_16_is_one_too(tmp_path):
    path = tmp_path / "annotations.json"
    path.write_bytes(PAGE.decode().encode("utf-16"))
    with pytest.raises(UserError, match="but a web page"):
        read_annotations(path)


def test_labels_of_a_training_video_are_left_out_and_named(tmp_path):
    (tmp_path / "annot.mat").write_bytes(PAGE)
    (item,) = read_video(tmp_path, "S1/Seq1/video_0", 0, 5, Storage())
    assert item.name == "S1/Seq1/video_0"
    assert "annot.mat: not a sequence's labels, but a web page" in item.reason
