"""Pictures: an optimizer's look, what is plotted against hand-made records, and that nothing is cut or covered."""

import itertools

import numpy as np
import pandas as pd
import pytest
import samples
from click.testing import CliRunner
from matplotlib.colors import to_hex
from matplotlib.text import Text

from bench.commands import group
from bench.commands.plot import KINDS as OFFERED
from bench.errors import UserError
from bench.lookup import canvas
from bench.lookup.appearance import look
from bench.records.record import Budget
from bench.records.store import Store
from bench.reports.html.styles import styles
from bench.reports.pictures import rows, shown
from bench.reports.pictures.curves import above_floor, relative
from bench.reports.pictures.kinds import KINDS, plot
from bench.reports.pictures.rows import QUANTILES
from bench.reports.pictures.sensitivity import best_of_bins
from bench.scores import measures, profiles
from bench.scores.choose import narrow
from bench.scores.leaderboard import leaderboard
from bench.scores.measured import board as board_of
from bench.scores.metrics import METRICS
from bench.scores.results import load, task_scores

NAMES = ("sgd", "adam", "momentum", "gru-rosenbrock", "my-own")
LONG = tuple(f"a-rather-long-name-of-an-sgd-variant-with-momentum-{i:02d}" for i in range(30))
BUDGET = Budget(40, 32, 8, 2)


def trials(which):
    """A trials table of eight configurations; the score is lowest at a learning rate of 0.01."""
    rates = np.geomspace(1e-4, 1.0, 8)
    scores = 0.1 * (1 + which) + np.abs(np.log10(rates) + 2)
    columns = {"learning_rate": rates.tolist(), "momentum": (1 - rates * 0.9).tolist(), "nesterov": ["on", "off"] * 4}
    return {"trial": list(range(8)), **columns, **{name: scores.tolist() for name in METRICS}}


def folder(path, names=NAMES, tasks=("bowl", "valley"), floor=0.0):
    store = Store(path)
    for (stream, task), (i, name) in itertools.product(enumerate(tasks), enumerate(names)):
        losses = samples.curves(0.02 * (1 + i), steps=40, seeds=32, stream=stream) + floor
        held = {} if name.startswith("gru") else trials(i)
        store.write(samples.record(task, name, losses.astype("float32"), budget=BUDGET, floor=floor, trials=held))
    return path


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return load(folder(tmp_path_factory.mktemp("few")))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return load(
        folder(tmp_path_factory.mktemp("many"), LONG, ("bowl", "valley[scaled=0.1,rotated=yes,delayed=3]", "x"))
    )


def figure(results, kind, metric=None):
    found = KINDS[kind].draw(results, METRICS[metric or KINDS[kind].metric])
    found.canvas.draw()
    return found


def part(results, names, tasks=()):
    return narrow(results, tasks, names)


def lines(axes):
    """{name: its line} of the lines drawn as themselves."""
    return {line.get_label(): line for line in axes.lines if not line.get_label().startswith("_")}


def looks(drawn):
    """{name: (color, dashes, marker)} of lines in a figure."""
    found = {}
    for axes in drawn.axes:
        for name, line in lines(axes).items():
            if line.get_color() != shown.GRAY:
                width = line.get_linewidth()
                dashes = tuple(np.round(np.array(line._dash_pattern[1] or ()) / width, 6))
                found.setdefault(name, set()).add((to_hex(line.get_color()), dashes, line.get_marker()))
    return found


@pytest.mark.parametrize("kind", ["curves", "ecdf", "profile", "budget", "sensitivity"])
def test_an_optimizer_looks_the_same_in_every_picture(results, kind):
    found = looks(figure(results, kind))
    assert len(found) == len(NAMES) - (kind in ("budget", "sensitivity"))
    for name, seen in found.items():
        style = look(name).line()
        dashes = () if style["linestyle"] == "-" else style["linestyle"][1]
        assert seen == {(style["color"].lower(), tuple(map(float, dashes)), style["marker"])}, name


@pytest.mark.parametrize("kind", ["box", "ranks"])
def test_rows_have_the_marker_and_color_of_their_optimizer(results, kind):
    axes = figure(results, kind).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    points = {round(float(line.get_ydata()[0])): line for line in axes.lines if line.get_marker() not in ("None", "")}
    assert len(points) == len(NAMES)
    for y, line in points.items():
        assert (line.get_marker(), line.get_color()) == (
            look(names[y]).line()["marker"],
            look(names[y]).line()["color"],
        )


