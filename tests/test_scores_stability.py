"""How firm an order is: by hand, against SciPy and rliable, and a board whose order rests on one task."""

import numpy as np
import pandas as pd
import pytest
import samples
import scipy.stats
from click.testing import CliRunner
from rliable import metrics as rliable_metrics

from bench.commands import group
from bench.errors import UserError
from bench.records.store import Store
from bench.scores import stability, statistics
from bench.scores.leaderboard import leaderboard
from bench.scores.metrics import METRICS

BUDGET = samples.RANKED


@pytest.fixture
def out(tmp_path):
    return samples.folder(
        tmp_path / "out", {"sgd": 0.05, "adam": 0.2, "nadam": 0.2, "gru-a": 0.4}, tuple("abcde"), BUDGET
    )


def test_tiers_by_hand():
    assert stability.tiers([1, 1, 3, 3, 5], [2, 2, 4, 4, 5]) == [1, 1, 2, 2, 3]
    assert stability.tiers([1, 1, 2, 4], [2, 3, 3, 4]) == [1, 1, 1, 2]
    assert [tier is pd.NA for tier in stability.tiers([pd.NA], [pd.NA])] == [True]


def test_kendalls_tau_is_scipys():
    assert stability.kendall(np.array([1, 2, 3]), np.array([1, 3, 2])) == pytest.approx(1 / 3)
    rng = np.random.default_rng(0)
    a, b = rng.permutation(9), rng.permutation(9)
    assert stability.kendall(a, b) == pytest.approx(scipy.stats.kendalltau(a, b).statistic)
    assert stability.kendall(a, -a) == -1


def test_improvement_is_rliables():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 6, 30).astype(float), rng.integers(1, 7, 20).astype(float)
    expected = rliable_metrics.probability_of_improvement(a[:, None], b[:, None])
    assert stability.improvement(a, b, 1) == pytest.approx(expected)
    assert stability.improvement(a, b, -1) == pytest.approx(1 - expected)


@pytest.mark.parametrize("runs", [8, 9, 31])
def test_the_mean_over_runs_is_rliables(runs):
    scores = np.random.default_rng(2).normal(size=(runs, 5)) ** 3
    expected = rliable_metrics.aggregate_iqm(scores)
    assert stability.iqm_of_runs(list(scores.T)) == pytest.approx(expected)


def test_tasks_of_other_sizes_weigh_the_same():
    once, thrice = np.array([0.0, 1.0, 2.0, 3.0]), np.array([10.0, 11.0, 12.0, 13.0])
    one = stability.iqm_of_runs([once, thrice])
    assert stability.iqm_of_runs([once, np.repeat(thrice, 3)]) == pytest.approx(one)
    assert one == pytest.approx((2 + 3 + 10 + 11) / 4)


def test_drawn_runs_count_as_often_as_they_are_drawn():
    table = [np.array([0.0, 1.0, 2.0, 7.0]), np.array([3.0, 4.0, 5.0, 6.0])]
    weights = [np.array([[0.0, 2.0, 2.0, 0.0]]), np.array([[1.0, 1.0, 1.0, 1.0]])]
    drawn = stability.iqm_of_runs([np.array([1.0, 1.0, 2.0, 2.0]), table[1]])
    assert stability.iqm_of_runs(table, weights).tolist() == pytest.approx([drawn])


def test_problems_needed_by_hand_and_by_trying():
    assert stability.problems_needed(0.5, 0.1, 100) == np.ceil(100 * ((1.959964 + 0.841621) * 0.2) ** 2)
    assert stability.problems_needed(0.0, 0.1, 100) == np.inf
    assert np.isnan(stability.problems_needed(0.5, np.nan, 100))
    needed = int(stability.problems_needed(0.3, 1 / np.sqrt(100), 100))
    draws = np.random.default_rng(3).normal(0.3, 1.0, (2000, needed))
    found = np.mean(scipy.stats.ttest_1samp(draws, 0, axis=1).pvalue <= statistics.SIGNIFICANCE)
    assert found == pytest.approx(stability.POWER, abs=0.03)


