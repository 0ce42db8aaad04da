from pathlib import Path

import pytest
from support import made_up_assets

from synthetic_humans import render_benchmark


@pytest.mark.slow
def test_two_checkouts_render_in_turns(tmp_path, monkeypatch):
    monkeypatch.setattr(render_benchmark, "_WARM_TURNS", 4)
    folder = str(made_up_assets.write_assets(tmp_path / "assets"))
    here = str(Path(__file__).parents[2])
    measured = render_benchmark.measure(folder, here, 8)
    assert measured["pictures_per_second"] > 1
    assert measured["ratio"] == pytest.approx(1, rel=0.5)
    alone = render_benchmark.measure(folder, None, 1)
    assert alone.keys() == {"pictures_per_second"}
