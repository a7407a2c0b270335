"""Metrics: known answers, and what must hold for any curve."""

import math

import numpy as np
import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.errors import UserError
from bench.records.record import Runs
from bench.scores import metrics
from bench.scores.metrics import CAP, METRICS, studied, summarize


def curve(*losses):
    values = np.array(losses, "float64")
    return summarize(np.arange(len(values)), values)


def score(name, runs, floor=0.0):
    return METRICS[name].score(runs, floor)


any_loss = st.one_of(st.floats(0, 1e8, width=32), st.sampled_from([math.inf, math.nan, 0.0, 1e30, -math.inf]))
any_losses = arrays("float32", (3, 7), elements=any_loss)


def test_the_five_in_order():
    assert list(METRICS) == ["anytime", "mean_loss", "mean_log", "final", "best"]
    assert [m.better for m in METRICS.values()] == ["higher", "lower", "lower", "lower", "lower"]
    assert [m.worst for m in METRICS.values()] == [0.0, 1e6, 6.0, 1e6, 1e6]
    assert [m.comparison for m in METRICS.values()] == ["ratio", "ratio", "difference", "ratio", "ratio"]
    assert studied() == ("mean_loss", "mean_log", "final")


def test_unknown_metric_names_the_known_ones():
    with pytest.raises(UserError, match=r"unknown metric 'auc'; known: anytime, mean_loss"):
        metrics.get("auc")


def test_ratios_by_hand():
    runs = curve(4.0, 2.0, 1.0, 2.0)
    assert score("mean_loss", runs) == pytest.approx((1 + 0.5 + 0.25 + 0.5) / 4)
    assert score("mean_log", runs) == pytest.approx(np.log10([1, 0.5, 0.25, 0.5]).mean())
    assert score("final", runs) == 0.5
    assert score("best", runs) == 0.25


def test_diverged_runs_count_as_the_cap():
    runs = curve(2.0, 1.0, math.inf, math.nan)
    assert runs.diverged == 2
    assert score("mean_loss", runs) == (1 + 0.5 + 2 * CAP) / 4
    assert score("final", runs) == CAP
    assert score("best", runs) == 0.5
    assert curve(2.0, 2.1 * CAP, 1.0).diverged == 1
    assert curve(2.0, 2.0 * CAP, 1.0).diverged == -1


def test_step_weights_are_gaps_of_the_log_axis():
    weights = metrics.step_weights(np.array([0, 1, 3]))
    assert weights == pytest.approx(np.log([2, 2, 5 / 4]) / math.log(5))
    assert weights.sum() == pytest.approx(1)


def test_anytime_by_hand():
    # a tenth of the gap is 50/6 = 8.33 targets down: 8 of 50; a millionth is all of them
    steps = np.array([0, 1, 3])
    losses = np.array([3.0, 1.2, 1.0 + 1e-6])
    runs = summarize(np.arange(3), losses)._replace(steps=steps)
    weights = np.log([2, 2, 5 / 4]) / math.log(5)
    assert score("anytime", runs, 1.0) == pytest.approx(weights @ [0, 8 / 50, 1])


def test_anytime_at_its_ends():
    assert score("anytime", curve(1.0, 1.0, 1.0)) == 0.0
    assert score("anytime", curve(1.0, 1e-6)) == pytest.approx(math.log(1.5) / math.log(3))
    assert score("anytime", curve(1.0, 1.0), floor=1.0) == 1.0
    assert score("anytime", curve(1.0, 0.5), floor=2.0) == 1.0
    assert score("anytime", curve(math.nan, 0.5)) == 0.0


def test_a_diverged_run_keeps_what_it_reached():
    kept = score("anytime", curve(1.0, 1e-3, math.nan, math.inf))
    assert kept == score("anytime", curve(1.0, 1e-3, 1e-3, 1e-3)) > 0


@given(any_losses)
def test_scores_are_finite_and_never_worse_than_failing(losses):
    runs = samples.runs(losses)
    for metric in METRICS.values():
        scores = metric.score(runs, 0.0)
        assert scores.shape == (3,)
        assert np.isfinite(scores).all()
        assert (metric.sign * scores >= metric.sign * metric.worst - 1e-9).all()


@given(any_losses)
def test_a_row_does_not_depend_on_company(losses):
    for metric in METRICS.values():
        together = metric.score(samples.runs(losses), 0.0)
        alone = [metric.score(samples.runs(row[None]), 0.0)[0] for row in losses]
        assert together.tolist() == alone


@given(arrays("float64", 6, elements=st.floats(1e-9, 1e3)), st.integers(1, 5), st.floats(0, 1))
def test_lower_losses_never_score_worse(losses, step, share):
    better = losses.copy()
    better[step] *= share
    for metric in METRICS.values():
        before = metric.score(curve(*losses), 0.0)
        after = metric.score(curve(*better), 0.0)
        assert metric.sign * (after - before) >= -1e-12


def test_leading_axes_are_kept():
    losses = samples.curves(0.1, steps=39, seeds=64)
    many = samples.runs(np.broadcast_to(losses, (256, *losses.shape)))
    assert METRICS["anytime"].score(many, 0.0).shape == (256, 64)


def test_summaries_have_the_shapes_of_a_record():
    runs = samples.runs(samples.curves(0.1))
    assert isinstance(runs, Runs)
    assert {array.shape for array in runs[2:]} == {(16,)}
    assert runs.diverged.dtype == np.int32
