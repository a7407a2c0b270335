"""The interval over draws of trials: its values, its coverage, simulated and on trials of runs, where it shows."""

import numpy as np
import pytest
import samples

from bench.records.store import Store
from bench.scores import luck
from bench.scores.compare import compare
from bench.scores.leaderboard import leaderboard, per_task
from bench.scores.metrics import METRICS
from bench.scores.results import load

LOSS, LOG, ANYTIME = METRICS["mean_loss"], METRICS["mean_log"], METRICS["anytime"]
QUICK = "results/reference/quick"


def test_its_ends_are_order_statistics():
    scores = np.array([0.9, 0.5, 0.58, 0.52, 0.6, 0.7, 0.57, np.inf])
    assert luck.of_scores(scores, 1, LOSS) == pytest.approx((0.5, 0.5 * 0.5 / 0.7, 0.7))  # the sixth, as many times off
    assert luck.of_scores(scores, 4, LOG) == pytest.approx((0.5, 0.1, 0.7))  # twice as far with four settings
    assert luck.of_scores(scores, 6, LOSS).low == pytest.approx(0.5 * (0.5 / 0.7) ** 3)
    assert luck.of_scores(-scores[:7] / 2 + 1.2, 9, ANYTIME).high == 1.0  # no share is above that
    assert luck.of_scores(-scores[:7] + 1, 1, ANYTIME) == pytest.approx((0.5, 0.3, 0.7))
    assert luck.of_scores(np.full(10, 0.25), 3, LOSS) == pytest.approx((0.25, 0.25, 0.25))
    assert np.isnan(luck.of_scores(scores[:5], 1, LOSS).low)


@pytest.mark.parametrize(("searched", "least"), [(1, 0.98), (2, 0.96), (3, 0.95), (4, 0.95), (6, 0.95)])
def test_it_covers_the_best_of_other_trials(searched, least):
    """Scores rise with the square of the distance from the best of `searched` settings, drawn evenly around it."""
    rng = np.random.default_rng(searched)
    held = []
    for _ in range(4000):
        mine, others = 1 + rng.random((2, 64)) ** (2 / searched)
        found = luck.of_scores(mine, searched, LOSS)
        held.append(found.low <= others.min() <= found.high)
    assert least <= np.mean(held) <= 1


def missed(metric):
    """Shares of misses, better and worse, of the best of other trials over disjoint halves of trials that were run."""
    rng, better, worse = np.random.default_rng(1), [], []
    for record in load(QUICK).records.values():
        if record.trials:
            scores = np.asarray(record.trials[metric.name])
            for _ in range(200):
                mine, others = scores[rng.permutation(len(scores))[:128]].reshape(2, 64)
                found = luck.of_scores(mine, luck.settings(record), metric)
                best = -metric.sign * (-metric.sign * others).min()
                better.append(best > found.high if metric.sign > 0 else best < found.low)
                worse.append(best < found.low if metric.sign > 0 else best > found.high)
    return np.mean(better), np.mean(worse)


@pytest.mark.parametrize(
    ("name", "most"), [("mean_loss", 0.02), ("final", 0.08), ("anytime", 0.05), ("mean_log", 0.12)]
)
def test_it_covers_on_trials_that_were_run(name, most):
    better, worse = missed(METRICS[name])
    assert worse == pytest.approx(2.0**-luck.SAFE, abs=0.01)  # whatever the scores look like
    assert better <= most


def tried(scores, optimizer="sgd", task="bowl", kind="hand-designed"):
    trials = {"trial": list(range(len(scores))), "learning_rate": [0.1] * len(scores)}
    trials |= {name: list(scores) for name in METRICS}
    record = samples.record(task, optimizer)
    return record._replace(trials=trials if kind == "hand-designed" else {}, kind=kind)


def test_replicates_are_zero_without_tuning_and_spread_as_the_interval_does():
    rng = np.random.default_rng(0)
    assert not luck.replicates(tried([], kind="learned"), LOSS, rng).any()
    assert not luck.replicates(None, LOSS, rng).any()
    record = tried(0.5 + 0.01 * np.arange(40))
    moved = luck.replicates(record, LOSS, rng)
    fifth = np.log10(0.54 / 0.5)
    assert np.percentile(moved, [2.5, 97.5]) == pytest.approx([-fifth, fifth], abs=fifth / 4)
    assert np.mean(moved == 0) == pytest.approx(0.5, abs=0.03)  # the best is in half of the halves
    assert np.isnan(luck.replicates(tried([0.5] * 3), LOSS, rng)).all()


def test_boards_and_comparisons_have_it(tmp_path):
    store = Store(tmp_path)
    store.write(tried(0.5 + 0.01 * np.arange(40)))
    store.write(tried([], "gru-a", kind="learned"))
    board = leaderboard(tmp_path, "mean_loss").set_index("optimizer")
    table = per_task(tmp_path, "mean_loss").set_index("optimizer")
    for frame in (board, table):
        assert frame["low_trials"]["gru-a"] == frame["high_trials"]["gru-a"] == frame["score"]["gru-a"]
        assert frame["low_trials"]["sgd"] < frame["score"]["sgd"] < frame["high_trials"]["sgd"]
    assert any(note.startswith("[other trials] (low_trials") for note in leaderboard(tmp_path).attrs["notes"])
    found = compare(tmp_path, "gru-a", "sgd", "mean_loss")
    row = found.iloc[0]
    expected = [table["score"]["gru-a"] / table[end]["sgd"] for end in ("high_trials", "low_trials")]
    assert [row["low_trials"], row["high_trials"]] == pytest.approx(expected, rel=0.05)
    assert "with other tuning trials [" in found.attrs["sentence"]


def test_who_else_is_there_moves_no_interval(tmp_path):
    for name, others in (("few", ["adam"]), ("more", ["adam", "rmsprop", "momentum"])):
        for optimizer in ("sgd", *others):
            Store(tmp_path / name).write(tried(0.5 + 0.01 * np.arange(40), optimizer))
    few, more = (per_task(tmp_path / name).set_index("optimizer") for name in ("few", "more"))
    assert few.loc["sgd", ["low_trials", "high_trials"]].equals(more.loc["sgd", ["low_trials", "high_trials"]])
