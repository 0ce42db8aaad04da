"""Several processes: the order of results, processes that die, what is raised."""

import itertools

import pytest
from support import work

from hg3d_tf.cli import UserError
from hg3d_tf.prediction.processes import Workers


def run(tasks, make=work.make):
    with Workers(make, 2, lambda task: f"lost {task}") as workers:
        return list(workers.run(tasks))


def test_results_come_in_order_from_each_process_and_one_that_dies_costs_its_task():
    tasks = ["wait", "wait", *range(40), "die", *range(40)]
    results = run(tasks)
    assert [task for task, _ in results] == tasks
    assert [result for _, result in results[:2]] == ["waited", "waited"]
    assert results[42] == ("die", "lost die")
    numbers = [result for task, result in results if isinstance(task, int)]
    assert [twice for twice, _ in numbers] == [2 * n for n in range(40)] * 2
    assert len({process for _, process in numbers}) >= 2


def test_few_tasks_are_taken_ahead_and_what_is_raised_is_raised_in_its_turn():
    taken = itertools.count()
    tasks = ("fail" if next(taken) == 3 else 1 for _ in range(1000))
    with Workers(work.make, 1, str) as workers:
        results = workers.run(tasks)
        for _ in range(3):
            assert next(results)[1][0] == 2
        with pytest.raises(OSError, match="No space left"):
            next(results)
    assert next(taken) < 50


@pytest.mark.parametrize(
    ("make", "words"),
    [(work.refuse, "no such model"), (work.vanish, r"status 3\) before it could")],
)
def test_what_cannot_start_is_said(make, words):
    with pytest.raises(UserError, match=words):
        run([1, 2], make)


def test_nothing_starts_for_nothing():
    assert run([], work.vanish) == []
