"""Faults of the task, not of optimizers: bad starts, a floor too high, nothing to gain; and that divergence lasts."""

import numpy as np
import pytest
import samples

from bench.records.store import Store
from bench.scores.faults import _at_rest
from bench.scores.leaderboard import leaderboard, per_task
from bench.scores.measures import steps_to
from bench.scores.metrics import CAP, METRICS, absorbed, summarize
from bench.scores.results import load


def scored(metric, *curve, floor=0.0):
    losses = np.array([curve], "float32")
    runs = summarize(np.arange(losses.shape[-1]), losses, floor)
    return float(METRICS[metric].score(runs, floor)[0])


class TestDivergenceLasts:
    def test_a_loss_that_comes_back_stays_lost(self):
        curve = 1.0, 0.5, 3e6, 0.1, 1e-9
        assert scored("final", *curve) == CAP
        assert scored("best", *curve) == 0.5
        assert scored("mean_loss", *curve) == pytest.approx(3 / 5 * CAP, rel=1e-5)
        assert scored("mean_log", *curve) == pytest.approx((0 + np.log10(0.5) + 3 * 6) / 5, abs=1e-6)
        assert scored("anytime", *curve) == pytest.approx(scored("anytime", 1.0, 0.5, 0.5, 0.5, 0.5))

    @pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf, 2e6])
    def test_whatever_the_lost_loss_was(self, lost):
        assert scored("final", 1.0, lost, 0.1) == CAP
        assert scored("best", 1.0, lost, 0.1) == 1.0

    def test_a_run_that_stays_away_or_never_leaves_is_untouched(self):
        for curve in ([1.0, 0.5, np.inf, np.inf], [1.0, 0.5, 0.2, 0.1], [1.0, 9e5, 0.2, 0.1]):
            runs = summarize(np.arange(4), np.array([curve], "float32"))
            assert absorbed(runs, 0.0) is runs

    def test_others_keep_their_bits_beside_it(self):
        sound = np.exp(-np.arange(4.0))
        both = summarize(np.arange(4), np.array([sound, [1.0, np.nan, 0.1, 0.1]], "float32"))
        alone = summarize(np.arange(4), np.array([sound], "float32"))
        for metric in METRICS.values():
            assert metric.score(both, 0.0)[0] == metric.score(alone, 0.0)[0]


def test_zero_of_zero_is_one_and_no_divergence():
    rest = summarize(np.arange(4), np.zeros((1, 4), "float32"))
    assert rest.diverged.tolist() == [-1]
    values = {name: float(metric.score(rest, 0.0)[0]) for name, metric in METRICS.items()}
    assert values == {"anytime": 1.0, "mean_loss": 1.0, "mean_log": 0.0, "final": 1.0, "best": 1.0}


@pytest.mark.parametrize("floor", [0.0, -7.3, 7.3])
def test_a_start_at_the_floor_scores_as_standing_still_whatever_noise_moves_it(floor):
    """−7.3 and 7.3 are no float32 numbers: rounding is no gap."""
    noisy = summarize(np.arange(4), np.float32(floor) + np.array([[0, 0.1, 0.2, 0.1]], "float32"), floor)
    still = {"anytime": 1.0, "mean_loss": 1.0, "mean_log": 0.0, "final": 1.0, "best": 1.0}
    assert {name: pytest.approx(float(METRICS[name].score(noisy, floor)[0]), abs=0.02) for name in still} == still
    assert steps_to(noisy, floor, 0.1).tolist() == [0]
    lost = summarize(np.arange(4), np.float32(floor) + np.array([[0, 0.1, np.nan, 0.1]], "float32"), floor)
    assert METRICS["final"].score(lost, floor)[0] == CAP


def board(path, floor=0.0, **losses):
    """The board of entries by their losses on one task, and its notes."""
    store = Store(path)
    for name, values in losses.items():
        record = samples.record("bowl", name, np.asarray(values, "float32"), budget=samples.RANKED)
        store.write(record._replace(floor=floor))
    frame = leaderboard(path, "final")
    return frame.set_index("optimizer"), frame.attrs["notes"]


def curves(rate):
    return samples.curves(rate, seeds=32)


