"""Assets that the tests of characters read: made up, and real where they are."""

import os
from pathlib import Path

import pytest
from support import made_up_assets

REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """Return a folder of assets of simple shapes."""
    return made_up_assets.write_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="module", params=["made up", "real"])
def folder(request, made_up):
    """Return that folder, and the real one where it is."""
    missing = not (REAL / "makehuman/base.obj").exists() or not (REAL / "cmu_mocap").exists()
    if request.param == "real" and missing:
        pytest.skip("HG3D_DATA names no folder with makehuman and cmu_mocap")
    return made_up if request.param == "made up" else REAL
