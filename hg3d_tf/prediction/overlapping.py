"""Work on frames beside the networks: reading those to come, writing those that are done."""

import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

_AHEAD, _BEHIND = 3, 3  # frames that may lie in memory


def read_ahead(items: Iterable) -> Generator:
    """Yield items that a thread of its own takes out of an iterable, a few ahead.

    What the iterable raises is raised here. Closing ends the thread, after the item that it takes.
    """
    taken: queue.Queue = queue.Queue(_AHEAD)
    is_closed = threading.Event()

    def put(kind: str, value) -> bool:
        while not is_closed.is_set():
            try:
                taken.put((kind, value), timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def take() -> None:
        try:
            for item in items:
                if not put("item", item):
                    return
            put("end", None)
        except BaseException as error:  # Ctrl-C, where a film's end is one, too.
            put("error", error)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    try:
        while True:
            kind, value = taken.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        is_closed.set()
        thread.join()


class Behind:
    """Does calls one after the other in a thread of its own, a few behind; use it as a context.

    What a call raises is raised at one of the next, or at the end.
    """

    def __enter__(self):
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future] = deque()
        return self

    def __exit__(self, kind, *_):
        self._thread.shutdown(cancel_futures=kind is not None)
        if kind is None:
            self._wait(0)

    def do(self, call: Callable, *arguments) -> None:
        """Have `call(*arguments)` done after those before; wait where too many do."""
        self._wait(_BEHIND - 1)
        self._waiting.append(self._thread.submit(call, *arguments))

    def _wait(self, most: int) -> None:
        while len(self._waiting) > most:
            self._waiting.popleft().result()
