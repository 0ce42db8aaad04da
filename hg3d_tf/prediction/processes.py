"""A function in several processes: results in the order of the tasks, also where one dies."""

import contextlib
import dataclasses
import multiprocessing
import signal
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing import connection
from typing import Any

from hg3d_tf.cli import UserError

# Tasks for each process whose results may wait for an earlier one.
_WAITING = 8
_LONGEST_END_S = 10


@dataclasses.dataclass
class _Slot:
    task: Any
    result: Any = None
    error: Exception | None = None
    is_done: bool = False


class Workers:
    """Processes that make a function once and call it on one task after the other.

    A context, of the main thread: its end ends them, after what each is at. They leave Ctrl-C to
    this process, and end when it does.

    Args:
      make: returns the function; it is sent to the processes, as are tasks and results.
      count: how many processes; one starts when there is a task for it.
      lost: function from a task to its result where the process ended in it: it was killed, or the
        task was too much for it. Another process goes on.
    """

    def __init__(self, make: Callable[[], Callable], count: int, lost: Callable):
        self._make, self._count, self._lost = make, count, lost
        # Not forked: a fork of a process that runs threads may hang.
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.process.join(_LONGEST_END_S)
            worker.process.kill()

    def run(self, tasks: Iterable) -> Iterator[tuple[Any, Any]]:
        """Yield each task with its result, in their order.

        Raises:
          UserError: that `make` raised; else whatever the function raised.
        """
        tasks, waiting, to_do = iter(tasks), deque(), deque()
        while True:
            while len(waiting) < self._count * _WAITING and (slot := _next(tasks)):
                waiting.append(slot)
                to_do.append(slot)
            if not waiting:
                return
            self._give_out(to_do)
            if not waiting[0].is_done:
                self._take_in()
            while waiting and waiting[0].is_done:
                slot = waiting.popleft()
                if slot.error is not None:
                    raise slot.error
                yield slot.task, slot.result

    def _give_out(self, to_do: deque) -> None:
        idle = [worker for worker in self._workers if worker.is_ready and not worker.slot]
        while to_do and idle:
            idle.pop().give(to_do.popleft())
        starting = sum(not worker.is_ready for worker in self._workers)
        for _ in range(min(self._count - len(self._workers), len(to_do) - starting)):
            self._workers.append(_Worker(self._context, self._make))

    def _take_in(self) -> None:
        """Wait until a process has something to say."""
        busy = {w.connection: w for w in self._workers if w.slot or not w.is_ready}
        for ready in connection.wait(list(busy)):
            worker = busy[ready]
            try:
                worker.take()
            except (EOFError, ConnectionError):
                self._workers.remove(worker)
                worker.end(self._lost)


class _Worker:
    """A process, and the task that it is at."""

    def __init__(self, context, make: Callable):
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, make), daemon=True)
        # What is ignored here is ignored there, from the first moment on.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.process.start()
        finally:
            signal.signal(signal.SIGINT, before)
        other.close()
        self.slot: _Slot | None = None
        self.is_ready = False

    def give(self, slot: _Slot) -> None:
        self.slot = slot
        # If the process is gone the connection says so when it is read.
        with contextlib.suppress(ConnectionError):
            self.connection.send(slot.task)

    def take(self) -> None:
        result, error = self.connection.recv()
        if self.is_ready:
            self.slot.result, self.slot.error, self.slot.is_done = result, error, True
            self.slot = None
        elif error is not None:
            raise error
        self.is_ready = True

    def end(self, lost: Callable) -> None:
        self.process.join(_LONGEST_END_S)
        if not self.is_ready:
            code = self.process.exitcode
            raise UserError(f"--processes: one ended (status {code}) before it could start")
        self.slot.result, self.slot.is_done = lost(self.slot.task), True


def _next(tasks: Iterator) -> _Slot | None:
    return next(map(_Slot, tasks), None)


def _serve(channel: connection.Connection, make: Callable) -> None:
    # Until the other process wants no more, or is gone.
    with contextlib.suppress(EOFError, ConnectionError):
        function, error = _outcome(make)
        channel.send((None, error))
        while error is None:
            channel.send(_outcome(function, channel.recv()))


def _outcome(function: Callable, *arguments) -> tuple[Any, Exception | None]:
    try:
        return function(*arguments), None
    except Exception as error:
        error.add_note(traceback.format_exc())
        return None, error
