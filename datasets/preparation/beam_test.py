import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from lspet.lspet_dataset_builder import Builder
from lspet.lspet_dataset_builder_test import manual_dir  # noqa: F401
from preparation.painted_people import build, prepared

pytest.importorskip("apache_beam", reason="apache-beam is not installed: extra [beam]")


def test_beam_gives_the_same_records_and_report(manual_dir, tmp_path):  # noqa: F811
    plain = build(Builder, manual_dir, tmp_path / "plain")
    beam = build(Builder, manual_dir, tmp_path / "beam", beam_runner="DirectRunner")
    ours, theirs = prepared(beam, "train"), prepared(plain, "train")
    assert ours.keys() == theirs.keys() and ours
    for key, example in ours.items():
        for name, value in example.items():
            np.testing.assert_array_equal(value, theirs[key][name])
    reports = [Path(b.data_path) / "skipped.json" for b in (beam, plain)]
    assert json.loads(reports[0].read_text()) == json.loads(reports[1].read_text())
    assert isinstance(beam.info.splits["train"], tfds.core.SplitInfo)
