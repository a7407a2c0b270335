"""The rules of the paper's claims on numbers by hand: held in every network, not held if one shows it is not."""

import math

import numpy as np
import pytest
from paper_samples import HELD, NOT, OPEN, ladder, on, race, said, seed

from bench.studies.paper.extract import quantity
from bench.studies.paper.figure_rules import LEARNED, Curve, Figure, OfProblems, TunedRate, likely_means
from bench.studies.paper.plan import LINEAR, REPLICATION, ROSENBROCK
from bench.studies.paper.probe_rules import BeyondTwins, Present, Says, _each_once
from bench.studies.paper.race_rules import Beats, Decomposable, EndsAbove, Order, WorseThan
from bench.studies.paper.rules import Between, Everywhere, MoreThan, Somewhere

READ = quantity("number")


@pytest.mark.parametrize(
    ("numbers", "bound", "most", "word"),
    [
        ((0.9, 0.95, 1.0), 0.9, False, HELD),
        ((0.9, 0.89, 1.0), 0.9, False, NOT),
        ((0.01, 0.02, 0.05), 0.05, True, HELD),
        ((0.01, 0.1, 0.02), 0.05, True, NOT),
        ((1.0, math.inf), 1, True, NOT),
        ((1.0, None, 1.0), 0.9, False, OPEN),
        ((1.0, math.nan, 1.0), 0.9, False, OPEN),
        ((), 0.9, False, OPEN),
    ],
)
def test_a_threshold_in_every_network(numbers, bound, most, word):
    assert said(Everywhere("it", READ, bound, most), *map(seed, numbers)) == word


def test_the_reason_counts_and_names():
    found = Everywhere("it", READ, 0.9).judge({LINEAR: on(seed(1.0), seed(0.5), seed(0.2))}, LINEAR)
    assert found[:3] == pytest.approx((1.7 / 3, 0.2, 1.0))
    assert found.reason == "not so in 2 of 3"
    lost = Everywhere("it", READ, 0.9).judge({LINEAR: on(seed(1.0), seed(None)._replace(name="lost"))}, LINEAR)
    assert lost.reason == "not measured for lost"
    failed = seed(None)._replace(name="far", failed="readings: it diverges")
    said = Everywhere("it", READ, 0.9).judge({LINEAR: on(failed)}, LINEAR)
    assert said.reason == "not measured for far (readings: it diverges)"


def test_a_number_between_two():
    rule = Between("it", READ, 0.5, 2)
    assert [said(rule, *map(seed, n)) for n in ((0.5, 2.0), (0.4, 1.0), (1.0, 2.1))] == [HELD, NOT, NOT]


@pytest.mark.parametrize(
    ("numbers", "settings", "word"),
    [
        ((8.0, 12.0), {}, HELD),
        ((10.4, 12.0), {}, HELD),  # 10 × 1.05
        ((10.6, 12.0), {}, NOT),
        ((8.0, 9.6), {}, HELD),  # 10 / 1.05 = 9.52
        ((8.0, 9.5), {}, NOT),
        ((11.2, 12.0), {"decades": 0.05}, HELD),  # 10 × 10^0.05 = 11.22
        ((11.3, 12.0), {"decades": 0.05}, NOT),
        ((10.9, 12.0), {"absolute": 1.0}, HELD),
        ((11.1, 12.0), {"absolute": 1.0}, NOT),
        ((math.inf, math.inf), {}, NOT),
        ((10.0, math.nan), {}, OPEN),
    ],
)
def test_a_number_read_off_a_figure(numbers, settings, word):
    assert said(Figure("it", READ, 10.0, **settings), *map(seed, numbers)) == word


