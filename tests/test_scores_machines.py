"""Cells of machines whose last digits differ are in one table only when asked for, and it says so."""

from dataclasses import replace

import pytest
import samples
from click.testing import CliRunner

from bench.commands.group import main
from bench.errors import UserError
from bench.records.store import Store
from bench.reports.summary import write as write_summary
from bench.scores import machines
from bench.scores.leaderboard import leaderboard
from bench.scores.results import load

OLD, NEW = "x86_64 avx2 fma", "x86_64 avx2 avx512f fma"
DIFFER = "cells of 2 kinds of machine, whose numbers differ in their last digits"


def made(path, numerics, **records):
    for optimizer, fields in records.items():
        Store(path).write(samples.record("bowl", optimizer, budget=samples.RANKED, **numerics, **fields))
    return path


def on(numerics):
    return {"provenance": {"host": "here", "time": "2026-01-01T00:00:00", "numerics": numerics}}


@pytest.fixture
def mixed(tmp_path):
    made(tmp_path / "run", on(OLD), sgd={}, adam={})
    return made(tmp_path / "run", on(NEW), momentum={})


def test_cells_of_two_kinds_of_machine_are_refused_with_the_difference_and_the_remedy(mixed):
    with pytest.raises(UserError, match=DIFFER) as refusal:
        load(mixed)
    assert str(refusal.value) == (
        f"{DIFFER} (1 with avx512f; 2 with none of that); add --mix to take them together, or give folders of one kind"
    )


def test_told_to_the_board_says_so(mixed):
    notes = leaderboard(load(mixed, mix=True)).attrs["notes"]
    assert f"Mixed: {DIFFER} (1 with avx512f; 2 with none of that)." in notes


def test_one_kind_is_not_spoken_of(tmp_path):
    made(tmp_path / "run", on(NEW), sgd={}, adam={})
    assert not any("Mixed" in note for note in leaderboard(tmp_path / "run").attrs["notes"])


def test_cells_from_before_this_was_kept_go_with_any(tmp_path):
    made(tmp_path / "run", {}, sgd={})
    made(tmp_path / "run", on(NEW), adam={})
    assert load(tmp_path / "run").optimizers == ["adam", "sgd"]


def test_libraries_count_as_instructions_do(tmp_path):
    for number, optimizer in (("2.20", "sgd"), ("2.21", "adam")):
        cell = samples.record("bowl", optimizer).cell
        versions = {**cell.versions, "tensorflow": number}
        record = samples.record("bowl", optimizer, **on(OLD))
        Store(tmp_path).write(record._replace(cell=replace(cell, versions=versions)))
    with pytest.raises(UserError, match=r"1 with tensorflow 2\.21; 1 with tensorflow 2\.20"):
        load(tmp_path)


@pytest.mark.parametrize(
    "verb",
    [
        ["leaderboard"],
        ["scores"],
        ["trials"],
        ["curves"],
        ["compare", "sgd", "adam"],
        ["plot", "--kind", "box", "--out", "x.png"],
        ["report", "--out", "x.html"],
        ["export", "--format", "coco", "--out", "x"],
    ],
    ids=lambda words: words[0],
)
def test_every_verb_that_reads_runs_refuses_and_takes_mix(mixed, verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(main, [*verb, "run"])
    assert isinstance(refused.exception, UserError)
    assert "add --mix" in str(refused.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]
    taken = CliRunner().invoke(main, [*verb, "run", "--mix"])
    assert taken.exit_code == 0, taken.output


def test_a_run_tables_what_it_resumed_and_its_page_remakes_with_mix(mixed):
    assert "Mixed: cells of 2 kinds" in " ".join(write_summary(mixed).split())
    CliRunner().invoke(main, ["report", str(mixed), "--mix", "--out", str(mixed / "page.html")])
    page = (mixed / "page.html").read_text()
    assert "--mix --metric" in page
    assert "mix=True" in page


def test_the_most_frequent_kind_is_said_first(tmp_path):
    made(tmp_path, on("x86_64 avx2"), adam={})
    made(tmp_path, on("aarch64 sve"), momentum={}, sgd={})
    assert machines.mixed(Store(tmp_path).records()).endswith("(2 with aarch64, sve; 1 with x86_64, avx2)")
