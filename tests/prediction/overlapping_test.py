"""Reading ahead and writing behind: order, what is raised, and threads that end."""

import itertools
import threading
import time

import pytest

from hg3d_tf.prediction import overlapping


def test_items_come_in_order_and_only_a_few_ahead():
    taken = []
    ahead = overlapping.read_ahead(taken.append(n) or n for n in range(50))
    assert next(ahead) == 0
    time.sleep(0.2)
    assert len(taken) <= 6
    assert list(ahead) == list(range(1, 50))


def test_closing_ends_the_thread():
    before = threading.active_count()
    ahead = overlapping.read_ahead(itertools.count())
    next(ahead)
    ahead.close()
    assert threading.active_count() == before


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_reading_raises_comes_after_the_items_before(error):
    def items():
        yield 1
        raise error("damaged")

    ahead = overlapping.read_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(error, match="damaged"):
        next(ahead)


def test_calls_are_done_in_order_before_the_block_ends():
    done = []
    with overlapping.Behind() as behind:
        for number in range(20):
            behind.do(lambda n: time.sleep(0.001) or done.append(n), number)
            assert number - len(done) < 4  # no more wait
    assert done == list(range(20))


def test_what_a_call_raises_is_raised():
    with pytest.raises(ZeroDivisionError), overlapping.Behind() as behind:
        behind.do(lambda: 1 / 0)
