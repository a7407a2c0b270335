"""docs/architecture.md: the drawing is today's, and what it says of adding things is so."""

import sys
from types import ModuleType
from typing import NamedTuple

import click
import numpy as np
import samples
from click.testing import CliRunner

from bench.commands import group
from bench.maintain import architecture
from bench.records import store as stores
from bench.records.record import Record
from bench.records.store import Store
from bench.running import run as running
from bench.running.executor import Done, Executor
from bench.running.progress import Bar
from bench.scores.leaderboard import leaderboard
from bench.scores.metrics import METRICS, Metric
from bench.suites import find
from bench.suites.jobs import plan


def run(*arguments):
    return CliRunner().invoke(group.main, ["maintain", "architecture", *arguments])


def test_page_and_drawing_are_current():
    assert run("--check").exit_code == 0


def test_a_stale_page_is_told_and_made_again_around_what_was_written_by_hand(tmp_path, monkeypatch):
    page, drawing = tmp_path / "architecture.md", tmp_path / "architecture.svg"
    page.write_text(f"# By hand\n\n{architecture.BEGIN}yesterday's\n{architecture.END}\nand after\n")
    monkeypatch.setattr(architecture, "PAGE", page)
    monkeypatch.setattr(architecture, "DRAWING", drawing)
    stale = run("--check")
    assert stale.exit_code == 1
    assert "not current" in stale.stderr
    assert run().exit_code == 0
    assert run("--check").exit_code == 0
    text = page.read_text()
    assert text.startswith("# By hand\n")
    assert text.endswith("and after\n")
    assert "yesterday" not in text
    drawn = drawing.read_bytes()
    run()
    assert drawing.read_bytes() == drawn, "a drawing of the same imports is the same file"


def test_what_follows_from_two_imports_is_not_drawn():
    imports = {"top": ("middle", "low"), "middle": ("low",), "low": (), "apart": ()}
    assert architecture.reduced(imports) == {"top": ["middle"], "middle": ["low"], "low": [], "apart": []}


def test_wires_side_by_side_have_lanes_of_their_own():
    assert architecture.lanes({"a": ["c"], "b": ["d"], "c": ["d"], "d": []}) == [0, 1, 0, 0]


def test_a_metric_is_one_more_in_its_table(tmp_path, monkeypatch):
    def score(runs, floor):
        return runs.losses.max(axis=-1) / runs.losses[..., 0]

    monkeypatch.setitem(METRICS, "worst", Metric("worst", "lower", 1e6, True, "highest loss / initial loss", score))
    store = Store(tmp_path / "out")
    store.prepare()
    store.write(samples.record(optimizer="sgd"))
    store.write(samples.record(optimizer="adam", losses=2.0 + np.tile(np.arange(21.0), (16, 1)).astype("float32")))
    frame = leaderboard(store.root, "worst").set_index("optimizer")
    assert frame.loc["adam", "score"] == 11.0
    assert 1.0 <= frame.loc["sgd", "score"] < 11.0
    assert list(frame.index) == ["sgd", "adam"]
    assert "highest loss / initial loss" in CliRunner().invoke(group.main, ["list", "metrics"]).output


class Backwards(Executor):
    """Answers the last call first, by what it was asked."""

    far = False

    def __init__(self):
        self._calls = []

    def submit(self, call):
        self._calls.append(call)
        return len(self._calls) - 1

    def results(self, progress=lambda number, share: None):
        for number in reversed(range(len(self._calls))):
            yield Done(number, self._calls[number].arguments[0])

    def close(self):
        self._calls.clear()


def test_an_executor_is_one_class(monkeypatch):
    jobs = plan(find.override(find.get("smoke"), tasks=["rosenbrock"], optimizers=["sgd", "adam"]))
    monkeypatch.setattr(running, "executor_for", lambda jobs, means: Backwards())
    kept = []
    with Bar("cells", len(jobs), 0) as bar:
        running.finish(jobs, lambda job, result: kept.append((job, result)), running.Means(), bar)
    assert kept == [(job, job) for job in reversed(jobs)]
    assert len(kept) == 2


def test_a_field_with_a_default_leaves_stored_cells_readable(tmp_path, monkeypatch):
    fields = {**Record.__annotations__, "remark": str}
    longer = NamedTuple("Longer", list(fields.items()))
    longer.__new__.__defaults__ = (*Record._field_defaults.values(), "none")
    store = Store(tmp_path / "out")
    store.prepare()
    old = samples.record()
    store.write(old)
    monkeypatch.setattr(stores, "Record", longer)
    assert store.read(old.cell.id).remark == "none"
    store.write(longer(*old, remark="seen"))
    assert store.read(old.cell.id).remark == "seen"


def test_a_verb_is_one_module(monkeypatch):
    module = ModuleType("bench.commands.greet")
    module.command = click.Command("greet", callback=lambda: click.echo("good day"))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    main = group.Verbs(package="bench.commands", verbs={**group.VERBS, "greet": "Say good day."})
    assert "Say good day." in CliRunner().invoke(main, ["--help"]).output
    assert CliRunner().invoke(main, ["greet"]).output == "good day\n"
