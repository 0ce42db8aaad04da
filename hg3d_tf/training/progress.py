"""How a training is seen while it runs."""

import sys

from tqdm import tqdm

from hg3d_tf.network.keras_api import keras

_LINE_SECONDS = 60  # between two lines of progress where there is no terminal


class ProgressBar(keras.callbacks.Callback):
    """Images, images a second, the time left, the loss; a line a minute where it is no terminal."""

    def __init__(self, batch_size: int):
        super().__init__()
        self.batch_size = batch_size
        self.bar = None

    def on_epoch_begin(self, epoch, logs=None):
        terminal = sys.stderr.isatty()
        self.bar = tqdm(
            total=self.params["steps"] * self.batch_size,
            desc=f"epoch {epoch + 1}/{self.params['epochs']}",
            unit="image",
            mininterval=0.5 if terminal else _LINE_SECONDS,
            dynamic_ncols=terminal,
            file=sys.stderr if terminal else _Lines(),
        )

    def on_train_batch_end(self, batch, logs=None):
        # A training that goes on may enter an epoch at any step.
        self.bar.set_postfix(loss=f"{logs['loss']:.3g}", refresh=False)
        if self.bar.n == 0:
            self.bar.initial = batch * self.batch_size
            self.bar.n = self.bar.last_print_n = self.bar.initial
        self.bar.update(self.batch_size)

    def on_epoch_end(self, epoch, logs=None):
        shown = {name: f"{value:.3g}" for name, value in logs.items() if name != "step"}
        self.bar.set_postfix(shown, refresh=False)
        self.bar.close()


class _Lines:
    """A text stream that writes each state of a progress bar as a line to stderr."""

    def write(self, text: str) -> None:
        if text.strip():
            sys.stderr.write(text.strip() + "\n")

    def flush(self) -> None:
        sys.stderr.flush()