def test_what_one_more_network_may_show():
    """Logarithms 0, 0.1 and 0.2: mean 0.1, deviation 0.1; 4.303 × 0.1 × √(4/3) = 0.497 either side."""
    numbers = [math.exp(each) for each in (0.0, 0.1, 0.2)]

    def reason(paper):
        return Figure("it", READ, paper).judge({LINEAR: on(*map(seed, numbers))}, LINEAR).reason

    assert reason(1.1) == "within"
    assert reason(1.7) == "ours are below it, the nearest ×0.718; one more network may reach it (0.672 to 1.82)"
    assert "one more network would not reach it" in reason(2.0)


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        (("present",) * 3, HELD),
        (("absent",) * 3, NOT),
        (("present", "present", "absent"), NOT),
        (("present", "undecided", "present"), OPEN),
        (("undecided",) * 3, OPEN),
    ],
)
def test_a_probes_verdict(verdicts, word):
    assert said(Present("schedule"), *(seed(verdict=v) for v in verdicts)) == word
    assert said(Present("clipping"), *(seed(verdict=v) for v in verdicts)) == OPEN  # not read


def test_an_undecided_probe_says_what_would_decide():
    lost = seed(verdict="undecided")
    lost.readings["schedule"]["would_change"] = "longer runs"
    found = Present("schedule").judge({LINEAR: on(seed(), lost)}, LINEAR)
    assert found.reason == "the probe is undecided in 1 of 2. longer runs (gru)"


def test_what_would_decide_is_said_once_with_the_numbers_of_each():
    told = {
        "a": "It would be so if it rose (it falls by 2).",
        "b": "It would be so if it rose (it falls by 3).",
        "c": "No.",
    }
    assert _each_once(told) == ["It would be so if it rose (a: it falls by 2; b: it falls by 3)", "No (c)"]


def test_discovered_is_present_and_beyond_the_untrained():
    rule = BeyondTwins("schedule")
    far, near = {"beyond": True, "present": 0.5}, {"beyond": False, "present": 0.9}
    assert said(rule, seed(twins=far), seed(twins=far)) == HELD
    assert said(rule, seed(twins=far), seed(twins=near)) == NOT
    assert said(rule, seed(twins=far), seed(twins=far, verdict="absent")) == NOT
    assert said(rule, seed(twins=far), seed(twins=far, verdict="undecided")) == OPEN
    assert said(rule, seed(twins=far), seed(twins={**near, "beyond": None})) == OPEN
    assert said(rule, seed(twins=far), seed()) == OPEN
    found = rule.judge({LINEAR: on(seed(twins=far), seed(twins=near))}, LINEAR)
    assert found[:3] == pytest.approx((0.7, 0.5, 0.9))


def test_a_word_of_a_reading():
    rule = Says("schedule", "shape", "falls")
    assert said(rule, seed(shape="falls"), seed(shape="falls")) == HELD
    found = rule.judge({LINEAR: on(seed(shape="falls"), seed(shape="rises"))}, LINEAR)
    assert (found.verdict, found.reason) == (NOT, "not so in 1 of 2; the probe says: falls, rises")
    assert said(rule, seed(shape="falls"), seed()) == OPEN


def test_one_network_is_enough_for_what_the_paper_shows_once():
    rule = Somewhere("it", READ)
    assert [said(rule, *map(seed, numbers)) for numbers in ((0, 1, 0), (0, 0, 0), (1,))] == [HELD, NOT, HELD]


def test_more_on_one_task_than_on_another():
    rule = MoreThan("it", READ, ROSENBROCK)

    def between(here, there):
        both = {LINEAR: on(*map(seed, here)), ROSENBROCK: on(*map(seed, there))}
        return rule.judge(both, LINEAR).verdict

    assert between((3, 4), (1, 2)) == HELD
    assert between((1, 2), (3, 4)) == NOT
    assert between((1, 3), (2, 4)) == NOT
    assert rule.judge({LINEAR: on(seed(1), seed(1))}, LINEAR).verdict == OPEN


def raced(*levels):
    return [seed(raced=race(level)) for level in levels]


