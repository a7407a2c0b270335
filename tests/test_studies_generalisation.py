"""The generalisation matrix: what it races, its numbers by hand, planted failures, and pictures that can be read."""

import io
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from samples import record

import optimizers
import optimizers.registry
import tasks
from bench.commands.generalise import command as generalise
from bench.errors import UserError
from bench.lookup.syntax import names
from bench.records.record import Budget, Runs
from bench.records.store import Store
from bench.running.run import report_failures
from bench.scores import statistics
from bench.scores.numbers import brief, whole_percent
from bench.studies.generalisation import figures, measure, report
from bench.studies.generalisation.analyze import cell, table
from bench.studies.generalisation.changes import LONG_TOO, Change, changes, unchanged
from bench.studies.generalisation.plan import (
    BASELINES,
    FAMILIES,
    REFERENCES,
    Group,
    Matrix,
    Panel,
    folder,
    groups,
    job_of,
    jobs,
    left_out,
    plan,
)
from optimizers import Entry

ROOT = Path(__file__).parents[1]
SEEDS = 4
STEPS = np.array([0, 200])


def planted(mean_loss, mean_log=0.0, diverged=-1):
    """Runs on SEEDS problems with these numbers; those that diverge stay away."""
    mean = np.broadcast_to(np.asarray(mean_loss, "float32"), (SEEDS,))
    log = np.broadcast_to(np.asarray(mean_log, "float32"), (SEEDS,))
    flags = np.broadcast_to(np.asarray(diverged, "int32"), (SEEDS,))
    losses = np.stack([np.ones(SEEDS), np.where(flags >= 0, np.inf, 1.0)], axis=1).astype("float32")
    return Runs(STEPS, losses, mean, log, mean, flags)


def one_column(*own):
    """A matrix of rosenbrock alone, and a record holder for it."""
    column = unchanged("rosenbrock", 200)
    return Matrix((Panel(FAMILIES, (*own, *REFERENCES), (column,)),), SEEDS, 2), column


def held(matrix, column, numbers):
    """Records by job: `numbers` are {entry: runs, or (tuned runs, default runs)}."""
    records = {}
    for name, runs in numbers.items():
        tuned, default = runs if not isinstance(runs, Runs) else (runs, runs)
        parts = (
            {"default": default}
            if name.startswith("gru")
            else {"default": default, "mean_loss": tuned, "mean_log": tuned}
        )
        job = job_of(matrix, column, name)
        records[job] = record("rosenbrock", name, budget=job.budget, runs=parts)
    return records


BASE = np.array([0.1, 0.2, 0.3, 0.4])
PLANTED = {
    "momentum": (planted(2 * BASE, -1.0), planted(1e9, 9.0, diverged=3)),
    "rmsprop": planted(3 * BASE, -3.0),
    "adam": (planted(BASE, -2.0), planted(4 * BASE, -0.5)),
    "gru-rosenbrock": planted(0.5 * BASE, -5.0),
    "gru-rosenbrock-2": planted(1.5 * BASE, -4.0, diverged=[-1, -1, 7, -1]),
}
TWO_SEEDS = Group("gru-rosenbrock", ("gru-rosenbrock", "gru-rosenbrock-2"), ("rosenbrock",))


@pytest.fixture
def twin(monkeypatch):
    """Of gru-rosenbrock, for one test, a second meta-seed of known numbers and no other."""
    known = optimizers.registry._registry.items()
    others = {name: entry for name, entry in known if not name.startswith("gru-rosenbrock-")}
    monkeypatch.setattr(optimizers.registry, "_registry", others)
    first = optimizers.get("gru-rosenbrock")
    optimizers.register(Entry("gru-rosenbrock-2", "learned", first.build, {}, first.defaults, first.discloses))


@pytest.fixture
def lines(twin):
    matrix, column = one_column(TWO_SEEDS)
    frame = table(matrix, held(matrix, column, PLANTED))
    return frame.set_index("entry")


