"""What is left: as expected at first, as measured later, never beyond the whole."""

import math

import pytest

from bench.running.progress import Bar, Work


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def work(expected, lanes=1):
    clock = Clock()
    return clock, Work(expected, lanes, clock)


def test_before_anything_is_done_it_is_what_was_expected():
    clock, found = work([30.0, 10.0, 20.0])
    assert found.left == 60.0
    clock.now = 7.0
    assert found.left == 60.0


def test_shares_are_of_expected_seconds_not_of_jobs():
    _, found = work([30.0, 10.0, 20.0])
    found.share(0, 1.0)
    assert found.done == 0.5


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_from_the_first_fifth_on_it_is_within_a_factor_of_one_and_a_half(factor):
    """Where every job takes `factor` times what was expected, whatever the factor is."""
    expected = [2.0, 8.0, 5.0, 10.0, 3.0, 12.0, 4.0, 6.0]
    clock, found = work(expected)
    for number, seconds in enumerate(expected[:-1]):
        clock.now += factor * seconds
        found.share(number, 1.0)
        error = found.left / (factor * sum(expected[number + 1 :]))
        assert found.done < 0.2 or 1 / 1.5 < error < 1.5
        assert factor != 1.0 or error == pytest.approx(1.0)


def test_two_lanes_share_the_work_and_wait_for_the_longest():
    _, found = work([10.0, 10.0, 10.0, 10.0], lanes=2)
    assert found.left == 20.0
    _, found = work([2.0, 40.0], lanes=2)
    found.share(0, 1.0)
    assert found.left >= 40.0 * 0.2


def test_a_job_of_unknown_cost_counts_as_the_usual_one():
    _, found = work([10.0, math.nan, 20.0])
    assert found.left == 45.0


def test_without_expectations_nothing_is_said_before_the_first_share():
    clock, found = work([math.nan] * 4)
    assert math.isnan(found.left)
    clock.now = 5.0
    found.share(0, 1.0)
    assert found.left == pytest.approx(15.0)


def test_a_bar_never_passes_its_total():
    with Bar("cells", 3, 1, [1.0, 1.0]) as bar:
        for number in (0, 1):
            for _ in range(4):
                bar.share(number, 0.4)
            assert bar._tqdm.n <= 3
            bar.finished(number, "x")
        assert bar._tqdm.n == 3