def test_the_order_and_ranks_are_the_boards(out):
    frame, board = stability.stability(out), leaderboard(out)
    assert frame["optimizer"].tolist() == board["optimizer"].tolist() == ["gru-a", "adam", "nadam", "sgd"]
    assert frame["tier"].tolist() == [1, 2, 2, 3]
    assert frame["next"].tolist() == ["adam", "nadam", "sgd", ""]
    assert frame["improvement"][1] == 0.5
    assert np.isnan(frame["problems_needed"][1])  # of twins, which never differ
    assert (frame["task_low"] == frame["task_high"]).all()
    assert (frame["moved_by"] == "").all()
    assert "Kendall's τ 1.00, whichever is left out" in " ".join(frame.attrs["notes"])


def test_the_mean_over_runs_stands_beside_that_of_task_means(out):
    frame = stability.stability(out).set_index("optimizer")
    cells = [r for r in Store(out).records() if r.cell.optimizer == "sgd"]
    runs = np.array([METRICS["anytime"].score(r.runs["anytime"], 0.0) for r in cells])
    assert frame["iqm_runs"]["sgd"] == pytest.approx(rliable_metrics.aggregate_iqm(runs.T))
    assert frame["score"]["sgd"] == pytest.approx(rliable_metrics.aggregate_iqm(runs.mean(axis=1)[None]))
    assert frame["iqm_runs_low"]["sgd"] < frame["iqm_runs"]["sgd"] < frame["iqm_runs_high"]["sgd"]


def test_a_task_that_decides_the_order_is_named(tmp_path):
    store = Store(tmp_path)
    for task, rates in {"a": (0.1, 0.11), "b": (0.1, 0.11), "c": (0.9, 0.1)}.items():
        for name, rate in zip(("adam", "sgd"), rates, strict=True):
            store.write(samples.record(task, name, samples.curves(rate, seeds=32), budget=BUDGET))
    frame = stability.stability(tmp_path).set_index("optimizer")
    assert frame.index.tolist() == ["adam", "sgd"]
    assert frame.loc["adam", ["task_low", "task_high", "moved_by"]].tolist() == [1, 2, "c"]
    assert "τ -1.00, without c" in " ".join(frame.attrs["notes"])
    assert "order rests on each of them" in " ".join(frame.attrs["notes"])


def test_an_entry_whose_missing_cell_decides_the_tasks_moves_others(tmp_path):
    """Without nadam, which has not run on c, that task counts, and the order of the others turns."""
    store = Store(tmp_path)
    for task, rates in {"a": (0.1, 0.11, 0.01), "c": (0.9, 0.1, None)}.items():
        for name, rate in zip(("adam", "sgd", "nadam"), rates, strict=True):
            if rate:
                store.write(samples.record(task, name, samples.curves(rate, seeds=32), budget=BUDGET))
    frame = stability.stability(tmp_path).set_index("optimizer")
    assert frame.index.tolist() == ["sgd", "adam", "nadam"]
    assert frame.loc["sgd", ["entry_low", "entry_high"]].tolist() == [1, 2]
    assert frame.loc["nadam", ["entry_low", "entry_high"]].tolist() == [3, 3]


def test_one_entry_has_no_order(tmp_path):
    with pytest.raises(UserError, match="fewer than two optimizers compete"):
        stability.stability(samples.folder(tmp_path, {"adam": 0.1}, budget=BUDGET))


def test_the_command_shows_it_and_refuses_what_it_cannot_do(out):
    shown = CliRunner().invoke(group.main, ["leaderboard", str(out), "--stability"])
    assert shown.exit_code == 0
    header = shown.output.splitlines()[0]
    assert header.split()[-4:] == ["iqm", "runs", "[95", "%]"]
    assert all(words in header for words in ("without a task", "without an entry"))
    assert shown.output.splitlines()[3].split()[:2] == ["adam", "2–3"]
    refused = CliRunner().invoke(group.main, ["leaderboard", str(out), "--stability", "--by", "task"])
    assert isinstance(refused.exception, UserError)
    assert "leave out --by" in str(refused.exception)
