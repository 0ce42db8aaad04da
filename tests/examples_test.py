"""The notebooks: they use only what is public, and run to their end."""

import ast
import json
import os
import re

import pytest
from support.commands import ROOT, run

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))


def code(path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


def prose(path) -> str:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_uses_only_public_names(path):
    imported = set()
    for node in ast.walk(ast.parse(code(path))):
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_"), node.attr
        if isinstance(node, ast.ImportFrom):
            assert not any(part.startswith("_") for part in node.module.split("."))
            assert not any(name.name.startswith("_") for name in node.names)
            imported.add(node.module.split(".")[0])
    assert "hg3d_tf" in imported
    assert not imported & {"support", "tests"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_its_links_lead_somewhere(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert all(not c.get("outputs") and not c.get("execution_count") for c in cells)
    targets = re.findall(r"\]\(([^)#]+)", prose(path))
    assert targets and all((path.parent / target).exists() for target in targets), targets


@pytest.mark.smoke
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_to_its_end(path, tmp_path):
    pytest.importorskip("nbmake", reason="nbmake is not installed")
    pytest.importorskip("embreex", reason="the render extra is not installed")
    # Not with this project's own settings: warnings of Jupyter's packages are not ours to mend.
    flags = ["-c", os.devnull, "--rootdir", ROOT, "-p", "no:cacheprovider", "-p", "no:xdist"]
    process = run(
        *("-m", "pytest", "-q", "--nbmake", "--nbmake-timeout=600", *flags, path),
        EXAMPLES_SMALL="1",
        EXAMPLES_DIR=str(tmp_path),
    )
    assert process.returncode == 0, process.stdout[-4000:]