def test_who_else_is_drawn_does_not_change_a_look(results, many):
    alone = looks(figure(part(results, ["adam"]), "curves"))
    assert alone["adam"] == looks(figure(results, "curves"))["adam"]
    some = looks(figure(many, "curves"))
    assert 0 < len(some) < 30
    alone = looks(figure(part(many, LONG, ["bowl"]), "curves"))
    assert len(alone) == 30
    assert all(alone[name] == seen for name, seen in some.items())


def test_the_page_agrees_with_the_pictures(results):
    for name, style in styles(results).items():
        assert style["color"] == look(name).color
        width = style["width"]
        dash = look(name).line()["linestyle"]
        expected = "" if dash == "-" else " ".join(f"{part * width:.3g}" for part in dash[1])
        assert style["dash"] == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("which", ["results", "many"])
def test_no_text_is_cut_or_covered(kind, which, request):
    drawn = figure(request.getfixturevalue(which), kind)
    renderer = drawn.canvas.get_renderer()
    page = drawn.bbox.padded(1.5)
    hidden = undrawn(drawn)
    texts = [t for t in drawn.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden]
    boxes = [(t.get_text(), t.get_window_extent(renderer)) for t in texts]
    for text, box in boxes:
        assert (page.x0 <= box.x0, box.x1 <= page.x1, page.y0 <= box.y0, box.y1 <= page.y1) == (True,) * 4, text
    for (a, one), (b, other) in itertools.combinations(boxes, 2):
        assert not one.padded(-1).overlaps(other.padded(-1)), (a, b)
    legends = [*drawn.legends, *(axes.get_legend() for axes in drawn.axes if axes.get_legend())]
    for legend, axes in itertools.product(legends, drawn.axes):
        assert not legend.get_window_extent(renderer).padded(-1).overlaps(axes.get_window_extent(renderer))


def undrawn(figure):
    """Labels of ticks outside their axis, which matplotlib keeps and does not draw."""
    found = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        shown_ticks = axis._update_ticks()
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            found |= {tick.label1, tick.label2} if tick not in shown_ticks else set()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_says_what_it_shows_and_names_everybody_whole(kind, results, many):
    said = figure(results, kind)._suptitle.get_text().replace("\n", " ")
    for word in ("problems", "8 trials" if kind != "curves" else "band: 25–75 %", KINDS[kind].metric):
        assert word in said
    drawn = figure(part(many, LONG, ["bowl"]), kind)
    texts = {t.get_text().replace("\n", "") for t in drawn.findobj(Text)}
    assert set(LONG) <= texts or kind == "sensitivity"


@pytest.mark.parametrize("kind", KINDS)
def test_logarithmic_axes_have_two_labels_or_more(kind, results):
    for axes in figure(results, kind).axes:
        for axis in (axes.xaxis, axes.yaxis):
            if axis.get_scale() == "log":
                low, high = sorted(axis.get_view_interval())
                inside = [t for t in axis.get_majorticklocs() if low <= t <= high]
                assert len(inside) >= 2


@pytest.mark.parametrize(("low", "high"), [(0.3, 0.9), (1.1, 1.9), (0.97, 1.03), (0.5, 30), (1e-12, 5), (3e-9, 4e5)])
def test_log_ticks_are_two_to_seven(low, high):
    ticks = canvas.log_ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert all(low <= t <= high for t in ticks)


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), (0.001, "0.001"), (-2.5, "−2.5"), (1e-7, "$10^{-7}$"), (2e5, r"$2\cdot10^{5}$")]
)
def test_numbers_at_ticks(value, text):
    assert canvas.tick(value) == text


@pytest.mark.parametrize("floor", [0.0, 0.5, -3.0])
def test_curves_show_what_is_above_the_floor(tmp_path, floor):
    losses = np.array([[2.0, 1.0, 0.5], [4.0, 1.0, 0.25], [1.0, np.nan, np.nan], [1.0, 0.5, 0.0]]) + floor
    Store(tmp_path).write(
        samples.record("bowl", "sgd", losses.astype("float32"), budget=Budget(2, 4, 1, 1), floor=floor)
    )
    axes = figure(load(tmp_path), "curves").axes[0]
    resolution = max(1e-14, np.finfo("float32").eps * abs(floor) / 1.0)
    assert lines(axes)["sgd"].get_xdata().tolist() == [0, 1, 2]
    assert lines(axes)["sgd"].get_ydata().tolist() == [1.0, 0.5, 0.0625]
    band = axes.collections[0].get_paths()[0].vertices
    assert np.isclose(band[:, 1].min(), resolution)
    assert ("floor" in axes.get_title(loc="left")) == (floor != 0)
    assert axes.get_ylim()[0] < axes.get_ylim()[1]


