"""Targets by step, runs by score, score by trials: against enumeration and against the board."""

import itertools

import numpy as np
import pytest
import samples

from bench.records.record import Budget
from bench.records.store import Store
from bench.scores import profiles
from bench.scores.metrics import METRICS, step_weights
from bench.scores.results import load, task_scores

ANYTIME = METRICS["anytime"]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = samples.folder(tmp_path_factory.mktemp("profiles") / "out")
    Store(folder).write(samples.failed("valley", "rmsprop"))
    Store(folder).write(samples.record("bowl", "newton", samples.curves(2.0), kind="oracle"))
    return load(folder)


def test_the_area_under_targets_by_step_is_anytime(results):
    shown = profiles.ecdf(results, "bowl")
    means = dict(zip(results.optimizers, task_scores(results, "bowl", ANYTIME).mean(axis=1), strict=True))
    assert set(shown.lines) == {"sgd", "adam", "gru-a", "newton", "rmsprop"}
    for name, line in shown.lines.items():
        assert line @ step_weights(shown.x) == pytest.approx(means[name], abs=1e-12)
        assert (np.diff(line) >= 0).all()
    assert shown.lines["rmsprop"].max() == 0


def test_over_all_tasks_each_weighs_the_same_and_partial_oracles_are_left_out(results):
    shown = profiles.ecdf(results)
    assert set(shown.lines) == {"sgd", "adam", "gru-a", "rmsprop"}
    each = [profiles.ecdf(results, task).lines["adam"] for task in results.tasks]
    np.testing.assert_allclose(shown.lines["adam"], np.mean(each, axis=0))


def test_tasks_of_other_budgets_hold_what_they_reached(tmp_path):
    store = Store(tmp_path / "out")
    short, long = Budget(steps=10, seeds=4), Budget(steps=20, seeds=4)
    for task, budget in (("a", short), ("b", long)):
        store.write(samples.record(task, "sgd", samples.curves(0.5, steps=budget.steps, seeds=4), budget=budget))
    shown = profiles.ecdf(load(tmp_path / "out"))
    a, b = (profiles.ecdf(load(tmp_path / "out"), task).lines["sgd"] for task in "ab")
    assert shown.x.tolist() == list(range(21))
    np.testing.assert_allclose(shown.lines["sgd"], (np.append(a, [a[-1]] * 10) + b) / 2)


@pytest.mark.parametrize("name", ["anytime", "mean_loss"])
def test_a_profile_is_the_share_of_runs_at_least_that_good(results, name):
    metric = METRICS[name]
    shown = profiles.profile(results, metric)
    for level in (0, 30, 77, 100):
        every = [task_scores(results, task, metric)[results.optimizers.index("adam")] for task in results.tasks]
        good = [np.mean(metric.sign * scores >= metric.sign * shown.x[level]) for scores in every]
        assert shown.lines["adam"][level] == pytest.approx(np.mean(good), abs=1e-12)
    assert shown.lines["adam"][0] == 1
    assert "newton" not in shown.lines


@pytest.mark.parametrize(("name", "best"), [("anytime", max), ("final", min)])
def test_the_best_of_k_trials_is_that_of_all_ways_to_draw_k(name, best):
    scores = [0.3, 0.1, 0.9, 0.4, 0.35, 0.2]
    curve = profiles.trial_curve(samples.record(trials={"trial": list(range(6)), name: scores}), METRICS[name])
    assert curve.k.tolist() == [1, 2, 4, 6]
    for k, mean, low, median, high in zip(*curve, strict=True):
        drawn = [best(each) for each in itertools.combinations(scores, int(k))]
        assert mean == pytest.approx(np.mean(drawn))
        quartiles = np.quantile(drawn, [0.25, 0.5, 0.75], method="inverted_cdf")
        assert [low, median, high] == pytest.approx(quartiles)


def test_what_was_not_tuned_has_no_trial_curve(results):
    assert set(profiles.trial_curves(results, "bowl", ANYTIME)) == {"adam", "sgd"}
    assert profiles.trial_curve(samples.record(trials={}), ANYTIME) is None
    assert profiles.trial_curve(samples.failed(), ANYTIME) is None


def test_a_trial_without_a_number_is_the_worst():
    record = samples.record(trials={"trial": [0, 1], "final": [np.nan, 2.0]})
    curve = profiles.trial_curve(record, METRICS["final"])
    assert curve.mean.tolist() == [(METRICS["final"].worst + 2.0) / 2, 2.0]
