"""What is promised about Pythons and packages is what is installed and tested."""

import contextlib
import re
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from setuptools import find_packages

ROOT = Path(__file__).resolve().parents[1]
LANE = "card" if sys.version_info < (3, 12) else "current"
# TensorFlow pins CUDA's packages; Beam and PyTorch are installed on the card lane only.
LEFT_OUT = {"gpu"} | (set() if LANE == "card" else {"beam", "torch"})


def pinned() -> dict[str, str]:
    lines = (ROOT / f"constraints/{LANE}.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pairs}


def test_documents_makefile_and_ci_promise_the_same_pythons():
    def found(path, pattern):
        return re.search(pattern, (ROOT / path).read_text()).groups()

    low, high = found("setup.py", r'python_requires=">=3\.(\d+),<3\.(\d+)"')
    promised = [f"3.{minor}" for minor in range(int(low), int(high))]
    ends = (promised[0], promised[-1])
    assert found("README.md", r"CPython ([\d.]+) to ([\d.]+\d)") == ends
    assert found("Makefile", r"install CPython ([\d.]+)-([\d.]+),") == ends
    assert re.findall(r"\| (?:card|current) \| ([^|]+) \|", (ROOT / "BUILD.md").read_text()) == [
        "3.11",
        "3.12, 3.13",
    ]
    script = (ROOT / ".ci/run").read_text()
    made, tested = re.findall(r"^for version in ([\d. ]+); do$", script, re.M)
    smoked = re.findall(r"^make smoke .*VENV=\.venv-(\S+)", script, re.M)
    assert made.split() == sorted({*tested.split(), *smoked}) == promised


def test_each_folder_of_modules_is_a_package_that_a_wheel_holds():
    """Without `__init__.py` a checkout imports it, and `pip install .` leaves it out."""
    modules = (ROOT / "hg3d_tf").rglob("*.py")
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in modules}
    assert folders == set(find_packages(str(ROOT), include=["hg3d_tf", "hg3d_tf.*"]))


def test_every_requirement_of_this_lane_is_pinned():
    versions, wanted = pinned(), set()
    for text in metadata.requires("hg3d_tf"):
        requirement = Requirement(text)
        extras = re.findall(r'extra == "([\w-]+)"', text) or [""]
        if requirement.marker is None or requirement.marker.evaluate({"extra": extras[0]}):
            wanted |= {(requirement, extra) for extra in extras if extra not in LEFT_OUT}
    assert len(wanted) > 20
    for requirement, extra in wanted:
        version = versions.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} [{extra}]: make constraints"
        assert version in requirement.specifier, (requirement, version)


def test_what_is_installed_is_what_is_pinned():
    if not (Path(sys.prefix) / ".installed").exists():
        pytest.skip("this environment was not made by `make env`")
    other = {}
    for name, version in pinned().items():
        with contextlib.suppress(metadata.PackageNotFoundError):
            if metadata.version(name) != version:
                other[name] = metadata.version(name), version
    assert not other
