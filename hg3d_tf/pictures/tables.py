"""Results as tables: for the screen, for markdown."""

import math
from collections.abc import Mapping, Sequence

Results = Mapping[str, Mapping[str, Mapping[str, float]]]  # row -> dataset -> metric -> value

METRIC_TITLES = {
    "pck_box_010": ("PCK@0.1box", 3),  # decimals
    "mpjpe_mm": ("MPJPE mm", 1),
    "pck3d_150": ("PCK3D@150", 3),
    "symmetry_mm": ("symmetry mm", 1),
}


def results_table(results: Results) -> list[list[str]]:
    """Return header and rows: a row per system, a column per dataset and metric.

    What is NaN, or was not measured, is "-".
    """
    datasets = list(dict.fromkeys(name for values in results.values() for name in values))
    columns = [(dataset, metric) for dataset in datasets for metric in METRIC_TITLES]
    header = ["", *(f"{dataset} {METRIC_TITLES[metric][0]}" for dataset, metric in columns)]
    rows = [
        [
            row,
            *(
                _number(values.get(dataset, {}).get(metric, math.nan), METRIC_TITLES[metric][1])
                for dataset, metric in columns
            ),
        ]
        for row, values in results.items()
    ]
    return [header, *rows]


def protocol_table(
    rows: Mapping[str, Mapping[str, float]], published: Mapping[str, Mapping[str, float]], decimals
) -> list[list[str]]:
    """Return header and rows of one protocol: the `published` rows, then those measured here.

    Values without a number (NaN, or a column that a published row does not have) are "-".
    """
    columns = list(next(iter(rows.values())))
    named = {f"poster: {name}": values for name, values in published.items()} | dict(rows)
    return [["", *(column.replace("_", " ") for column in columns)]] + [
        [name, *(_number(values.get(column, math.nan), decimals) for column in columns)]
        for name, values in named.items()
    ]


def _number(value: float, decimals: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{decimals}f}"


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    """Return the table in markdown, numbers to the right."""
    header, *rows = table
    rule = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, rule, *rows))


def as_text(table: Sequence[Sequence[str]]) -> str:
    """Return the table for a terminal: columns padded, numbers to the right, headers folded."""
    header, *rows = table
    folded = [cell.split(" ", 1) if " " in cell else ["", cell] for cell in header]
    upper, lower = ([cell[i] for cell in folded] for i in (0, 1))
    lines = [*([upper] if any(upper) else []), lower, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    first, *others = widths
    return "\n".join(
        "  ".join(
            [line[0].ljust(first), *(c.rjust(w) for c, w in zip(line[1:], others, strict=True))]
        )
        for line in lines
    )
