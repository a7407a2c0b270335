"""Statistics against rliable and SciPy, by hand, and what must hold for any scores."""

import importlib.util
import sys
import time
import types

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rliable import metrics as rliable_metrics

from bench.scores import statistics
from bench.scores.statistics import generator

some_scores = arrays("float64", (4, 12), elements=st.floats(0, 1))


def suite(entries=10, seeds=128, tasks=5):
    draw = np.random.default_rng(7)
    shift = np.linspace(0, 0.3, entries)[:, None]
    return {f"task-{i}": draw.random((entries, seeds)) + shift for i in range(tasks)}


@pytest.fixture
def rliable_library(monkeypatch):
    """rliable's intervals. It wants arch < 8, which does not import as a whole beside pandas 3.

    Only the bootstrap of arch is needed, so the rest of that package is left out.
    """
    spec = importlib.util.find_spec("arch")
    assert spec is not None
    arch = types.ModuleType("arch")
    arch.__path__ = list(spec.submodule_search_locations or [])
    monkeypatch.setitem(sys.modules, "arch", arch)
    from rliable import library

    return library


@settings(max_examples=20)
@given(arrays("float64", (7, 3), elements=st.floats(-1e6, 1e6)))
def test_iqm_is_scipys_trimmed_mean(means):
    for tasks in range(1, 8):
        expected = scipy.stats.trim_mean(means[:tasks], 0.25, axis=0)
        np.testing.assert_allclose(statistics.iqm(means[:tasks]), expected, rtol=1e-9, atol=1e-6)


def test_iqm_is_rliables():
    scores = suite(1, 64, 8)
    means, _ = statistics.suite_means(scores, generator(), 250)
    expected = rliable_metrics.aggregate_iqm(means[:, 0][None])
    assert statistics.iqm(means)[0] == pytest.approx(expected)


@pytest.mark.parametrize("over_tasks", [False, True])
def test_intervals_are_rliables(rliable_library, over_tasks):
    scores = suite(1, 32, 6)
    matrix = np.stack([s[0] for s in scores.values()], axis=1)
    matrix = matrix + np.linspace(0, 0.5, 6)  # tasks that differ
    means, replicates = statistics.suite_means([matrix.T[i : i + 1] for i in range(6)], generator())
    drawn = statistics.with_tasks(replicates, generator(1)) if over_tasks else replicates
    ours = statistics.interval(statistics.iqm(means), statistics.iqm(drawn, axis=1))

    def iqm_of_means(runs):
        return np.array([scipy.stats.trim_mean(runs.mean(axis=0), 0.25)])

    _, theirs = rliable_library.get_interval_estimates(
        {"entry": matrix}, iqm_of_means, task_bootstrap=over_tasks, reps=1500
    )
    width = float(ours.high[0] - ours.low[0])
    assert ours.low[0] == pytest.approx(theirs["entry"][0, 0], abs=0.08 * width)
    assert ours.high[0] == pytest.approx(theirs["entry"][1, 0], abs=0.08 * width)


