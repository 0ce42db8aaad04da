"""The ablation's results: mean and spread over seeds, as tables."""

import statistics

from hg3d_tf.pictures import tables


def summarize(found: dict[str, list[dict]]) -> dict:
    """Return protocol -> dataset -> {"statement", "poster", "rows"} with mean and spread.

    A row maps each metric to {"mean", "spread", "values"}; the spread is the standard deviation
    over seeds, null for a single one.
    """
    first = next(iter(found.values()))[0]
    return {
        protocol: {
            dataset: {
                "statement": "\n".join(filter(None, (block["statement"], block["poster_source"]))),
                "poster": block["poster"],
                "rows": {
                    row: _mean_and_spread([run[protocol][dataset] for run in runs])
                    for row, runs in found.items()
                },
            }
            for dataset, block in datasets.items()
        }
        for protocol, datasets in first.items()
    }


def _mean_and_spread(blocks: list[dict]) -> dict:
    runs = [next(iter(block["rows"].values())) for block in blocks]
    return {metric: _statistics([run[metric] for run in runs]) for metric in runs[0]}


def _statistics(values: list[float | None]) -> dict:
    if None in values:
        return {"mean": None, "spread": None, "values": values}
    spread = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.fmean(values), "spread": spread, "values": values}


def as_text(summary: dict) -> str:
    """Return the tables for a terminal."""
    return "\n\n".join(
        "\n".join([title, tables.as_text(table), statement])
        for title, table, statement in _tables(summary)
    )


def as_markdown(summary: dict) -> str:
    """Return the tables in markdown."""
    return "\n".join(
        f"## {title}\n\n{tables.as_markdown(table)}\n\n{statement}\n"
        for title, table, statement in _tables(summary)
    )


def _tables(summary: dict):
    for protocol, datasets in summary.items():
        for dataset, block in datasets.items():
            metrics = list(next(iter(block["rows"].values())))
            header = ["", *(metric.replace("_", " ") for metric in metrics)]
            published = [
                [f"poster: {row}", *(_cell(block["poster"][row].get(m)) for m in metrics)]
                for row in block["rows"]
                if row in block["poster"]
            ]
            rows = [
                [row, *(_cell(values[m]["mean"], values[m]["spread"]) for m in metrics)]
                for row, values in block["rows"].items()
            ]
            yield f"{protocol} on {dataset}", [header, *published, *rows], block["statement"]


def _cell(mean: float | None, spread: float | None = None) -> str:
    if mean is None:
        return "-"
    decimals = 3 if abs(mean) < 1 else 2
    return f"{mean:.{decimals}f}" + (f" ± {spread:.{decimals}f}" if spread is not None else "")