class TestNumbers:
    def test_ratio_to_the_best_tuned_baseline_is_exact_for_proportional_scores(self, lines):
        assert set(lines["ratio_best"]) == {"adam"}
        expected = {
            "momentum, tuned": 2,
            "rmsprop, tuned": 3,
            "adam, tuned": 1,
            "gru-rosenbrock": 1,
            "adam, default": 4,
        }
        for name, ratio in expected.items():
            assert lines.loc[name, ["ratio", "ratio_low", "ratio_high"]].tolist() == pytest.approx(
                [ratio] * 3, rel=1e-6
            ), name

    def test_an_entry_against_itself_is_exactly_one(self, lines):
        row = lines.loc["adam, tuned"]
        assert (row["ratio"], row["ratio_low"], row["ratio_high"]) == (1.0, 1.0, 1.0)

    def test_meta_seeds_are_averaged_and_their_extremes_kept(self, lines):
        row = lines.loc["gru-rosenbrock"]
        assert row["meta_seeds"] == 2
        assert (row["ratio_least"], row["ratio_most"]) == pytest.approx((0.5, 1.5), rel=1e-6)
        assert row["log10"] == pytest.approx(-4.5 + 3.0)
        assert (row["log10_least"], row["log10_most"]) == pytest.approx((-2.0, -1.0))

    def test_logarithms_have_a_best_of_their_own(self, lines):
        assert set(lines["log10_best"]) == {"rmsprop"}
        assert lines.loc["adam, tuned", "log10"] == pytest.approx(1.0)

    def test_against_adam_as_it_comes(self, lines):
        assert lines.loc["gru-rosenbrock", "adam"] == pytest.approx(0.25, rel=1e-6)
        assert lines.loc["adam, default", "adam"] == 1.0

    def test_divergence_is_a_share_of_all_runs_and_losses_are_capped(self, lines):
        assert lines.loc["gru-rosenbrock", "diverged"] == 1 / 8
        assert lines.loc["momentum, default", "diverged"] == 1.0
        assert lines.loc["momentum, default", "ratio"] == pytest.approx(1e6 / 0.25, rel=1e-6)
        assert lines.loc["adam, tuned", "diverged"] == 0.0

    def test_intervals_are_those_of_the_paired_ratio(self, twin):
        own, other = np.array([0.3, 0.1, 0.2, 0.9]), PLANTED["adam"][0]
        matrix, column = one_column(Group("gru-rosenbrock", ("gru-rosenbrock",)))
        records = held(matrix, column, {**PLANTED, "gru-rosenbrock": planted(own)})
        row = table(matrix, records).set_index("entry").loc["gru-rosenbrock"]
        expected = statistics.ratio(
            own.astype("float32").astype("float64"), other.mean_loss.astype("float64"), statistics.generator()
        )
        assert row[["ratio", "ratio_low", "ratio_high"]].tolist() == [float(x) for x in expected]

    def test_a_failed_cell_scores_the_worst_there_is(self, twin):
        matrix, column = one_column(Group("gru-rosenbrock", ("gru-rosenbrock",)))
        records = held(matrix, column, PLANTED)
        job = job_of(matrix, column, "gru-rosenbrock")
        records[job] = records[job]._replace(status="failed", error="no", runs={})
        row = table(matrix, records).set_index("entry").loc["gru-rosenbrock"]
        assert (row["failed"], row["diverged"]) == (1, 1.0)
        assert row["ratio"] == pytest.approx(1e6 / 0.25, rel=1e-6)