def test_relative_curves_by_hand():
    losses = np.array([[2.0, 1.0], [4.0, 1.0], [1.0, np.nan], [1.0, 0.0]], "float32")
    steps, (low, middle, high) = relative(samples.record(losses=losses))
    assert steps.tolist() == [0, 1]
    assert low.tolist() == [1.0, 1e-14]
    assert middle.tolist() == [1.0, 0.25]
    assert high.tolist() == [1.0, 0.5]


def test_losses_below_the_floor_or_that_start_there_are_no_numbers_below_zero():
    below = above_floor(np.array([[1.0, 0.2]]), 0.5)
    assert below.tolist() == [[1.0, np.finfo("float32").eps]]
    assert above_floor(np.array([[0.5, 0.2]]), 0.5).tolist() == [[np.inf, np.inf]]


def test_better_runs_fall_on_a_task_of_negative_floor(tmp_path):
    drawn = figure(load(folder(tmp_path, floor=-5.0)), "curves").axes[0]
    ends = [lines(drawn)[name].get_ydata()[-1] for name in NAMES]
    assert ends == sorted(ends, reverse=True)
    assert not drawn.yaxis_inverted()


def test_ecdf_and_profile_draw_the_numbers_of_profiles(results):
    drawn = lines(figure(results, "ecdf").axes[0])
    expected = profiles.ecdf(results)
    for name in NAMES:
        np.testing.assert_array_equal(drawn[name].get_xdata(), expected.x + 1)
        np.testing.assert_array_equal(drawn[name].get_ydata(), expected.lines[name])
    drawn = lines(figure(results, "profile", "final").axes[0])
    expected = profiles.profile(results, METRICS["final"])
    for name in NAMES:
        np.testing.assert_array_equal(drawn[name].get_ydata(), expected.lines[name])


def test_budget_is_the_best_of_k_of_one_set_of_trials(results):
    axes = figure(results, "budget").axes[0]
    scores = np.array(trials(0)["mean_loss"])
    line = lines(axes)["sgd"]
    assert line.get_xdata().tolist() == [1, 2, 4, 8]
    for k, value in zip(line.get_xdata(), line.get_ydata(), strict=True):
        best = [min(drawn) for drawn in itertools.combinations(scores, int(k))]
        assert value == np.quantile(best, 0.5, method="inverted_cdf")
    assert "gru-rosenbrock" not in lines(axes)
    assert "gru-rosenbrock" in axes.figure._suptitle.get_text().replace("\n", " ")


def test_box_draws_quantiles_over_problems(results):
    drawn = figure(results, "box")
    axes = drawn.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    table = task_scores(results, "bowl", METRICS["mean_loss"])
    for y, name in enumerate(names):
        expected = np.quantile(table[results.optimizers.index(name)], QUANTILES, method="inverted_cdf")
        whiskers, point = (line for line in axes.lines if round(float(line.get_ydata()[0])) == y)
        assert whiskers.get_xdata().tolist() == expected[[0, 4]].tolist()
        assert float(point.get_xdata()[0]) == expected[2]
        patch = axes.patches[y]
        np.testing.assert_allclose([patch.get_x(), patch.get_x() + patch.get_width()], expected[[1, 3]])
    assert names[0] == "my-own"


def test_steps_to_a_target_are_drawn_where_a_run_gets_there(tmp_path):
    """31 and 8 of 32 runs reach a tenth, all at step 10: medians are 10 and never, which is not drawn."""
    store = Store(tmp_path)
    for name, count in (("adam", 31), ("sgd", 8)):
        losses = np.ones((32, 41), "float32")
        losses[:count, 10:] = 0.05
        store.write(samples.record("bowl", name, losses, budget=BUDGET))
    steps = measures.get("steps_tenth")
    axes = KINDS["box"].draw(load(tmp_path), steps).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["adam", "sgd"]
    medians = [float(line.get_xdata()[0]) for line in axes.lines if line.get_markersize() == 5]
    np.testing.assert_array_equal(medians, [10.0, np.nan])
    found = profiles.profile(load(tmp_path), steps)
    assert {name: set(line) for name, line in found.lines.items()} == {"adam": {31 / 32}, "sgd": {8 / 32}}
    board = board_of(load(tmp_path), "steps_tenth")
    axes = KINDS["ranks"].draw(load(tmp_path), steps).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == board["optimizer"].tolist() == ["adam", "sgd"]
    for kind in ("box", "profile", "ranks"):
        assert plot(tmp_path, tmp_path / f"{kind}.png", kind, "steps_tenth").stat().st_size > 5000


