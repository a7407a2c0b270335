"""The generalist against tuning: the best of k trials by hand, counts, and the split."""

import numpy as np
import pytest

import optimizers
from bench.studies.generalist import best_of, breaks, entrants, fits, inside, page, split
from bench.studies.generalist.best_of import KS, Curve
from bench.studies.generalist.trials import Scores


def test_best_of_k_by_hand():
    """Three trials that rank 1, 2, 3 by tuning: of two drawn the best is the first in 2 of 3 ways."""
    scores = Scores(np.full(4, 9.0), np.array([[3.0], [1.0], [2.0]]), np.array([[5.0] * 4, [1.0] * 4, [4.0] * 4]))
    found = best_of.curve("booth", "one", scores, replicates=50)
    assert found.value[KS.index(0)] == 9.0
    assert found.value[KS.index(1)] == pytest.approx((5 + 1 + 4) / 3)
    assert found.value[KS.index(2)] == pytest.approx((1 + 1 + 4) / 3)
    assert np.isnan(found.value[KS.index(4)])
    drawn = found.replicates[:, KS.index(1)]
    assert 1.0 <= drawn.min() < found.value[KS.index(1)] < drawn.max() <= 5.0


def test_more_trials_never_score_worse_where_tuning_problems_tell_all():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(32, 1)) + np.zeros((32, 8))
    value = best_of.curve("booth", "one", Scores(truth[0], truth, truth), replicates=20).value
    known = value[1:][np.isfinite(value[1:])]
    assert np.all(np.diff(known) < 0)
    assert best_of.chances(32)[KS.index(24)].sum() == pytest.approx(1.0)


def test_counts_and_means_over_tasks():
    level = np.zeros((10, len(KS)))
    ahead, even = Curve(np.full(len(KS), -1.0), level - 1), Curve(np.full(len(KS), 0.5), level)
    theirs = Curve(np.where(np.arange(len(KS)) < 3, 0.0, np.nan), level)
    found = best_of.counts({"a": ahead, "b": even}, {"a": theirs, "b": theirs})
    assert found[0] == (1, 1, 0, 2)
    assert found[3] == (0, 0, 0, 0)
    assert best_of.together([ahead, even]).value[0] == -0.25


def test_no_family_is_on_two_sides_and_tasks_are_in_their_families():
    sides = [split.TRAINED_ON, split.CHOSEN_ON, split.REPORTED]
    families = [family for side in sides for family in side]
    assert len(families) == len(set(families))
    for side in sides:
        for family, tasks in side.items():
            assert [split.family(task) for task in tasks] == [family] * len(tasks)


@pytest.mark.parametrize("name", [name for name in entrants.GENERALISTS if name in optimizers.names()])
def test_shipped_generalists_keep_to_the_split(name):
    trained = {text.split('"')[1] for text in optimizers.get(name).discloses["trained_on"]}
    assert trained == {task for tasks in split.TRAINED_ON.values() for task in tasks}


def test_the_rate_alone_is_searched_around_the_published_one():
    for one in entrants.baselines():
        if one.searched == entrants.RATE:
            ((rate, space),) = one.entry.space.items()
            published = optimizers.get(one.name).defaults[rate]
            assert (space.low, space.high) == pytest.approx((0.1 * published, 100 * published))


def test_a_multiplier_multiplies_moves():
    import tensorflow as tf

    entry = entrants.multiplied("rnnprop-mixture")
    params, g = tf.constant([1.0, 2.0]), tf.constant([0.3, -0.1])
    moves = []
    for m in (1.0, 3.0):
        optimizer = entry.build({"multiplier": m})
        moves.append(optimizer.update(g, optimizer.init(params), params, tf.constant(0))[0].numpy())
    np.testing.assert_allclose(moves[1], 3 * moves[0], rtol=1e-6)
    assert entry.space["multiplier"].low == 0.1


def test_cells_of_the_page_have_intervals_and_gaps():
    found = best_of.Interval(np.array([1.0, np.nan]), np.array([0.5, np.nan]), np.array([1.5, np.nan]))
    assert page._cells(found) == ["1.00 [0.50, 1.50]", ""]


def fake(value, trials=128, replicates=20):
    """A curve of `value` at every k there are trials for."""
    known = np.array([float(value) if k <= trials else np.nan for k in KS])
    return Curve(known, np.tile(known, (replicates, 1)))


def test_the_page_counts_judges_and_tells_failures():
    tasks = (*split.reported(), *split.AT_HOME)
    labels = ["generalist, untuned", "rnnprop-mixture, untuned", "generalist, multiplier"]
    labels += [one.label for one in entrants.baselines()]
    curves = {
        m: {label: {t: fake(0.0) for t in tasks} for label in labels} for m in ("mean_log", "mean_loss", "anytime")
    }
    for task in tasks[1:]:
        curves["mean_log"]["generalist, untuned"][task] = fake(-1.0)
    curves["mean_log"]["generalist, untuned"][tasks[0]] = fake(0.5)
    text = page.page(curves, ["generalist"], [], ["one line"], ["of fits"])
    assert "with 4 trials on 8 of 9 tasks, and of Adam tuned with 24 trials on 8 of 9." in text
    assert "above the initial one on matrix-factorization (+0.50)" in text
    assert "behind Adam's defaults on matrix-factorization." in text
    assert "| Adam, 24 trials, mean_log | ahead on at least 90% | 8/9 | 0/9 | missed |" in text
    assert "| Adam, 24 trials, mean_loss | ahead on at least 90% | 0/9 | 0/9 | missed |" in text
    row = next(line for line in text.splitlines() if "mean_log, quadratic (a family trained on)" in line)
    assert row.endswith("| at most 0.5 decades behind | -1.00 | +0.00 | held |")
    assert "one line" in text
    assert "of fits" in text


