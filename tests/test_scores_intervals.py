"""Intervals by hand and against SciPy, and the rule by which a mean has none; how they cover: `tox -e intervals`."""

import numpy as np
import pytest
import scipy.stats

from bench.scores import distributions, intervals, statistics


class TestDistributions:
    @pytest.mark.parametrize("degrees", [1, 2, 7, 31, 511])
    @pytest.mark.parametrize("t", [0.0, 0.1, -1.0, 2.5, 9.0])
    def test_tails_of_students_t(self, t, degrees):
        expected = 2 * scipy.stats.t.sf(abs(t), degrees)
        assert distributions.two_sided_t(t, degrees) == pytest.approx(expected, rel=1e-11)

    @pytest.mark.parametrize("degrees", [1, 4, 29, 5000])
    def test_quantiles_of_students_t(self, degrees):
        assert distributions.t_quantile(0.95, degrees) == pytest.approx(scipy.stats.t.ppf(0.975, degrees), rel=1e-9)

    @pytest.mark.parametrize(("a", "b"), [(1, 512), (5, 508), (0.5, 3), (300, 213), (40, 35_000)])
    def test_the_beta_distribution(self, a, b):
        for share in (0.025, 0.5, 0.975):
            x = scipy.stats.beta.ppf(share, a, b)
            assert distributions.beta_quantile(share, a, b) == pytest.approx(x, rel=1e-8)
            assert distributions.beta_cdf(x, a, b) == pytest.approx(share, rel=1e-8)
        assert [distributions.beta_cdf(x, a, b) for x in (-1.0, 0.0, 1.0, 2.0)] == [0, 0, 1, 1]


def resampled(scores):
    return statistics.resampled_means(np.atleast_2d(scores), statistics.generator())


class TestStudent:
    def test_is_students_for_a_mean(self):
        scores = np.random.default_rng(0).normal(size=40)
        found = intervals.student(scores[None].mean(axis=1), resampled(scores), 40)
        expected = scipy.stats.ttest_1samp(scores, 0).confidence_interval(0.95)
        assert [found.low[0], found.high[0]] == pytest.approx([expected.low, expected.high], abs=0.005)

    def test_by_hand(self):
        """Replicates 1 and 3 deviate by 1, unbiased by √(5 / 4); t of 4 degrees of freedom is 2.776."""
        found = intervals.student(np.array(2.0), np.array([1.0, 3.0]), 5)
        assert [found.low, found.high] == pytest.approx([2 - 2.7764 * 1.25**0.5, 2 + 2.7764 * 1.25**0.5], abs=1e-4)

    def test_one_problem_has_none(self):
        found = intervals.student(np.array([2.0]), np.array([[2.0], [2.0]]), 1)
        assert np.isnan([found.low[0], found.high[0]]).all()

    @pytest.mark.parametrize("score", [2.0, 0.0])
    def test_equal_scores_have_none(self, score):
        found = intervals.student(np.array([score]), resampled(np.full(40, score)), 40)
        assert np.isnan([found.low[0], found.high[0]]).all()


class TestHeavyTails:
    def test_the_rule_is_cochrans(self):
        """n > 25 g² by the skewness g of scores, (a share p of ones has g = (1 − 2p) / √(p (1 − p)))."""
        for ones, n in ((1, 512), (5, 512), (40, 512), (2, 32), (14, 32)):
            scores = np.zeros(n)
            scores[:ones] = 1.0
            skewness = scipy.stats.skew(scores)
            assert abs(np.log(n / (25 * skewness**2 + 1e-9))) > 0.3, "too near the limit to be a test"
            assert intervals.heavy(resampled(scores)).item() == (n < 25 * skewness**2), (ones, n)

    def test_either_side_counts(self):
        scores = np.zeros(512)
        scores[0] = -1e6
        assert intervals.heavy(resampled(scores)).item()

    def test_five_of_512_that_diverge_take_the_interval_of_the_mean_and_not_of_the_median(self):
        """The case that issue 13 names: mean_loss 9070 where the others average .053."""
        scores = np.full(512, 0.05) + 0.02 * np.random.default_rng(0).random(512)
        scores[:5] = 928_000.0
        means, drawn = scores[None].mean(axis=1), resampled(scores)
        assert means.item() == pytest.approx(9062, abs=1)
        assert np.isnan(intervals.student(means, drawn, 512).low).all()
        middle = intervals.median(scores)
        assert 0.05 < middle.low < middle.value < middle.high < 0.07

    def test_raw_means_of_few_problems_have_none(self):
        scores = np.random.default_rng(0).normal(size=(1, 30))
        drawn = resampled(scores)
        assert np.isnan(intervals.raw(scores.mean(axis=1), drawn, 29).low).all()
        assert np.isfinite(intervals.raw(scores.mean(axis=1), drawn, 30).low).all()


class TestMedian:
    def test_order_statistics_by_hand(self):
        """Of 8: extremes enclose in 254 / 256, the next ones in 238 / 256; 95 % lies (254 − 243.2) / 16 of the way,
        which Hettmansperger and Sheather's 7 I / (1 + 6 I) turns into .9356.
        """
        step = (254 - 0.95 * 256) / 16
        share = 7 * step / (1 + 6 * step)
        found = intervals.median(np.arange(8.0))
        assert list(found) == pytest.approx([3.5, share, 7 - share])
        assert share == pytest.approx(0.9356, abs=1e-4)

    @pytest.mark.parametrize("n", [6, 9, 33, 100, 512])
    def test_the_order_is_scipys(self, n):
        low, high = (scipy.stats.binom.ppf(q, n, 0.5) for q in (0.025, 0.975))
        found = intervals.median(np.arange(float(n)))
        assert low - 1 <= found.low <= low
        assert high - 1 <= found.high <= high

    def test_five_problems_have_none(self):
        assert np.isnan(intervals.median(np.arange(5.0)).low)
        assert np.isfinite(intervals.median(np.arange(6.0)).low)

    def test_by_row_and_with_infinities(self):
        rows = np.array([np.arange(20.0), np.where(np.arange(20) > 15, np.inf, 3.0)])
        found = intervals.median(rows)
        assert found.value.tolist() == [9.5, 3.0]
        assert found.high[1] == 3.0


class TestShares:
    @pytest.mark.parametrize(("count", "of"), [(0, 512), (1, 512), (5, 512), (4, 8), (8, 8), (614, 1280)])
    def test_are_exact(self, count, of):
        exact = scipy.stats.binomtest(count, of).proportion_ci(method="exact")
        assert intervals.proportion(count, of) == pytest.approx((exact.low, exact.high), abs=1e-9)

    def test_none_of_512_may_still_be_seven_in_a_thousand(self):
        assert intervals.proportion(0, 512) == pytest.approx((0, 1 - 0.025 ** (1 / 512)))

    def test_of_nothing_nothing_is_said(self):
        assert np.isnan(intervals.proportion(0, 0)).all()


def test_five_tasks_say_little_of_others():
    """Percentiles as far out as t asks: Φ(−2.776 √(5 / 4)) = 0.1 %."""
    replicates = np.linspace(0, 1, 100_001)
    found = intervals.expanded(np.array(0.5), replicates, 5)
    tail = scipy.stats.norm.cdf(-scipy.stats.t.ppf(0.975, 4) * np.sqrt(5 / 4))
    assert [found.low, found.high] == pytest.approx([tail, 1 - tail], abs=1e-5)
    many = intervals.expanded(np.array(0.5), replicates, 1000)
    assert many.low == pytest.approx(0.025, abs=2e-4)