class TestChanges:
    def test_the_papers_regression(self):
        made = {(c.change, c.label): (c.task, c.steps) for c in changes("linear-regression", 200)}
        assert made["as it is", ""] == ("linear-regression", 200)
        assert made["horizon", "×20"] == ("linear-regression", 4000)
        assert made["dimension", "n = 50"] == ("linear-regression[dimension=50]", 200)
        assert made["spectrum", "λ ≥ 1e−5"][0] == ("linear-regression[log10_spectrum=(-5.0, 0.0)]")
        assert made["loss scale", "×100"][0] == ("scaled-loss[task='linear-regression', factor=100.0]")
        assert len(made) == 14

    @pytest.mark.parametrize(
        "origin",
        [
            "linear-regression",
            "least-squares",
            "rosenbrock",
            "two-moons-small",
            "quadratic",
            "two-moons-small[hidden=(4, 4)]",
            "scaled-loss[task='rosenbrock', factor=3.0]",
        ],
    )
    def test_every_name_makes_a_task_of_its_own(self, origin):
        columns = changes(origin, 10)
        made = [tasks.get(column.task) for column in columns]
        horizons = 1 + len(LONG_TOO[tasks.get(origin).cost])
        assert len(set(made)) == len(columns) + 1 - horizons
        assert len({(c.change, c.label) for c in columns}) == len(columns)

    def test_what_scales_a_loss_or_parameters_says_so(self):
        made = {(c.change, c.label): tasks.get(c.task) for c in changes("rosenbrock", 10)}
        assert made["loss scale", "×0.01"].factor == 0.01
        assert made["parameters", "×0.1"].parameters == 10.0
        assert made["dimension", "n = 5"].dimension == 5
        assert made["noise", "σ 50"].deviation == 50.0

    def test_costly_tasks_are_not_raced_twenty_times_as_long(self):
        longest = {c.label for c in changes("two-moons-small", 10) if c.change == "horizon"}
        assert longest == {"×5"}
        assert not [c for c in changes("two-moons", 10) if c.change == "horizon"]


class TestGroups:
    def test_meta_seeds_of_one_training_are_one_row(self, twin):
        found = {row.label: row for row in groups(["gru-rosenbrock*", "adam"])}
        assert found["gru-rosenbrock"] == TWO_SEEDS
        assert found["adam"] == Group("adam", ("adam",), (), "hand-designed")

    def test_an_entry_named_twice_is_there_once(self):
        shipped = "optimizers/weights/gru-rosenbrock.npz"
        assert [row.members for row in groups(["gru-rosenbrock", str(ROOT / shipped)])] == [("gru-rosenbrock",)]

    def test_a_number_alone_makes_no_meta_seed(self, twin):
        first = optimizers.get("gru-rosenbrock")
        about = {**first.discloses, "trained_on": ["beale"]}
        optimizers.register(Entry("gru-rosenbrock-3", "learned", first.build, {}, first.defaults, about))
        assert [row.label for row in groups(["gru-rosenbrock*"])] == ["gru-rosenbrock", "gru-rosenbrock-3"]

    def test_specialists_are_changed_on_their_own_task_only(self, twin):
        wide = Group("all", ("all",), ("a", "b"))
        assert TWO_SEEDS.is_about("rosenbrock")
        assert not TWO_SEEDS.is_about("beale")
        assert wide.is_about("beale")