def test_rows_of_conditions_say_who_ends_above_the_start():
    rows = [
        breaks.Broken(
            "loss × 1000", "booth", "one", best_of.Interval(np.float64(-2), np.float64(-3), np.float64(-1)), 0, 16
        ),
        breaks.Broken(
            "loss × 1000", "booth", "two", best_of.Interval(np.float64(1), np.float64(0), np.float64(2)), 3, 16
        ),
    ]
    text = "\n".join(page._breaks(rows))
    assert "| loss × 1000 | booth | -2.00 [-3.00, -1.00] | 1.00 [0.00, 2.00], **3/16 end above** |" in text


def test_a_fit_lowers_the_loss_whatever_its_unit_and_says_who_does_not():
    """Adam on a narrow network; the unit of the loss changes next to nothing."""
    conditions = [fits.Condition("as it is", width=8), fits.Condition("large", width=8, factor=1e3)]
    rows = fits.fitted(["adam"], conditions=conditions, seeds=1)
    (plain,), (large,) = (row.ratios for row in rows)
    assert 0 < plain < 1
    assert large == pytest.approx(plain, rel=0.05)
    worse = fits.Fitted("as it is", "other", (0.5, 2.0, float("inf")))
    text = "\n".join(fits.lines([rows[0]._replace(ratios=(0.25, 0.25, 0.5)), worse]))
    assert "| as it is | 0.25 [0.25, 0.5] | 2 [0.5, inf], **2/3 end above** |" in text


def test_a_condition_is_raced_once_and_read_again(tmp_path):
    adam = optimizers.get("adam")
    subject = breaks.Subject("adam", adam, lambda task: {**adam.defaults, "learning_rate": 30.0})
    first = breaks._row("as it is", "booth", "booth", 5, subject, tmp_path, problems=4)
    (path,) = tmp_path.glob("break-adam-*.json")
    stamp = path.stat().st_mtime_ns
    again = breaks._row("as it is", "booth", "booth", 5, subject, tmp_path, problems=4)
    assert path.stat().st_mtime_ns == stamp
    assert (again.worse, float(again.mean_log.value)) == (first.worse, float(first.mean_log.value))
    assert first.worse == 4  # steps of 30 leave every start of booth


def test_what_is_taken_away_is_gone_and_nothing_else():
    theta = dict(optimizers.get("generalist").defaults)
    alone = inside.gradient_alone(theta)
    assert alone["mixed_bias"].tolist() == [pytest.approx(theta["mixed_bias"].sum()), 0.0, 0.0, 0.0]
    np.testing.assert_allclose(alone["mixed_state"][:, 0], theta["mixed_state"].sum(1), rtol=1e-5)
    np.testing.assert_allclose(alone["each_mixed"][0], theta["each_mixed"].sum(0), rtol=1e-5, atol=1e-6)
    assert not alone["mixed_state"][:, 1:].any()
    assert not alone["each_mixed"][1:].any()
    blind = inside.blind(theta, inside._CLOCK)
    assert (blind["kernel"] != theta["kernel"]).any(1).nonzero()[0].tolist() == [19, 20, 21]
    assert (inside.blind(theta, inside._AGREEMENT)["longer_seen"] == 0).nonzero()[0].tolist() == [
        0,
        1,
        2,
        3,
        *range(9, 13),
    ]
    for without in inside.AWAY.values():
        found = without(theta)
        changed = {name for name in theta if not np.array_equal(found[name], theta[name])}
        assert changed
        assert {name: found[name].shape for name in theta} == {name: theta[name].shape for name in theta}
    np.testing.assert_array_equal(theta["mixed_bias"], optimizers.get("generalist").defaults["mixed_bias"])


def test_a_spike_by_hand():
    """SGD moves c times as far. Adam after t unit gradients: m̂ = (m + 0.1 c g) / √(v + 0.001 c² g²), per number."""
    sizes = inside.spiked("sgd")
    assert sizes == pytest.approx(inside.SPIKES, rel=1e-5)
    rng = np.random.default_rng(0)
    rng.normal(size=inside.SHAPE)
    m, v = np.zeros(inside.SHAPE), np.zeros(inside.SHAPE)
    for _ in range(inside.CALM):
        g = rng.normal(size=inside.SHAPE)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
    last = rng.normal(size=inside.SHAPE)
    moves = [(0.9 * m + 0.1 * c * last) / np.sqrt(0.999 * v + 0.001 * (c * last) ** 2) for c in inside.SPIKES]
    lengths = [np.sqrt(np.mean(move**2)) for move in moves]
    assert inside.spiked("adam") == pytest.approx([length / lengths[0] for length in lengths], rel=1e-3)


def test_the_table_says_what_was_of_use():
    row = inside.Away(next(iter(inside.AWAY)), "booth", best_of.Interval(np.float64(1), np.float64(0.5), np.float64(2)))
    even = inside.Away("clock", "booth", best_of.Interval(np.float64(0), np.float64(-0.5), np.float64(0.5)))
    text = "\n".join(inside.lines([row, even], {"sgd": [1.0, 10.0, 100.0, 1000.0]}))
    assert "| momentum: the gradient in place of its momenta | **1.00 [0.50, 2.00]** |" in text
    assert "momentum is of use on 1 of 1 tasks, a schedule (the clock) on 0," in text
    assert "| clock | 0.00 [-0.50, 0.50] |" in text
    assert "| sgd | 1 | 10 | 100 | 1000 |" in text
    ((what, task, rise), *others) = inside.taken_away("generalist", ["booth"], print, problems=4)
    assert (what, task) == ("momentum: the gradient in place of its momenta", "booth")
    assert float(rise.low) <= float(rise.value) <= float(rise.high)
    assert len(others) == len(inside.AWAY) - 1
