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


def test_hide_depth_and_mix_take_either_name():
    for hidden, mix in (("wild", "synthetic_humans/wild"), ("synthetic_humans/wild", "wild")):
        InputConfig(mix=parse_mix(mix), hide_depth=(hidden,))
    with pytest.raises(ValueError, match="each named once"):
        parse_mix("wild,synthetic_humans/wild")
