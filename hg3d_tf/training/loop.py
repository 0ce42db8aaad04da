"""The loop over epochs and steps, which can be left and entered again at any step."""

import time
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from hg3d_tf.network.keras_api import keras
from hg3d_tf.training import strategies
from hg3d_tf.training.guards import NonfiniteGuard, StopSignals
from hg3d_tf.training.state import TrainCheckpoints, TrainState

Measure = Callable[[int], dict[str, float]]  # epoch -> validation metrics


class TrainLoop:
    """Take steps; at the end of an epoch measure, log, and save.

    Args:
      state: where to start from and what to change.
      checkpoints: of that state.
      guard: against steps that are not finite.
      callbacks: Keras callbacks; of their methods, on_train_*, on_epoch_* and on_train_batch_end
        are called.
      steps_per_epoch: batches in an epoch.
      epochs: number of epochs to reach.
      save_minutes: time between checkpoints inside an epoch; 0 for none.
      save_steps: steps between checkpoints inside an epoch; 0 for none.
      measure: what validates at the end of an epoch, or None.
    """

    def __init__(
        self,
        state: TrainState,
        checkpoints: TrainCheckpoints,
        guard: NonfiniteGuard,
        callbacks: Sequence[keras.callbacks.Callback],
        steps_per_epoch: int,
        epochs: int,
        save_minutes: float = 0.0,
        save_steps: int = 0,
        measure: Measure | None = None,
    ):
        self.state = state
        self.checkpoints = checkpoints
        self.guard = guard
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.save_seconds = 60 * save_minutes or float("inf")
        self.save_steps = save_steps
        self.measure = measure
        self.callbacks = callbacks
        for callback in callbacks:
            callback.set_params({"epochs": epochs, "steps": steps_per_epoch})
            callback.set_model(state.model)
        self.step, self.epoch = int(state.step.numpy()), int(state.epoch.numpy())
        self._take_step = create_step(state)
        self._signals = StopSignals()

    def run(self, batches: Iterator) -> None:
        """Train to the end on the batches that follow the state's step.

        Raises:
          SystemExit: after SIGTERM or Ctrl-C, with everything saved.
          UserError: if a step is not finite, or a checkpoint cannot be written.
        """
        self._saved = time.monotonic()
        with self._signals:
            self._call("on_train_begin")
            while self.epoch < self.epochs:
                self._run_epoch(batches)
            self._call("on_train_end")

    def _run_epoch(self, batches: Iterator) -> None:
        first, end = (n * self.steps_per_epoch for n in (self.epoch, self.epoch + 1))
        if self.step == first:
            self.state.model.reset_metrics()
        self._call("on_epoch_begin", self.epoch)
        while self.step < end:
            self._run_step(batches, end)
        self._end_epoch()

    def _run_step(self, batches: Iterator, end: int) -> None:
        stop, save = self._take_one(next(batches))
        if stop or (save and self.step < end):
            self._save()
        if stop:
            self._signals.stop()

    def _take_one(self, batch) -> tuple[bool, bool]:
        """Take a step; return whether all shall stop and whether all shall save."""
        now = [self._signals.requested, self._is_due()]
        results = self._take_step(batch, tf.constant(now, tf.float32))
        results = tf.nest.map_structure(lambda tensor: tensor.numpy(), results)
        # Before the first step is compiled there is nothing to save: a signal ends the program.
        self._signals.deferred = True
        stop, save = results.pop("requests") > 0
        self.guard.check(self.step, results)
        self.step += 1
        place = self.step - self.epoch * self.steps_per_epoch
        self._call("on_train_batch_end", place - 1, results | {"step": self.step})
        return stop, save

    def _is_due(self) -> bool:
        """Return whether the step to come is one after which to save."""
        if self.save_steps and (self.step + 1) % self.save_steps == 0:
            return True
        return time.monotonic() - self._saved > self.save_seconds

    def _end_epoch(self) -> None:
        means = self.state.model.metrics
        logs = {"step": self.step} | {mean.name: float(mean.result()) for mean in means}
        if self.measure:
            self._save()
            self._signals.deferred = False  # measuring can take long and is done again
            logs |= self.measure(self.epoch)
            self._signals.deferred = True
        self._call("on_epoch_end", self.epoch, logs)
        self.epoch += 1
        self._save()

    def _save(self) -> None:
        self.state.step.assign(self.step)
        self.state.epoch.assign(self.epoch)
        self.checkpoints.save()
        self._saved = time.monotonic()

    def _call(self, method: str, *arguments) -> None:
        for callback in self.callbacks:
            getattr(callback, method)(*arguments)


def create_step(state: TrainState):
    """Return the function that takes a step on a batch of all replicas.

    It also takes this process's requests [2], to stop and to save, and returns under "requests"
    those of any process: several must stop and save after the same step.
    """
    model, strategy = state.model, state.model.distribute_strategy
    several_processes = strategies.num_processes(strategy) > 1

    def on_replica(batch, requests):
        results = model.take_step(batch)
        if several_processes:
            context = tf.distribute.get_replica_context()
            requests = tf.identity(requests)  # on the replica's device, which reducing asks for
            requests = context.all_reduce(tf.distribute.ReduceOp.SUM, requests)
        return results | {"requests": requests}

    @tf.function(autograph=False)  # no Python control flow to convert: traced in half of the time
    def take_step(batch, requests):
        results = strategy.run(on_replica, args=(batch, requests))
        state.update_average()
        return strategies.first_replica(strategy, results)

    return take_step
