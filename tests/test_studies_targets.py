"""The table of targets: comparisons and words by hand, the search finds what is best, and nothing is tuned twice."""

import numpy as np
import pytest
import samples

from bench.records.record import Budget
from bench.running import cells
from bench.scores.metrics import METRICS, summarize
from bench.scores.statistics import Interval
from bench.studies.targets import baselines, measure, report
from bench.studies.targets.analyze import compare, judge, scores
from bench.studies.targets.plan import QUICK, QUICK_TARGETS, TARGETS, TASKS, Target
from bench.suites import protocol
from optimizers import learned
from optimizers.shipped import FOLDER

SMALL = Budget(seeds=16, trials=24, tuning_seeds=4, finalists=3, recheck_seeds=8)


def test_comparisons_by_hand():
    learned, other = np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 4.0, 6.0, 8.0])
    halved = compare("ratio", learned, other)
    assert (halved.value, halved.low, halved.high) == pytest.approx((0.5, 0.5, 0.5))
    assert compare("difference", learned, other).value == -2.5
    wins = compare("wins", learned, np.array([2.0, 2.0, 4.0, 5.0]))  # an equal is no win
    assert wins.value == 0.75
    assert (wins.low, wins.high) == pytest.approx((0.25, 1.0))


@pytest.mark.parametrize(
    ("interval", "how", "bound", "word"),
    [
        ((0.8, 0.75, 0.84), "ratio", 0.84, "held"),
        ((0.8, 0.75, 0.85), "ratio", 0.84, "by estimate"),
        ((0.85, 0.83, 0.87), "ratio", 0.84, "missed"),
        ((-5.5, -5.8, -5.2), "difference", -5.0, "held"),
        ((1.0, 0.99, 1.0), "wins", 0.99, "held"),
        ((1.0, 0.98, 1.0), "wins", 0.99, "by estimate"),
        ((0.9, 0.8, 1.0), "wins", 0.99, "missed"),
        ((2.0, 1.0, 3.0), "ratio", None, "reported"),
    ],
)
def test_words(interval, how, bound, word):
    assert judge(Interval(*map(np.float64, interval)), how, bound).word == word


def test_every_target_has_a_protocol_and_every_quick_one_a_training():
    assert {target.task for target in TARGETS} == set(TASKS) == set(protocol.HOMES)
    assert {target.task for target in QUICK_TARGETS} == set(QUICK)
    assert {target.metric for target in TARGETS + QUICK_TARGETS} <= {*METRICS, "log_final"}
    for quick in QUICK.values():
        learned.get(quick.architecture)


def test_a_task_is_measured_and_its_baselines_are_tuned_once(tmp_path, monkeypatch):
    targets = [
        Target("rosenbrock", "mean_log", "difference", "best", -1.0),
        Target("rosenbrock", "mean_log", "wins", "adam", None),
    ]
    weights = measure.weights_of("rosenbrock", FOLDER)[:1]
    assert [entry.name for entry in weights] == ["gru-rosenbrock"]
    rows = measure.measure("rosenbrock", targets, weights, SMALL, tmp_path)
    assert [row["weights"] for row in rows] == ["gru-rosenbrock"] * 2
    assert rows[0]["against"] in ("momentum", "rmsprop", "adam")
    assert rows[0]["value"] == pytest.approx(rows[0]["learned"] - rows[0]["baseline_mean"])
    assert rows[0]["low"] <= rows[0]["value"] <= rows[0]["high"] < -1
    assert (rows[0]["word"], rows[1]["word"]) == ("held", "reported")
    assert rows[0]["tuning"] == "24 trials on 4 tuning problems, by each metric the best 3 again on 8 fresh ones"
    monkeypatch.setattr(cells, "evaluate_cell", None)
    assert measure.measure("rosenbrock", targets, weights, SMALL, tmp_path) == rows
    elsewhere = measure.measure("rosenbrock", targets, weights, SMALL, tmp_path / "new", folders=[tmp_path / "tuned"])
    assert elsewhere == rows
    assert not (tmp_path / "new").exists()
    report.keep(tmp_path, "rosenbrock", rows, quick=False)
    text = report.write(tmp_path)
    assert f"| {rows[0]['against']} (best) | difference of means " in text
    assert "| ≤ -1 | held | 16 |" in text
    assert "| – | reported | 16 |" in text
    assert (tmp_path / "targets.md").read_text() == text
    first = (tmp_path / "targets.csv").read_text().splitlines()[1]
    assert first.startswith(f"rosenbrock,mean_log,gru-rosenbrock,best,{rows[0]['against']},difference,")


def test_log_final_is_of_the_tuned_theta_that_is_best_by_it():
    losses = np.array([[1.0, 1e-2], [1.0, 1e-6], [1.0, 1e-4]])
    runs = {
        name: summarize(np.arange(2), row[None]) for name, row in zip(("default", "final", "best"), losses, strict=True)
    }
    record = samples.record()._replace(runs=runs, floor=0.0)
    assert baselines.scored(record, "log_final") == pytest.approx([-6])
    assert baselines.scored(record, "final") == pytest.approx([1e-6])
    untuned = record._replace(runs={"default": runs["default"]})
    assert baselines.scored(untuned, "log_final") == pytest.approx([-2])


def test_log_final_is_the_mean_of_logarithms():
    runs = summarize(np.arange(2), np.ones((1, 3, 2)))
    np.testing.assert_allclose(scores("log_final", runs, 0.0), np.zeros((1, 3)), atol=1e-12)
    np.testing.assert_allclose(scores("final", runs, 0.0), np.ones((1, 3)))