def test_intervals_of_means_are_scipys():
    scores = np.random.default_rng(0).exponential(size=(1, 40))
    replicates = statistics.resampled_means(scores, generator())
    ours = statistics.interval(scores.mean(axis=1), replicates)
    theirs = scipy.stats.bootstrap(
        scores, np.mean, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    assert [ours.low[0], ours.high[0]] == pytest.approx([theirs.low, theirs.high], rel=0.02)


def test_intervals_hold_their_level():
    draw = np.random.default_rng(3)
    hits = 0
    for _ in range(200):
        scores = draw.normal(size=(1, 50))
        replicates = statistics.resampled_means(scores, generator(), 1000)
        low, high = np.percentile(replicates, [2.5, 97.5])
        hits += low <= 0 <= high
    assert 0.89 <= hits / 200 <= 0.99


@settings(max_examples=20)
@given(some_scores)
def test_an_entry_does_not_depend_on_company(scores):
    together = statistics.resampled_means(scores, generator(), 500)
    for i in range(4):
        alone = statistics.resampled_means(scores[i : i + 1], generator(), 500)
        assert np.array_equal(together[:, i], alone[:, 0])


@settings(max_examples=20)
@given(some_scores, st.permutations(range(4)))
def test_order_of_entries_changes_nothing(scores, order):
    merit = scores.mean(axis=1)
    base = statistics.p_values(merit, statistics.resampled_means(scores, generator(), 500), [12])
    mixed = statistics.p_values(merit[order], statistics.resampled_means(scores[order], generator(), 500), [12])
    np.testing.assert_allclose(mixed, base[np.ix_(order, order)], rtol=1e-9)
    low, high = statistics.rank_ranges(merit, statistics.holm_pairs(base))
    low_mixed, high_mixed = statistics.rank_ranges(merit[order], statistics.holm_pairs(mixed))
    assert np.array_equal(low_mixed, low[order])
    assert np.array_equal(high_mixed, high[order])


def test_more_replicates_only_add_rows():
    scores = suite(2, 16, 1)["task-0"]
    few = statistics.resampled_means(scores, generator(), 300)
    many = statistics.resampled_means(scores, generator(), 900)
    assert np.array_equal(few, many[:300])


def test_tasks_may_have_different_seeds():
    scores = [np.ones((2, 3)), np.array([[0.0, 2.0], [1.0, 1.0]])]
    means, replicates = statistics.suite_means(scores, generator(), 500)
    assert means.tolist() == [[1, 1], [1, 1]]
    assert replicates.shape == (500, 2, 2)
    assert set(replicates[:, 1, 0]) == {0.0, 1.0, 2.0}


def test_equal_weight_per_task_whatever_its_seeds():
    means, _ = statistics.suite_means([np.zeros((1, 100)), np.ones((1, 2))], generator(), 250)
    assert statistics.iqm(means) == [0.5]


def test_a_task_drawn_twice_brings_independent_resamples():
    replicates = generator(5).normal(size=(20_000, 2, 1))
    drawn = statistics.with_tasks(replicates, generator(6))[:, :, 0]
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 0.03
    assert set(drawn.ravel()) <= set(replicates.ravel())


def test_p_values_find_a_paired_difference_that_spread_would_hide():
    draw = np.random.default_rng(0)
    hard = draw.normal(size=64) * 10
    scores = np.stack([hard, hard + 0.1 + 0.05 * draw.normal(size=64), hard])
    p = statistics.p_values(scores.mean(axis=1), statistics.resampled_means(scores, generator()), [64])
    assert p[0, 1] == p[1, 0] == 2 / 2**64
    assert p[0, 2] == 1.0
    assert np.diag(p).tolist() == [1, 1, 1]


def test_p_values_by_hand():
    """Replicates of standard deviation 1 are those of an unbiased error of √(100 / 99); or all that counts is signs."""
    replicates = np.array([[0.0, 1.0], [0.0, 3.0], [0.0, 1.0], [0.0, 3.0]])
    p = statistics.p_values(np.array([0.0, 2.0]), replicates, [100])
    assert p[0, 1] == pytest.approx(2 * scipy.stats.t.sf(2 / np.sqrt(100 / 99), 99))
    endless = np.array([[0.0, -np.inf], [0.0, -1.0], [0.0, -np.inf], [0.0, 2.0]])
    assert statistics.p_values(np.array([0.0, -1.0]), endless, [100])[0, 1] == 2 * (1 + 1) / (4 + 1)


def test_p_values_are_those_of_a_paired_t_test():
    scores = np.random.default_rng(1).normal(size=(2, 40)) + np.array([[0.0], [0.4]])
    p = statistics.p_values(scores.mean(axis=1), statistics.resampled_means(scores, generator()), [40])
    assert p[0, 1] == pytest.approx(scipy.stats.ttest_rel(*scores).pvalue, rel=0.05)


def test_the_task_with_the_fewest_problems_has_the_degrees_of_freedom():
    replicates = np.stack([np.zeros(1000), np.linspace(0, 2, 1000)], axis=1)
    few, many = (statistics.p_values(np.array([0.0, 1.0]), replicates, [n, 500])[0, 1] for n in (5, 500))
    assert few == pytest.approx(2 * scipy.stats.t.sf(1 / (replicates[:, 1].std() * np.sqrt(5 / 4)), 4))
    assert many < few


def test_few_seeds_prove_little():
    scores = np.array([[0.0] * 4, [1.0] * 4])
    p = statistics.p_values(scores.mean(axis=1), statistics.resampled_means(scores, generator()), [4])
    assert p[0, 1] == 2 / 2**4
    single = statistics.resampled_means(scores[:, :1], generator())
    assert statistics.p_values(scores[:, 0], single, [1])[0, 1] == 1.0
    assert np.isnan(statistics.interval(scores.mean(axis=1), single).low).all()


def test_holm_by_hand():
    # 0.01 · 3, 0.02 · 2, max(that, 0.03 · 1); and 0.9 · 2 is at most 1
    assert statistics.holm(np.array([0.03, 0.01, 0.02])).tolist() == pytest.approx([0.04, 0.03, 0.04])
    assert statistics.holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert statistics.holm(np.array([])).tolist() == []


@given(arrays("float64", 6, elements=st.floats(0, 1)))
def test_holm_lies_between_none_and_bonferroni(p):
    adjusted = statistics.holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(6 * p, 1) + 1e-12).all()


