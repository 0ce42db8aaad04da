"""Saying in a line what is waited for, where that takes long."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence

LONG_S = 60.0
_ANSWER_S = 10.0  # a file that gives nothing within it hangs


@contextlib.contextmanager
def said(what: Callable[[], str]) -> Iterator[None]:
    """Say on standard error what the block waits for, once, if it takes more than LONG_S.

    Args:
      what: returns the words then; it may take its time, the block goes on meanwhile.
    """
    timer = threading.Timer(LONG_S, _say, [what])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _say(what: Callable[[], str]) -> None:
    print(f"waiting for {LONG_S:.0f} s: {what()}", file=sys.stderr, flush=True)


def silent_file(paths: Sequence[str | os.PathLike]) -> str | os.PathLike | None:
    """Return the first of some files of which not even a byte comes, None if all answer.

    It may be a pipe that nobody writes to, or lie on a server that is away.
    """
    tried = []

    def look():
        for path in paths:
            tried.append(path)
            with contextlib.suppress(OSError), open(path, "rb") as file:
                file.read(1)

    thread = threading.Thread(target=look, daemon=True)  # which hangs with the file
    thread.start()
    while thread.is_alive():
        before = len(tried)
        thread.join(_ANSWER_S)
        if thread.is_alive() and 0 < len(tried) == before:
            return tried[-1]
    return None