class TestPlan:
    def test_every_learned_entry_and_every_change_once(self):
        matrix = plan()
        planned = jobs(matrix)
        assert len(planned) == len(set(planned))
        assert matrix.panels[0].title == FAMILIES
        origins = {panel.columns[0].origin for panel in matrix.panels[1:]}
        assert {"linear-regression", "rosenbrock", "two-moons-small"} <= origins
        assert "two-moons" not in origins
        raced = {(job.task, job.optimizer) for job in planned}
        assert ("ackley", "gru-rosenbrock") in raced
        assert ("linear-regression", "gru-rosenbrock") in raced
        assert ("linear-regression[dimension=50]", "gru-rosenbrock") not in raced

    def test_tasks_named_are_raced_on_and_changed(self):
        matrix = plan(["gru-rosenbrock"], ["rosenbrock", "beale"], steps=50, seeds=9, trials=3)
        assert [c.task for c in matrix.panels[0].columns] == ["rosenbrock", "beale"]
        assert [panel.title for panel in matrix.panels[1:]] == ["rosenbrock, changed"]
        long = next(job for job in jobs(matrix) if job.budget.steps == 1000)
        assert long.budget == Budget(1000, 9, 3, 64, 16, 256)
        assert folder(Path("x"), long) == Path("x/steps-1000")

    def test_heavy_tasks_are_named_as_left_out(self, monkeypatch, twin):
        first = optimizers.get("gru-rosenbrock")
        about = {"trained_on": ["two-moons"]}
        optimizers.register(Entry("gru-heavy", "learned", first.build, {}, first.defaults, about))
        assert list(left_out(plan(["gru-heavy", "gru-rosenbrock"]))) == ["two-moons"]
        assert list(left_out(plan(["gru-heavy"], ["two-moons"]))) == []

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["gru-nobody"], "unknown optimizer 'gru-nobody'"),
            (["gru-nobody-*"], "no optimizer matches 'gru-nobody-*'"),
            (["--tasks", "rosenbrok"], "unknown task 'rosenbrok'"),
            (["--tasks", " , "], "no name in ' , '"),
            (["--seeds", "0"], "seeds must be a whole number of at least 1, not 0"),
            (["--steps", "-3"], "steps must be a whole number of at least 1, not -3"),
            (["--workers", "0"], "workers must be a whole number of at least 1, not 0"),
        ],
    )
    def test_mistakes_name_the_value(self, arguments, message):
        done = CliRunner().invoke(generalise, [*arguments, "--dry-run"])
        assert message in str(done.exception)
        assert isinstance(done.exception, ValueError | UserError)

    def test_dry_run_lists_every_cell(self, tmp_path):
        done = CliRunner().invoke(
            generalise, ["gru-rosenbrock", "--tasks", "rosenbrock", "--dry-run", "--out", str(tmp_path / "x")]
        )
        assert done.exit_code == 0, done.output
        planned = jobs(plan(["gru-rosenbrock"], ["rosenbrock"]))
        assert f"{len(planned)} cells, 0 of them done." in done.output
        assert "rosenbrock-10[dimension=50]" in done.output
        assert not (tmp_path / "x").exists()


STEEP = "sgd[learning_rate=1.0]"
"""Stable on curvatures up to 1 and up to 100 times too fast on a loss of 100 times the curvature."""


@pytest.fixture(scope="module")
def raced(tmp_path_factory):
    """One task and its loss × 100, raced for ten steps by the baselines and an SGD whose rate is 1 / scale."""
    columns = (
        unchanged("quadratic-easy", 10),
        Change("quadratic-easy", "loss scale", "×100", "scaled-loss[task='quadratic-easy', factor=100.0]", 10),
    )
    own = Group(STEEP, (STEEP,), (), "hand-designed")
    matrix = Matrix((Panel("quadratic-easy, changed", (own, *REFERENCES), columns),), 8, 4)
    out = tmp_path_factory.mktemp("matrix") / "out"
    return matrix, out, measure.run(jobs(matrix), out)


class TestRaces:
    def test_a_rate_of_one_over_the_scale_fails_on_a_scaled_loss(self, raced):
        matrix, _, records = raced
        frame = table(matrix, records)
        steep = frame[frame["entry"] == STEEP].set_index("label")
        assert steep.loc["", "diverged"] == 0.0
        assert steep.loc["", "ratio"] < 5
        assert steep.loc["×100", "diverged"] == 1.0
        assert steep.loc["×100", "ratio"] > 1e4
        assert cell({**steep.loc["×100"].to_dict()}) == ["✗ 100 %"]

    def test_a_lost_cell_is_raced_again_and_no_other(self, raced):
        matrix, out, records = raced
        place = out / "steps-10"
        lost = job_of(matrix, matrix.panels[0].columns[1], STEEP)
        cell = lost.cell
        path = Store(place).path(cell.id)
        before = {p: p.stat().st_mtime_ns for p in (place / "cells").glob("*.parquet")}
        assert len(before) == 2 * (1 + len(BASELINES))
        path.unlink()
        again = measure.run(jobs(matrix), out)
        after = {p: p.stat().st_mtime_ns for p in (place / "cells").glob("*.parquet")}
        assert {p for p in after if after[p] != before[p]} == {path}
        assert table(matrix, again).equals(table(matrix, records))

    def test_what_is_done_is_said_so(self, raced):
        matrix, out, _ = raced
        assert "8 cells, 8 of them done." in report.describe(matrix, out, 1)

    def test_all_cells_failing_is_a_mistake(self, raced):
        records = [record(status="failed", error="ValueError: no", runs={})]
        with pytest.raises(UserError, match=r"every cell failed \(1\); sgd on bowl: ValueError: no"):
            report_failures(records, 1)