def test_ranks_are_those_of_the_board(results, tmp_path):
    axes = figure(results, "ranks").axes[0]
    board = leaderboard(results, "anytime")
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == board["optimizer"].tolist()
    ends = [line.get_xdata() for line in axes.lines if line.get_linewidth() == 5]
    assert np.array(ends).tolist() == board[["rank_low", "rank_high"]].to_numpy(int).tolist()
    points = [float(line.get_xdata()[0]) for line in axes.lines if line.get_markersize() == 7]
    assert points == board["rank"].tolist()
    Store(tmp_path).write(samples.record("bowl", "foreign", budget=BUDGET, kind="oracle"))
    both = load([folder(tmp_path, tasks=("bowl",)), tmp_path])
    assert "Not ranked here: foreign." in figure(both, "ranks").get_suptitle().replace("\n", " ")


def test_sensitivity_joins_the_best_trial_of_each_bin(results):
    x, scores = np.array([1.0, 1.5, 2.5, 4.0]), np.array([3.0, 2.0, 5.0, 4.0])
    found = best_of_bins(x, scores, METRICS["mean_loss"], np.array([1.0, 2.0, 3.0, 4.0]))
    assert [each.tolist() for each in found] == [[1.5, 2.5, 4.0], [2.0, 5.0, 4.0]]
    found = best_of_bins(x, scores, METRICS["anytime"], np.array([1.0, 2.0, 3.0, 4.0]))
    assert found[1].tolist() == [3.0, 5.0, 4.0]
    drawn = figure(results, "sensitivity")
    labels = [axes.get_xlabel() for axes in drawn.axes]
    assert labels == ["learning_rate", "1 − momentum, falling", "nesterov"] * 2
    np.testing.assert_allclose(lines(drawn.axes[0])["adam"].get_ydata(), trials(1)["mean_loss"])
    np.testing.assert_allclose(lines(drawn.axes[1])["adam"].get_xdata(), 0.9 * np.geomspace(1e-4, 1, 8))
    assert drawn.axes[1].xaxis_inverted()


def test_of_too_many_a_panel_names_its_best_the_best_learned_and_oracles(tmp_path):
    rates = {f"entry-{i:02}": 0.02 * (i + 1) for i in range(13)} | {"gru-a": 0.1}
    samples.folder(tmp_path, rates, ["one", "two"])
    Store(tmp_path).write(samples.record("one", "newton", samples.curves(0.9), kind="oracle"))
    results = load(tmp_path)
    best = ["entry-12", "entry-11", "entry-10", "entry-09", "gru-a"]
    assert shown.in_color(results, ["one"], METRICS["mean_log"], 2) == [*best, "newton"]
    assert shown.in_color(results, ["two"], METRICS["mean_log"], 2) == best
    one, two = figure(results, "curves").axes
    assert {n for n, line in lines(two).items() if line.get_color() != shown.GRAY} == set(best)
    assert [text.get_text() for text in one.get_legend().get_texts()] == [*best, "newton"]
    assert len(lines(one)) == 15


def test_odd_names_are_written_as_they_are(tmp_path):
    names = ("_hidden", "$x^2$", r"a\b{", "größe-θ")
    drawn = figure(load(folder(tmp_path, names, ("$t_1$",))), "curves")
    assert [text.get_text() for text in drawn.legends[0].get_texts()] == sorted(names)
    assert drawn.axes[0].get_title(loc="left") == "$t_1$"


def test_names_are_broken_and_never_cut():
    name = "an-optimizer-of-a-rather-long-name[learning_rate=0.001]" + "x" * 80
    broken = canvas.fitted(name, 2.0, 8)
    assert broken.replace("\n", "") == name
    assert all(canvas.inches_of(line, 8) <= 2.0 for line in broken.split("\n"))