class TestStartsThatAreNoNumbers:
    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_are_left_out_for_everybody_and_said_once(self, tmp_path, value):
        def spoiled(rate):
            losses = curves(rate)
            losses[:2] = value
            return losses

        frame, notes = board(tmp_path / "bad", sgd=spoiled(0.1), adam=spoiled(0.3))
        assert frame["diverged"].tolist() == [0, 0]
        ratios = curves(0.3)[2:, -1] / curves(0.3)[2:, 0]
        assert frame["score"]["adam"] == pytest.approx(np.exp(np.log(ratios).mean()), rel=1e-5)
        assert frame["mean"]["adam"] == pytest.approx(np.mean(ratios), rel=1e-5)
        told = [note for note in notes if "bowl: 2 of 32 problems have no finite loss at the start" in note]
        assert len(told) == 1
        assert load(tmp_path / "bad").problems("bowl") == 30

    def test_everywhere_all_tie(self, tmp_path):
        frame, notes = board(tmp_path, sgd=np.full((32, 21), np.nan), adam=np.full((32, 21), np.nan))
        assert frame["rank"].tolist() == [1, 1]
        assert any("32 of 32 problems have no finite loss at the start; no optimizer can be scored" in n for n in notes)


class TestLossesBelowTheFloor:
    def test_rank_nobody_first_and_name_the_floor(self, tmp_path):
        frame, notes = board(tmp_path, sgd=curves(0.1) - 100, adam=curves(0.3) - 100)
        assert frame["rank"].tolist() == [1, 1]
        (told,) = (note for note in notes if note.startswith("bowl: losses fall to -100"))
        assert "below its floor of 0" in told
        assert "set the task's floor" in told
        assert per_task(tmp_path, "final")["rank"].tolist() == [1, 1]

    def test_a_diverging_run_does_not_win_there(self, tmp_path):
        away = -2.0 - np.exp(np.arange(21.0)) * np.ones((32, 1))
        frame, _ = board(tmp_path, sgd=away, adam=curves(0.3))
        assert frame["rank"].tolist() == [1, 1]

    def test_rounding_is_no_fault(self, tmp_path):
        frame, notes = board(tmp_path, sgd=curves(0.1), adam=curves(2.0) - 1e-6)
        assert frame["rank"]["adam"] == 1
        assert not any("floor" in note for note in notes)


def test_starts_at_the_floor_are_said(tmp_path):
    rest = curves(0.1)
    rest[:8] = 0.0
    frame, notes = board(tmp_path, sgd=rest, adam=rest)
    assert frame["diverged"].tolist() == [0, 0]
    assert frame["rank"].tolist() == [1, 1]
    assert any("bowl: 8 of 32 problems start at the floor" in note for note in notes)


def test_noise_at_a_start_at_the_floor_is_no_divergence(tmp_path):
    noisy = np.where(np.arange(21) > 0, 0.1, 0.0) * np.ones((32, 1))
    frame, notes = board(tmp_path / "one", sgd=noisy, adam=np.zeros((32, 21)))
    assert frame["diverged"].tolist() == [0, 0]
    frame, notes = board(tmp_path / "both", sgd=noisy, adam=noisy)
    assert frame["diverged"].tolist() == [0, 0]
    assert frame["rank"].tolist() == [1, 1]
    assert [note for note in notes if note.startswith("bowl: ")] == [str(_at_rest("bowl", 32, 32))]


def test_a_floor_reached_to_the_digits_of_float32_is_no_fault(tmp_path):
    """Most problems start there, so that the median gap is 0."""
    losses = curves(0.3)
    losses[:20] = 0
    frame, notes = board(tmp_path, floor=-7.3, sgd=losses - 7.3, adam=losses - 7.3)
    assert [note for note in notes if note.startswith("bowl: ")] == [str(_at_rest("bowl", 20, 32))]
    assert (frame["score"] < 1).all()


def test_a_loss_that_nothing_moves_is_said(tmp_path):
    _, notes = board(tmp_path / "flat", sgd=np.full((32, 21), 3.0), adam=np.full((32, 21), 3.0))
    assert any(note.startswith("bowl: no run changes the loss") for note in notes)
    _, notes = board(tmp_path / "deep", floor=-1e9, sgd=curves(0.1), adam=curves(0.3))
    assert any("bowl: no run moves the loss by more than 0.0001 of its distance from the floor" in n for n in notes)


def test_a_loss_that_every_optimizer_loses_at_once_is_said(tmp_path):
    lost = curves(0.1)
    lost[:4, 1:] = np.nan
    _, notes = board(tmp_path / "all", sgd=lost, adam=lost)
    assert any(note.startswith("bowl: 4 of 32 problems diverge at the first step under every") for note in notes)
    _, notes = board(tmp_path / "one", sgd=lost, adam=curves(0.1))
    assert not any("first step" in note for note in notes)
