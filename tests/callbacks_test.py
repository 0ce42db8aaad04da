import json

from hg3d_tf import callbacks, training_report


def test_lines_after_the_checkpoint_and_half_lines_are_removed(tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
    callbacks.keep_lines(path, 2)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'
    callbacks.keep_lines(tmp_path / "missing.jsonl", 2)


def test_the_report_shows_first_and_last_epoch_and_the_curves(tmp_path):
    epochs = [
        {"epoch": e, "step": 10 * e, "loss": 1.0 / e, "validation_pck_box_010": 0.1 * e}
        for e in (1, 2)
    ]
    lines = "".join(json.dumps(line) + "\n" for line in epochs)
    (tmp_path / callbacks.METRICS_FILE).write_text(lines)
    (tmp_path / "flags.txt").write_text("--epochs=2\n")
    training_report.write(tmp_path)
    report = (tmp_path / training_report.REPORT_FILE).read_text()
    assert "| loss | 1 | 0.5 |" in report and "--epochs=2" in report
    assert (tmp_path / training_report.CURVES_FILE).read_bytes().startswith(b"\x89PNG")


def test_without_epochs_there_is_no_report(tmp_path):
    training_report.write(tmp_path)
    assert not list(tmp_path.iterdir())
