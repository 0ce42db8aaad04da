"""What `hg3d_tf.evaluate` writes of its results: text, markdown, JSON."""

import math
from collections.abc import Mapping

from hg3d_tf.evaluation import poster
from hg3d_tf.evaluation.protocols import homes
from hg3d_tf.evaluation.protocols.result import Result
from hg3d_tf.pictures import tables

Results = Mapping[str, Mapping[str, Mapping[str, Result]]]  # protocol -> dataset -> row -> result

_BY_DATASET = "synthetic"  # the protocol whose table shows all datasets side by side


def as_text(results: Results) -> str:
    """Return all tables for a terminal, each with its statement."""
    parts = (
        [*filter(None, (title, remark)), tables.as_text(table), *statements]
        for title, remark, table, statements in _tables(results)
    )
    return "\n\n".join("\n".join(part) for part in parts)


def as_markdown(results: Results) -> str:
    """Return all tables in markdown, each with its statement."""
    parts = [
        part
        for title, remark, table, statements in _tables(results)
        for part in (
            f"## {title or _BY_DATASET}",
            remark,
            tables.as_markdown(table),
            "\n".join(statements),
        )
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def as_json(results: Results) -> dict:
    """Return row -> dataset -> metric for the default protocol alone; null as below.

    Else protocol -> dataset -> {"statement": lines of how it was done, "rows": row -> column,
    "poster": the same, "poster_source": what its rows were measured on, "remark": why they cannot
    be compared}; a column that no frame belongs to is null.
    """
    if list(results) == [_BY_DATASET]:
        return {
            row: {name: _without_nan(values) for name, values in datasets.items()}
            for row, datasets in _by_row(results[_BY_DATASET]).items()
        }
    return {
        protocol: {
            dataset: _block(rows) | {"remark": homes.remark(protocol, dataset)}
            for dataset, rows in datasets.items()
        }
        for protocol, datasets in results.items()
    }


def _block(rows: Mapping[str, Result]) -> dict:
    result = next(iter(rows.values()))
    return {
        "statement": "\n".join(_statements(rows)),
        "rows": {name: _without_nan(row.values) for name, row in rows.items()},
        "poster": poster.rows(result.poster),
        "poster_source": poster.source(result.poster),
    }


def _without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _by_row(datasets: Mapping[str, Mapping[str, Result]]) -> dict:
    """Return row -> dataset -> values, of datasets that the row could be measured on."""
    by_row: dict = {row: {} for results in datasets.values() for row in results}
    for name, results in datasets.items():
        for row, result in results.items():
            by_row[row][name] = result.values
    return by_row


def _tables(results: Results):
    """Yield title, remark or "", table, statements."""
    for protocol, datasets in results.items():
        if protocol == _BY_DATASET:
            rows = {row: result for rows in datasets.values() for row, result in rows.items()}
            yield "", "", tables.results_table(_by_row(datasets)), _statements(rows)
            continue
        for dataset, rows in datasets.items():
            first = next(iter(rows.values()))
            values = {name: result.values for name, result in rows.items()}
            table = tables.protocol_table(values, poster.rows(first.poster), first.decimals)
            source = poster.source(first.poster)
            remark = homes.remark(protocol, dataset)
            statements = _statements(rows) + [source] * bool(source)
            yield f"{protocol} on {dataset}", remark, table, statements


def _statements(rows: Mapping[str, Result]) -> list[str]:
    """Return each statement once, and its rows' notes below it, or behind it where they agree."""
    by_statement = _names_by(rows, lambda result: result.statement)
    lines = []
    for statement, names in by_statement.items():
        of_whom = f"{', '.join(names)}: " if len(by_statement) > 1 else ""
        by_note = _names_by({name: rows[name] for name in names}, lambda result: result.note)
        if len(by_note) == 1:
            lines.append(of_whom + "; ".join(filter(None, (statement, *by_note))))
        else:
            lines.append(of_whom + statement)
            lines += [f"{', '.join(some)}: {note}" for note, some in by_note.items() if note]
    return lines


def _names_by(rows: Mapping[str, Result], text_of) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, result in rows.items():
        names.setdefault(text_of(result), []).append(name)
    return names