def test_a_race_against_one_baseline():
    found = Beats("adam").judge({LINEAR: on(*raced(1.0, 1.5))}, LINEAR)
    assert found[:3] == pytest.approx((0.625, 0.5, 0.75))  # same pattern: ratios without spread
    assert found.verdict == HELD
    assert said(Beats("adam"), *raced(1.0, 3.0)) == NOT
    noisy = race(2.0)
    noisy["scores"] = {"mean_loss": 2 + np.array([40.0, -2.0] * 8)[::-1] / 20}
    found = Beats("adam").judge({LINEAR: on(*raced(2.9), baselines={"adam": noisy})}, LINEAR)
    assert (found.verdict, found.reason) == (OPEN, "the interval reaches across 1 in 1 of 1")


def test_who_ends_lower_and_which_group_is_worse():
    baselines = {"momentum": race(1.0)}
    rule = EndsAbove("momentum")
    assert [said(rule, *raced(*each), baselines=baselines) for each in ((2, 3), (0.5, 0.3), (0.5, 3))] == [
        HELD,
        NOT,
        NOT,
    ]
    plain = on(*raced(2.0, 3.0), group="plain")
    both = plain._replace(groups={**plain.groups, REPLICATION: tuple(raced(1.0, 1.5))})
    assert WorseThan(REPLICATION).judge({LINEAR: both}, LINEAR).value == pytest.approx(2.0)
    assert WorseThan(REPLICATION).judge({LINEAR: both}, LINEAR).verdict == HELD
    assert WorseThan(REPLICATION).judge({LINEAR: plain}, LINEAR).verdict == OPEN


def test_means_of_other_problems():
    assert likely_means(np.full(16, 3.0)) == (3.0, 3.0)
    low, high = likely_means(np.arange(512.0))  # deviation 147.8, of a mean of 128 and of ours together 14.6
    assert (low, high) == pytest.approx((255.5 - 28.6, 255.5 + 28.6), abs=2.5)
    assert likely_means(np.arange(1.0, 9.0), 2 * np.arange(1.0, 9.0)) == pytest.approx((0.5, 0.5))


def test_numbers_of_the_problems_and_of_baselines():
    """Mean over the run 2, initial 10: a share of 0.2, and no spread of it."""
    of_share = [said(OfProblems("momentum", "share", paper)) for paper in (0.2, 0.209, 0.191, 0.22, 0.18)]
    assert of_share == [HELD, HELD, HELD, NOT, NOT]
    assert [said(TunedRate(rate)) for rate in (0.5, 0.42, 0.39, 0.83, 0.37, 0.9)] == [HELD] * 4 + [NOT] * 2


def test_curves_and_orders():
    curve = [float(100 - i / 2) for i in range(201)]  # 75 at 50, 50 at 100, 0 at 200; ± 10 % over problems
    learned = [seed(raced=race(curve=curve))] * 2
    assert said(Curve(LEARNED, {50: 80, 100: 50}), *learned) == HELD
    found = Curve(LEARNED, {50: 80, 100: 30}).judge({LINEAR: on(*learned)}, LINEAR)
    assert (found.verdict, found.reason) == (NOT, "75 at 50, 50 at 100; not so at 100")
    assert said(Curve("adam", {50: 2.2}), *learned) == HELD
    assert said(Curve("adam", {50: 2.4}), *learned) == NOT
    baselines = {"momentum": race(60.0), "rmsprop": race(90.0), "adam": race(40.0)}
    order = ("adam", LEARNED, "momentum", "rmsprop")
    assert said(Order(100, order), *learned, baselines=baselines) == HELD
    assert said(Order(50, order), *learned, baselines=baselines) == NOT


def test_the_ladder():
    whole = seed(ablation=ladder(True))
    broken = seed(ablation=ladder(False))
    assert said(Decomposable(), whole, whole) == HELD
    assert said(Decomposable(), broken, whole) == NOT
    assert said(Decomposable(), seed(), whole) == OPEN