@pytest.fixture
def frame(twin):
    """Both kinds of panel with planted numbers, all labels that the shipped tasks have."""
    origins = ("linear-regression", "two-moons-small")
    wide = tuple(unchanged(t, 200) for t in (*origins, "matrix-factorization"))
    own = (Group("gru-linear-regression", ("gru-linear-regression",), ("linear-regression",)), TWO_SEEDS)
    panels = [Panel(FAMILIES, (*own, *REFERENCES), wide)]
    panels += [Panel(f"{t}, changed", (*own, *REFERENCES), tuple(changes(t, 200))) for t in origins]
    matrix = Matrix(tuple(panels), SEEDS, 2)
    records = {}
    for panel in panels:
        for column in panel.columns:
            own_runs = {"gru-linear-regression": planted(0.2 * BASE, -9.0)}
            records |= held(matrix, column, PLANTED | own_runs)
    return table(matrix, records)


class TestPages:
    def test_csv_and_json_keep_everything(self, frame):
        back = pd.read_csv(io.StringIO(report.render(frame, "csv")), keep_default_na=False)
        assert np.array_equal(back["ratio_low"].astype(float), frame["ratio_low"])
        assert json.loads(report.render(frame, "json"))[0]["ratio"] == frame["ratio"][0]

    def test_text_has_a_line_per_column_and_entry(self, frame):
        shown = [" ".join(line.split()) for line in report.render(frame, "text").splitlines()]
        assert (
            "matrix-factorization gru-rosenbrock 1.000 [1.000, 1.000] 0.50–1.50 adam 0.25 -1.50 [-1.50, -1.50] 12 %"
        ) in shown
        assert sum(line.startswith("loss scale ×100 gru") for line in shown) == 2 * 2
        assert "gru-rosenbrock 1.00 ✗ 12 % 1.00 ✗ 12 % 1.00 ✗ 12 %" in shown

    def test_markdown_is_a_table_per_panel(self, frame):
        shown = report.render(frame, "md")
        assert shown.count("\n## ") + shown.startswith("## ") == 3
        assert "| adam, tuned | 1.00 | 1.00 | 1.00 |" in shown

    @pytest.mark.parametrize(
        ("value", "shown"), [(0.8412, "0.84"), (0.0123, "0.012"), (12.34, "12"), (1.2e6, "1e6"), (3e12, "3e12")]
    )
    def test_short_numbers(self, value, shown):
        assert brief(value) == shown

    @pytest.mark.parametrize(("value", "shown"), [(1.0, "100 %"), (0.999, "99 %"), (0.125, "12 %"), (0.002, "<1 %")])
    def test_shares_never_round_to_none_or_all(self, value, shown):
        assert whole_percent(value) == shown

    def test_an_unknown_format_is_a_mistake(self, frame):
        with pytest.raises(UserError, match="unknown format 'xml'; known: text, md, csv, json"):
            report.render(frame, "xml")


@pytest.mark.parametrize(
    ("value", "column", "diverged", "said"),
    [
        (0.0, "log10", 0.0, ["0"]),
        (-0.004, "log10", 0.0, ["0"]),
        (-0.02, "log10", 0.0, ["−0.02"]),
        (0.05, "log10", 0.0, ["+0.05"]),
        (-3.37, "log10", 0.0, ["−3.4"]),
        (2.1, "log10", 0.001, ["+2.1", "✗ <1 %"]),
        (6e5, "ratio", 0.001, ["6e5", "✗ <1 %"]),
        (1e6, "ratio", 1.0, ["✗ 100 %"]),
        (1.003, "ratio", 0.0, ["1.003"]),
        (1.0, "ratio", 0.0, ["1.00"]),
        (float("nan"), "ratio", 0.0, ["–"]),
    ],
)
def test_a_cell_says_its_number_and_hides_it_only_where_all_runs_diverged(value, column, diverged, said):
    assert cell({"ratio": 2e3, column: value, "diverged": diverged}, column) == said


