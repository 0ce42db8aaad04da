"""The paper's published numbers: the tables of its poster, as printed."""

import functools
import json
from importlib import resources

Table = dict[str, dict[str, float]]  # row -> column -> value


@functools.cache
def _tables() -> dict[str, dict]:
    return json.loads(resources.files("hg3d_tf.evaluation").joinpath("poster.json").read_text())


def columns(name: str) -> list[str]:
    """Return the columns of the table called `name`."""
    return _tables()[name]["columns"]


def source(name: str) -> str:
    """Return what the table called `name` holds; "" for a name that is no table's."""
    return _tables().get(name, {"source": ""})["source"]


def rows(name: str) -> Table:
    """Return the rows of the table called `name`; none for a name that is no table's."""
    table = _tables().get(name, {"columns": [], "rows": {}})
    return {
        row: dict(zip(table["columns"], values, strict=True))
        for row, values in table["rows"].items()
    }
