"""Which configuration tuning chooses: on the tuning problems, and over these and the re-check's together."""

from dataclasses import replace

import numpy as np
import pytest
import samples

from bench.records.record import Budget
from bench.scores.metrics import METRICS
from bench.scores.selection import best_trials, choose, of_record, refused

LOSS, ANYTIME = METRICS["mean_loss"], METRICS["anytime"]


def test_the_best_come_first_and_no_number_last():
    assert best_trials([0.2, 0.7, np.nan, 0.7], ANYTIME, 3) == [1, 3, 0]
    assert best_trials([0.3, 0.1, np.inf, 0.9], LOSS, 9) == [1, 0, 3, 2]


def test_a_refused_trial_is_chosen_before_none_it_ties_with():
    """It scores as the worst there is, as others may do by a metric that none of them gains by."""
    trials = {"anytime": [0.0, 0.0, 0.0], "mean_log": [6.0, 5.9, 0.0]}
    lost = refused(trials)
    assert best_trials(trials["anytime"], ANYTIME, 3, lost) == [1, 2, 0]
    budget = Budget(trials=3, tuning_seeds=2, finalists=2, recheck_seeds=2)
    assert choose(trials["anytime"], {}, ANYTIME, budget, lost).trial == 1
    assert choose([0.0, 0.1, 0.0], {0: 0.1, 1: 0.0}, ANYTIME, budget, lost).trial == 1
    record = samples.record("rosenbrock", "sgd")
    record = record._replace(trials=trials, thetas={**record.thetas, "anytime": {}})
    assert of_record(record, ANYTIME) == pytest.approx((1, 0.0))


@pytest.mark.parametrize(("finalists", "expected"), [(3, (0, 0.3)), (1, (1, 0.4)), (0, (1, 0.1))])
def test_the_choice_is_by_the_mean_over_all_problems(finalists, expected):
    """16 problems at 0.1 and 48 at 0.5 are 0.4 on average, worse than 0.3 on all; better than 0.45."""
    budget = Budget(trials=4, tuning_seeds=16, finalists=finalists, recheck_seeds=48)
    again = {0: 0.3, 1: 0.5, 2: 0.45} if finalists else {}
    assert choose([0.3, 0.1, 0.45, 0.9], again, LOSS, budget) == pytest.approx(expected)


def test_of_a_stored_cell():
    """Two finalists on 2 and 6 problems: 0.1 and 0.9 are 0.7, 0.2 and 0.3 are 0.275; 0.4 was not raced again."""
    record = samples.record("rosenbrock", "sgd")._replace(trials={"trial": [0, 1, 2], "mean_loss": [0.1, 0.2, 0.4]})
    assert of_record(record, LOSS) == pytest.approx((0, 0.1))
    assert of_record(record, ANYTIME) is None
    budget = replace(record.cell.budget, tuning_seeds=2, finalists=2, recheck_seeds=6)
    checked = record._replace(
        cell=replace(record.cell, budget=budget), recheck={"trial": [0, 1], "mean_loss": [0.9, 0.3]}
    )
    assert of_record(checked, LOSS) == pytest.approx((1, 0.275))