class TestPictures:
    def test_colors_are_centered_on_no_difference(self):
        ratio, log = figures.MEASURES["mean_loss"], figures.MEASURES["mean_log"]
        for value, place in ((0.2, -1), (1, 0), (5**0.5, 0.5), (5, 1), (1e9, 1)):
            assert ratio.scaled(value) == pytest.approx(place, abs=1e-12)
        assert (log.scaled(-2.0), log.scaled(0.0)) == (-0.5, 0.0)
        assert figures._colors(0.0) == ((1.0, 1.0, 1.0), "black")

    def test_every_number_can_be_read(self):
        assert figures.luminance((1, 1, 1)) == pytest.approx(1)
        assert figures.luminance((1, 0, 0)) == pytest.approx(0.2126)
        for place in np.linspace(-1, 1, 41):
            face, ink = figures._colors(float(place))
            paper, written = figures.luminance(face), 1.0 if ink == "white" else 0.0
            bright, dark = max(paper, written), min(paper, written)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5

    @pytest.mark.parametrize(("wide", "measure"), [(True, "mean_log"), (False, "mean_loss")])
    def test_no_two_texts_overlap_and_none_leaves_the_page(self, frame, wide, measure):
        part = frame[(frame["panel"] == FAMILIES) == wide]
        page = figures.panels(part, figures.MEASURES[measure])
        page.canvas.draw()
        texts = [text for axes in page.axes for text in (*axes.texts, *axes.get_yticklabels())]
        level = [t for t in (*texts, *page.texts) if t.get_text() and t.get_rotation() == 0]
        boxes = [(text.get_text(), text.get_window_extent()) for text in level]
        for i, (text, box) in enumerate(boxes):
            assert 0 <= box.x0 < box.x1 <= page.bbox.width, text
            assert 0 <= box.y0 < box.y1 <= page.bbox.height, text
            assert not [other for other, around in boxes[:i] if box.overlaps(around)], text

    def test_columns_without_a_number_are_left_out(self, frame):
        part = frame[frame["panel"] == FAMILIES].copy()
        part.loc[part["task"] == "rosenbrock", "ratio"] = np.nan
        texts = [
            text.get_text() for axes in figures.panels(part, figures.MEASURES["mean_loss"]).axes for text in axes.texts
        ]
        assert "rosenbrock" not in texts
        assert "linear-regression" in texts
        with pytest.raises(UserError, match="no cell has a number"):
            figures.panels(part.assign(ratio=np.nan), figures.MEASURES["mean_loss"])

    def test_files_are_written_whole(self, frame, tmp_path):
        few = frame[frame["home"] == "linear-regression"]
        written = figures.draw(few, tmp_path / "new")
        assert [path.name for path in written] == [
            "tasks-mean_loss.png",
            "changes-mean_loss.png",
            "tasks-mean_log.png",
            "changes-mean_log.png",
        ]
        assert all(path.read_bytes()[:4] == b"\x89PNG" for path in written)


def test_planning_and_tables_need_no_tensorflow():
    code = (
        "import sys; from bench.studies.generalisation import analyze, figures, plan, report; "
        "plan.jobs(plan.plan()); sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_commands_of_the_page_are_commands():
    page = (ROOT / "docs" / "generalisation.md").read_text()
    lines = re.findall(r"^    python -m bench generalise ?(.*)$", page, re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        given = generalise.make_context("generalise", shlex.split(line)).params
        matrix = plan(given["entries"], names(given["tasks"]), steps=given["steps"])
        assert jobs(matrix), line
