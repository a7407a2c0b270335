"""How intervals cover and equals are called different on committed scores, in short; at length: `tox -e intervals`."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench.maintain import coverage
from bench.scores import statistics
from bench.scores.results import load

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "results/reference/intervals"
COVERING = ("mean", "effect", "median", "median effect", "mean over tasks")


@pytest.fixture(scope="module")
def pool():
    return load(ROOT / "results/reference/quick")


@pytest.fixture(scope="module")
def covered():
    return pd.read_csv(KEPT / "coverage.csv")


def share(frame, kinds, problems):
    rows = frame[frame["interval"].isin(kinds) & (frame["problems"] == problems)]
    return np.average(rows["covered"], weights=rows["printed"])


def test_the_pool_has_heavy_tails_and_entries_that_diverge_once_in_500(pool):
    runs = [one for record in pool.records.values() for one in record.runs.values()]
    shares = np.array([(one.diverged >= 0).mean() for one in runs])
    assert ((shares > 0) & (shares < 0.01)).sum() >= 4
    losses = 10 ** coverage._pools(pool).scores["rosenbrock", "mean_loss"].pool
    carried = np.sort(losses, axis=1)[:, -5:].sum(axis=1) / losses.sum(axis=1)
    assert (carried > 0.2).sum() >= 3  # by the largest five of 512


def test_printed_intervals_cover(pool):
    """At 20 samples of 24 cells by five metrics the shares below are known to a percent."""
    frame = coverage.coverage(pool, draws=20, problems=(64,))
    for kind in COVERING:
        assert 0.89 <= share(frame, [kind], 64) <= 0.985, kind
    assert 0.92 <= share(frame, COVERING, 64) <= 0.97
    assert share(frame, ["diverged share"], 64) >= 0.97
    raw = frame[frame["interval"] == "raw mean"]
    assert raw["printed"].max() < 0.8  # not where few runs decide it
    assert (raw["covered"] > raw["percentiles"]).all()


def test_equals_are_seldom_called_different_unless_the_rival_is_picked_on_what_is_reported(pool):
    frame = coverage.races(pool, draws=15, problems=(32,))
    told = frame.groupby("race")["different"].mean()
    assert frame["races"].sum() == 15 * 3 * 5 * 4
    assert (told[["two", "rival", "board"]] < 0.095).all()
    assert told["rival, reported"] > 0.15


def test_coverage_is_counted_by_hand():
    count = coverage._Count()
    truth = np.array([0.0, 1.0])
    nothing = statistics.Interval(truth, np.array([np.nan, np.nan]), np.array([np.nan, np.nan]))
    count.add(["a", "b"], truth, statistics.Interval(truth, truth - 1, np.array([0.0, 0.5])), np.array([True, False]))
    count.add(["a", "b"], truth, nothing, np.array([False, False]))
    row = count.row()
    assert (row["printed"], row["covered"], row["percentiles"], row["worst"]) == (0.5, 0.5, 0.25, "")


def test_equals_share_problems_and_have_one_distribution():
    pool = np.array([np.arange(1000.0), np.arange(1000.0) + 0.5])
    scores = coverage._equals(pool, 3, 500, np.random.default_rng(0))
    assert np.ptp(np.floor(scores), axis=0).max() == 0  # of one problem each
    assert abs((scores % 1 == 0.5).mean() - 0.5) < 0.05


class TestCommitted:
    """The tables in results/reference/intervals hold what docs/statistics.md says of them."""

    @pytest.mark.parametrize("problems", [32, 64, 512])
    @pytest.mark.parametrize("kind", COVERING)
    def test_intervals_cover_about_95_percent(self, covered, kind, problems):
        """93 to 97 is what is wanted; 92.8 and 92.9 are measured once each, of 150 samples."""
        assert 0.925 <= share(covered, [kind], problems) <= 0.97

    def test_raw_means_cover_less_and_percentiles_least(self, covered):
        raw = covered[(covered["interval"] == "raw mean") & (covered["problems"] >= 32)]
        assert (raw["covered"] > raw["percentiles"]).all()
        assert raw["covered"].between(0.86, 0.95).all()

    def test_equals_are_called_different_in_at_most_5_percent(self):
        raced = pd.read_csv(KEPT / "races.csv")
        told = raced.groupby(["race", "problems"])["different"].mean().unstack("race")
        assert (told[["two", "rival", "board"]] <= 0.055).all(axis=None)
        assert (told["rival, reported"] > 0.15).all()

    def test_the_page_says_how_it_was_made(self):
        text = (KEPT / "table.md").read_text()
        assert "`python -m bench maintain intervals results/reference/quick --out results/reference/intervals`" in text
