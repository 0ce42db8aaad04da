"""Measures how fast people are rendered; `hg3d_tf.benchmark --what=build --assets_dir=` runs it.

Each checkout has a process of its own; they take turns, a few pictures each, so that what else
the machine does slows all down alike. Processor time, of one core. Prints JSON.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_TURN = 4  # pictures
_WARM_TURNS = 16  # in which photos are read, once
_CONFIG, _SIZE = "street_makehuman", 192


class Checkout:
    """A process that renders with the code of a checkout."""

    def __init__(self, folder: Path, assets_dir: str):
        self._folder = folder
        paths = os.pathsep.join([str(folder), str(folder / "datasets")])
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__, "--assets_dir", assets_dir, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"},
        )

    def seconds(self, turn: int) -> float:
        """Return what one turn took."""
        line = ""
        with contextlib.suppress(BrokenPipeError):
            print(turn, file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._folder} does not render")
        return float(line)

    def close(self) -> None:
        """Let the process end."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve(assets_dir: str) -> None:
    """Render in the turns whose numbers are read, and print what each took."""
    # Its names are those of any commit.
    from synthetic_humans import synthetic_humans_dataset_builder as builder

    for line in sys.stdin:
        numbers = range(_TURN * int(line), _TURN * (int(line) + 1))
        tasks = [builder.examples.Task(_CONFIG, "train", n, 0, _SIZE, assets_dir) for n in numbers]
        start = time.process_time()
        for _ in builder.render_all(tasks, 1):
            pass
        print(time.process_time() - start, flush=True)


def measure(assets_dir: str, against: str | None, turns: int) -> dict:
    """Return pictures a second of one core here and in the other checkout, and their ratio."""
    folders = [_ROOT] + ([Path(against).resolve()] if against else [])
    checkouts = [Checkout(folder, assets_dir) for folder in folders]
    totals = [0.0] * len(checkouts)
    for turn in range(_WARM_TURNS + turns):
        for row, checkout in enumerate(checkouts):
            seconds = checkout.seconds(turn)
            totals[row] += seconds if turn >= _WARM_TURNS else 0
    for checkout in checkouts:
        checkout.close()
    names = ("pictures_per_second", "against_pictures_per_second")
    rates = {
        name: round(_TURN * turns / total, 1) for name, total in zip(names, totals, strict=False)
    }
    return rates | ({"ratio": round(totals[1] / totals[0], 2)} if against else {})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets_dir", required=True, help="see the README")
    parser.add_argument("--against", help="folder of another commit")
    parser.add_argument("--turns", type=int, default=100, help="of 4 pictures")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.assets_dir)
    else:
        measured = measure(arguments.assets_dir, arguments.against, arguments.turns)
        print(json.dumps(measured))


if __name__ == "__main__":
    main()
