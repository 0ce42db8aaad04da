from hg3d_tf.training.progress import ProgressBar


def test_without_a_terminal_progress_is_lines(capsys):
    bar = ProgressBar(batch_size=4)
    bar.set_params({"epochs": 2, "steps": 10})
    bar.on_epoch_begin(0)
    for batch in range(5, 10):  # a training that goes on in the middle of an epoch
        bar.on_train_batch_end(batch, {"loss": 0.5})
    bar.on_epoch_end(0, {"step": 10, "loss": 0.5})
    lines = capsys.readouterr().err.splitlines()
    assert "epoch 1/2" in lines[-1] and "40/40" in lines[-1] and "loss=0.5" in lines[-1]
    assert "image/s" in lines[-1] and not any("\r" in line for line in lines)


def test_the_rate_counts_what_was_done_here_alone():
    progress = ProgressBar(batch_size=4)
    progress.set_params({"epochs": 1, "steps": 1000})
    progress.on_epoch_begin(0)
    now = progress.bar.start_t
    progress.bar._time = lambda: now  # a made-up clock: 2 steps a minute
    for batch in range(500, 520):
        now += 30
        progress.on_train_batch_end(batch, {"loss": 0.5})
    assert progress.bar.n == 2080
    assert 0.12 < progress.bar.format_dict["rate"] < 0.14  # 4 / 30 images a second