def test_ties_look_like_ties():
    scores = np.array([0.9, 0.8, 0.79, 0.1])
    p = np.ones((4, 4))
    p[3, :3] = p[:3, 3] = p[0, 2] = p[2, 0] = 0.01
    low, high = statistics.rank_ranges(scores, p)
    assert low.tolist() == [1, 1, 2, 4]
    assert high.tolist() == [2, 3, 3, 4]


def test_ratio_is_paired():
    baseline = np.random.default_rng(0).exponential(size=100)
    ratio = statistics.ratio(baseline / 2, baseline, generator())
    assert list(ratio) == pytest.approx([0.5, 0.5, 0.5])
    gap = statistics.ratio(baseline - 3, baseline, generator(), difference=True)
    assert list(gap) == pytest.approx([-3, -3, -3])


def test_the_same_seed_gives_the_same_numbers():
    scores = suite(2, 16, 2)
    first, second = (statistics.suite_means(scores, generator(4), 500)[1] for _ in range(2))
    assert np.array_equal(first, second)


def test_ten_thousand_replicates_take_less_than_a_second():
    scores, best = suite(), np.inf
    for _ in range(3):
        start = time.process_time()
        means, replicates = statistics.suite_means(scores, generator())
        statistics.interval(means, replicates)
        total = statistics.iqm(replicates, axis=1)
        statistics.p_values(statistics.iqm(means), total, [128] * 5)
        best = min(best, time.process_time() - start)
    assert best < 1.0


def test_blocks_of_replicates_give_what_all_at_once_give():
    rng = np.random.default_rng(0)
    scores = {name: rng.normal(size=(3, 12)) for name in "abcde"}
    means, replicates = statistics.suite_means(scores, generator(2), 6000)
    again, iqms, kept = statistics.suite_iqms(scores, generator(2), 6000)
    assert np.array_equal(again, means)
    assert np.array_equal(iqms, statistics.iqm(replicates, axis=1))
    assert np.array_equal(kept, replicates)


def test_iqms_over_drawn_tasks_are_those_of_all_replicates_at_once():
    replicates = np.random.default_rng(8).normal(size=(620, 9, 4))
    whole = statistics.iqm(statistics.with_tasks(replicates, generator(3)), axis=1)
    assert np.array_equal(statistics.iqms_with_tasks(replicates, generator(3)), whole)