@pytest.mark.parametrize("form", canvas.FORMATS)
def test_equal_results_give_equal_bytes_in_every_format(results, tmp_path, form):
    one, two = (plot(results, tmp_path / f"{i}" / f"x.{form}", "profile") for i in range(2))
    assert one.read_bytes() == two.read_bytes()
    assert one.read_bytes()[:4] in (b"%PDF", b"<?xm", b"\x89PNG")


def run(*arguments):
    return CliRunner().invoke(group.main, ["plot", *map(str, arguments)])


@pytest.mark.parametrize("kind", OFFERED)
def test_the_verb_draws_every_kind_of_what_is_chosen(tmp_path, kind):
    assert tuple(KINDS) == OFFERED
    out = tmp_path / "x.png"
    done = run(folder(tmp_path / "in"), "--kind", kind, "--out", out, "--tasks", "bowl", "--optimizers", "adam,sgd")
    assert (done.exit_code, done.output) == (0, f"wrote {out}\n")
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kind", "pie", "--out", "x.png"], "'pie' is not one of"),
        (["--out", "x.gif"], "must end in .pdf or .svg or .png"),
        (["--out", "x"], "must end in .pdf or .svg or .png"),
        (["--metric", "speed", "--out", "x.png"], "unknown metric 'speed'; known: anytime"),
        (["--kind", "ecdf", "--metric", "final", "--out", "x.png"], "ecdf counts the targets of anytime, not final"),
        *(
            (["--kind", kind, "--metric", "success_tenth", "--out", "x.png"], "or another --kind: profile, box, ranks")
            for kind in ("curves", "budget", "sensitivity")
        ),
        (["--tasks", "hill", "--out", "x.png"], "no task here matches 'hill'"),
        (["--kind", "budget", "--optimizers", "gru-*", "--out", "x.png"], "no entry here was tuned for mean_loss"),
        (["--kind", "sensitivity", "--optimizers", "gru-*", "--out", "x.png"], "no entry here was tuned"),
    ],
)
def test_mistakes_are_one_line_and_exit_with_2(tmp_path, arguments, said):
    done = run(folder(tmp_path / "in"), *arguments)
    error = done.exception if isinstance(done.exception, UserError) else None
    assert said in (str(error) if error else done.output)
    assert error or done.exit_code == 2


def test_too_many_panels_are_refused(tmp_path):
    path = folder(tmp_path, ("sgd",), tuple(f"t{i}" for i in range(21)))
    with pytest.raises(UserError, match="63 panels, one per task and setting, are more than 60; choose with --tasks"):
        plot(path, tmp_path / "x.png", "sensitivity")


@pytest.mark.parametrize("kind", KINDS)
def test_failed_diverged_and_untuned_entries_do_not_stop_a_picture(tmp_path, kind):
    folder(tmp_path, ("sgd", "adam"))
    store = Store(tmp_path)
    store.write(samples.failed("bowl", "gru-a", budget=BUDGET))
    for name, value in (("nan", np.nan), ("huge", 1e30)):
        losses = samples.curves(0.1, steps=40, seeds=32)
        losses[:, 1:] = value
        store.write(samples.record("valley", name, losses, budget=BUDGET, trials=trials(1)))
    if kind == "ranks":
        with pytest.raises(UserError, match="a task that all who compete have run"):
            plot(tmp_path, tmp_path / "x.png", kind)
    else:
        assert plot(tmp_path, tmp_path / "x.png", kind).stat().st_size > 5000


def test_nothing_finished_is_a_users_mistake(tmp_path):
    Store(tmp_path).write(samples.failed())
    with pytest.raises(UserError, match="no finished cell is left"):
        plot(tmp_path, tmp_path / "x.png")


def test_ranks_of_too_few_problems_are_refused(tmp_path):
    samples.folder(tmp_path, tasks=("bowl",), budget=Budget(20, 8, 4, 2))
    with pytest.raises(UserError, match="nobody here has a rank: ranks need 30 problems a task"):
        plot(tmp_path, tmp_path / "x.png", "ranks")


def test_a_missing_cell_has_no_rank_on_its_task():
    board = pd.DataFrame({"bowl": [0.5, 0.7, 0.5], "valley": [0.1, np.nan, 0.2]})
    assert rows._ranks_on_tasks(board, ["bowl", "valley"], METRICS["anytime"]).tolist() == [[2, 2], [1, 0], [2, 1]]
    assert rows._ranks_on_tasks(board, ["bowl", "valley"], METRICS["final"]).tolist() == [[1, 1], [3, 0], [1, 2]]
