"""Measures how fast people are rendered; `hg3d_tf.benchmark --what=build --assets_dir=` runs it.

Each checkout has a process of its own; they take turns, a block of pictures each, so that what
else the machine does slows all down alike. Processor time, of one core. Prints JSON.
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
_BLOCK = 16  # pictures that share a person
_WARM_BLOCKS = 4  # in which photos are read, once
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

    def seconds(self, block: int) -> float:
        """Return what one block took."""
        line = ""
        with contextlib.suppress(BrokenPipeError):
            print(block, file=self._process.stdin, flush=True)
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
    """Render the blocks whose numbers are read, and print what each took."""
    # Its names are those of any commit.
    from synthetic_humans import synthetic_humans_dataset_builder as builder

    for line in sys.stdin:
        numbers = range(_BLOCK * int(line), _BLOCK * (int(line) + 1))
        tasks = [builder.examples.Task(_CONFIG, "train", n, 0, _SIZE, assets_dir) for n in numbers]
        start = time.process_time()
        for _ in builder.render_all(tasks, 1):
            pass
        print(time.process_time() - start, flush=True)


def measure(assets_dir: str, against: str | None, blocks: int) -> dict:
    """Return pictures a second of one core here and in the other checkout, and their ratio."""
    folders = [_ROOT] + ([Path(against).resolve()] if against else [])
    checkouts = [Checkout(folder, assets_dir) for folder in folders]
    totals = [0.0] * len(checkouts)
    for block in range(_WARM_BLOCKS + blocks):
        for row, checkout in enumerate(checkouts):
            seconds = checkout.seconds(block)
            totals[row] += seconds if block >= _WARM_BLOCKS else 0
    for checkout in checkouts:
        checkout.close()
    names = ("pictures_per_second", "against_pictures_per_second")
    rates = {
        name: round(_BLOCK * blocks / total, 1) for name, total in zip(names, totals, strict=False)
    }
    return rates | ({"ratio": round(totals[1] / totals[0], 2)} if against else {})


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets_dir", required=True, help="see the README")
    parser.add_argument("--against", help="folder of another commit")
    parser.add_argument("--blocks", type=int, default=20, help="of 16 pictures")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.assets_dir)
    else:
        measured = measure(arguments.assets_dir, arguments.against, arguments.blocks)
        print(json.dumps(measured))


if __name__ == "__main__":
    main()
