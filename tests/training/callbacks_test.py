import json

import pytest
from support import full_disk

from hg3d_tf.training import callbacks, report


def test_lines_after_the_checkpoint_and_half_lines_are_removed(tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"st')
    callbacks.keep_lines(path, "step", 2)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'
    callbacks.keep_lines(tmp_path / "missing.jsonl", "step", 2)


def test_an_epoch_that_was_logged_but_not_saved_is_logged_once(tmp_path):
    # Its last step was saved by a signal, its end was not: it is gone through again.
    log = callbacks.MetricsLog(tmp_path, 0, first_step=0, first_epoch=0)
    log.on_epoch_end(0, {"step": 5, "loss": 1.0})
    log = callbacks.MetricsLog(tmp_path, 0, first_step=5, first_epoch=0)
    log.on_epoch_end(0, {"step": 5, "loss": 1.0})
    assert len((tmp_path / callbacks.METRICS_FILE).read_text().splitlines()) == 1


def test_a_full_disk_is_named_and_the_half_line_is_gone_in_the_next_run(tmp_path):
    log = callbacks.MetricsLog(tmp_path, 0, first_step=0, first_epoch=0)
    log.on_epoch_end(0, {"step": 5, "loss": 1.0})
    whole = log.epochs.read_text()
    with full_disk.room_for(len(whole) + 10), pytest.raises(OSError) as raised:
        log.on_epoch_end(1, {"step": 10, "loss": 0.5})
    assert raised.value.filename == str(log.epochs)
    assert len(log.epochs.read_text()) == len(whole) + 10
    callbacks.MetricsLog(tmp_path, 0, first_step=5, first_epoch=1)
    assert log.epochs.read_text() == whole


def test_the_report_shows_first_and_last_epoch_and_the_curves(tmp_path):
    epochs = [
        {"epoch": e, "step": 10 * e, "loss": 1.0 / e, "validation_pck_box_010": 0.1 * e}
        for e in (1, 2)
    ]
    lines = "".join(json.dumps(line) + "\n" for line in epochs)
    (tmp_path / callbacks.METRICS_FILE).write_text(lines)
    (tmp_path / "flags.txt").write_text("--epochs=2\n")
    report.write(tmp_path)
    text = (tmp_path / report.REPORT_FILE).read_text()
    assert "| loss | 1 | 0.5 |" in text and "--epochs=2" in text
    assert (tmp_path / report.CURVES_FILE).read_bytes().startswith(b"\x89PNG")


def test_of_a_single_epoch_its_steps_are_drawn_and_no_value_stands_twice(tmp_path):
    epoch = {"epoch": 1, "step": 20, "loss": 0.5, "learning_rate": 1e-3}
    steps = [{"step": step, "loss": 1 / step, "gradient_norm": 1.0} for step in (10, 20)]
    (tmp_path / callbacks.METRICS_FILE).write_text(json.dumps(epoch) + "\n")
    report.write(tmp_path)
    assert "\n|  | epoch 1 |\n" in (tmp_path / report.REPORT_FILE).read_text()
    panels = report.draw_curves([epoch], steps).axes
    assert [panel.get_title() for panel in panels] == ["loss", "gradient norm"]
    assert all(len(panel.lines[0].get_xdata()) == 2 for panel in panels)
    assert {panel.get_xlabel() for panel in panels} == {"step"}
    # Without lines of steps there is nothing else to draw; two epochs are a curve.
    assert len(report.draw_curves([epoch], []).axes) == 2
    titles = [panel.get_title() for panel in report.draw_curves([epoch, epoch], steps).axes]
    assert titles == ["loss", "learning rate", "gradient norm"]


def test_without_epochs_there_is_no_report(tmp_path):
    report.write(tmp_path)
    assert not list(tmp_path.iterdir())
