"""Short and full names of datasets mean the same, wherever one is named."""

import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.data import prepared
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.data.mix import parse_mix
from hg3d_tf.data.names import full_name


def test_a_dataset_rendered_here_has_a_short_name():
    assert full_name("wild") == full_name("synthetic_humans/wild") == "synthetic_humans/wild"
    assert full_name("lspet") == "lspet" and full_name("h36m/paper") == "h36m/paper"


@pytest.mark.parametrize("name", ["wild", "synthetic_humans/wild"])
def test_what_is_not_built_is_named_as_the_build_command_has_it(tmp_path, name):
    with pytest.raises(UserError, match=r"build\.py --dataset=synthetic_humans/wild "):
        prepared.load_builder(name, str(tmp_path))


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("synthetic_humans/strete_makehuman", "synthetic_humans/street_makehuman"),
        ("wlid", "wild"),
        ("lspte", "lspet"),
        ("h36n", "h36m"),
        ("panted_2d", "painted_2d"),
    ],
)
def test_of_a_mistyped_name_the_nearest_is_said_and_all_there_are(data_dir, name, nearest):
    with pytest.raises(UserError) as raised:
        prepared.load_builder(name, data_dir)
    text = str(raised.value)
    holds = f"{name!r} is not in {data_dir}, which holds painted_2d, painted_3d: "
    assert text.startswith(f"dataset {holds}did you mean {nearest!r}? datasets/build.py builds ")
    assert text.endswith("sport_makehuman, h36m, lspet, mpi_inf_3dhp, mpii, own_photos")


def test_a_name_that_is_like_none_gets_all_that_can_be_built(tmp_path):
    with pytest.raises(
        UserError, match=r"holds no dataset: datasets/build\.py builds studio, wild,"
    ):
        prepared.load_builder("coco2017", str(tmp_path))


def test_what_is_there_is_said_by_short_names(tmp_path):
    for name in ("synthetic_humans/wild", "h36m/paper"):
        path = tmp_path / name / "1.0.0/dataset_info.json"
        path.parent.mkdir(parents=True)
        path.touch()
    with pytest.raises(UserError, match=r", which holds h36m/paper, wild: build it with "):
        prepared.load_builder("studio", str(tmp_path))


def test_hide_depth_and_mix_take_either_name():
    for hidden, mix in (("wild", "synthetic_humans/wild"), ("synthetic_humans/wild", "wild")):
        InputConfig(mix=parse_mix(mix), hide_depth=(hidden,))
    with pytest.raises(ValueError, match="each named once"):
        parse_mix("wild,synthetic_humans/wild")
