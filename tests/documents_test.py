"""The documents against the checkout: links, anchors, files and commands that they name."""

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = "datasets|demo|experiments|hg3d_tf|serving|tests"


def tracked_documents() -> list[str]:
    command = ["git", "ls-files", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


DOCUMENTS = tracked_documents()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_fences(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text: str) -> list[str]:
    """Targets of links and pictures that lie in the checkout."""
    prose = re.sub(r"`[^`\n]*`", "", without_fences(text))
    targets = re.findall(r"\[[^\]]*\]\(([^()\s]+)\)", prose)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """Names that GitHub gives to the headings."""
    found, seen = set(), Counter()
    for heading in re.findall(r"^#{1,6} (.+)$", without_fences(text), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{name}-{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return found


def is_there(document: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    place = (document.parent / path).resolve() if path else document
    return place.exists() and (not anchor or anchor in anchors(text_of(place)))


def named_paths(text: str) -> list[str]:
    """Files, flagfiles, scripts and commands as globs; NAME stands for any name."""
    patterns = (
        rf"`((?:{FOLDERS})/[\w.*/-]+)`",
        r"--flagfile=(experiments/[\w/]+\.flags)",
        rf"python ((?:{FOLDERS})/[\w/]+\.py)",
    )
    paths = [path for pattern in patterns for path in re.findall(pattern, text)]
    paths += [f"hg3d_tf/{name}.py" for name in re.findall(r"python -m hg3d_tf\.(\w+)", text)]
    return [path.rstrip("/").replace("NAME", "*") for path in paths]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    document = ROOT / name
    assert [t for t in links(text_of(document)) if not is_there(document, t)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_file_and_command_named_is_there(name):
    paths = named_paths(text_of(ROOT / name))
    assert [path for path in paths if not any(ROOT.glob(path))] == []


def test_anchors_are_githubs():
    text = "# What's `new`, in [demo/](x.md)?\n\n```\n# no heading\n```\n## A - b\n## A - b\n"
    assert anchors(text) == {"whats-new-in-demo", "a---b", "a---b-1"}


def test_links_in_code_are_none():
    text = "[a](b.md#c) `[d](e)` ![f](g.png) [h\ni](j) [k](https://l)\n```\n[m](n)\n```\n"
    assert links(text) == ["b.md#c", "g.png", "j"]


def test_a_link_to_nowhere_is_noticed():
    readme = ROOT / "README.md"
    assert is_there(readme, "BUILD.md#dependencies")
    assert not is_there(readme, "BUILD.md#nowhere")
    assert not is_there(readme, "nowhere.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_checkout_is_installed_as_it_stands(name):
    """Without -e, pip puts a copy in the place of what `make` installed: edits do nothing then."""
    lines = re.findall(r"pip install[^`\n]*\.\[[^`\n]*", text_of(ROOT / name))
    assert [line for line in lines if " -e " not in line] == []
