"""Merging: two halves are the whole, to the byte; what does not belong together is refused before it is written."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from samples import RATES, failed, folder, record

from bench.commands.group import main
from bench.errors import UserError
from bench.records import sealed
from bench.records.files import write_bytes
from bench.records.store import Store
from bench.reports import origin
from bench.reports.merge import Merged, merge

HALVES = [{"sgd": RATES["sgd"], "gru-a": RATES["gru-a"]}, {"adam": RATES["adam"]}]


def run(*arguments):
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def files(root):
    return {path.relative_to(root): path.read_bytes() for path in Path(root).rglob("*") if path.is_file()}


@pytest.fixture
def halves(tmp_path):
    return [folder(tmp_path / name, rates) for name, rates in zip(("one", "two"), HALVES, strict=True)]


def reading(verdict):
    readings = {"momentum": {"verdict": verdict}}
    return {"optimizer": "gru-a", "task": "bowl", "identity": "1", "readings": readings}


def on(numerics):
    return {"provenance": {"host": "here", "time": "2026-01-01T00:00:00", "numerics": numerics}}


@pytest.mark.parametrize("verb", [("leaderboard", "--format", "csv"), ("scores",), ("curves",), ("trials",)])
def test_two_halves_are_the_whole_to_the_byte(verb, halves, tmp_path):
    whole, out = folder(tmp_path / "whole"), tmp_path / "out"
    merged = run("merge", *halves, "--out", out)
    assert merged.exit_code == 0, merged.output
    assert f"{out} holds 6 cells and 0 readings" in merged.output
    assert files(out / "cells") == files(whole / "cells")
    assert run(verb[0], out, *verb[1:]).stdout == run(verb[0], whole, *verb[1:]).stdout


def test_what_they_were_made_by_and_their_readings_come_along_into_the_page(halves, tmp_path):
    for place, metric in zip(halves, ("mean_log", "final"), strict=True):
        origin.keep(place, "mine", {"bowl": metric}, f"python -m bench run mine --out {place}")
        sealed.write(place / "readings" / "gru-a@bowl.json", reading("absent"))
        write_bytes(place / "readings" / "gru-a@bowl.png", b"a picture")
    out = tmp_path / "out"
    assert merge(halves, out) == Merged(6, 1)
    assert files(out / "readings") == files(halves[0] / "readings")
    made = sealed.read(out / "suite.json")
    assert (made["suite"], made["metrics"]) == ("mine", {"bowl": "mean_log"})
    runs = [f"python -m bench run mine --out {place}" for place in halves]
    assert made["commands"] == [*runs, f"python -m bench merge {halves[0]} {halves[1]} --out {out}"]
    assert run("report", out, "--out", tmp_path / "page.html").exit_code == 0
    assert "bowl by mean_log" in (tmp_path / "page.html").read_text("utf-8")


def test_merging_again_and_into_what_is_there_changes_nothing_but_adds(halves, tmp_path):
    out = tmp_path / "out"
    assert merge(halves[:1], out) == Merged(4, 0)
    before = files(out / "cells")
    assert merge(halves, out) == merge([out, *halves], out) == Merged(6, 0)
    assert before.items() < files(out / "cells").items()


def test_one_cell_with_two_numbers_is_refused_and_both_are_named(halves, tmp_path):
    other = folder(tmp_path / "other", {"sgd": 0.06}, tasks=["bowl"])
    with pytest.raises(UserError, match="different numbers") as refused:
        merge([*halves, other], tmp_path / "out")
    name = record("bowl", "sgd").cell.id
    for place in (halves[0], other):
        assert str(place / "cells" / f"{name}.parquet") in str(refused.value)
    assert "runs tuned for default (16 of 16 problems, by up to 0.2 of the value)" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_other_seconds_and_another_host_are_no_other_numbers(halves, tmp_path):
    store = Store(tmp_path / "other")
    (same,) = (r for r in Store(halves[0]).records() if (r.cell.task, r.cell.optimizer) == ("bowl", "sgd"))
    store.write(same._replace(ledger={**same.ledger, "seconds_compile": 99.0}, provenance={"host": "there"}))
    assert merge([*halves, store.root], tmp_path / "out") == Merged(6, 0)
    assert Store(tmp_path / "out").read(same.cell.id).provenance["host"] == "here"


@pytest.mark.parametrize("first", [True, False])
def test_what_is_finished_counts_before_what_failed(first, tmp_path):
    bad, good = Store(tmp_path / "bad"), Store(tmp_path / "good")
    bad.write(failed("bowl", "sgd"))
    good.write(record("bowl", "sgd"))
    merge([bad.root, good.root] if first else [good.root, bad.root], tmp_path / "out")
    assert [r.status for r in Store(tmp_path / "out").records()] == ["ok"]


def test_damaged_files_are_left_out_with_a_line_each(halves, tmp_path, capsys):
    path = Store(halves[0]).path(record("bowl", "sgd").cell.id)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    (halves[0] / "readings").mkdir()
    (halves[0] / "readings" / "gru-a@bowl.json").write_text('{"optimizer": ')
    assert merge(halves, tmp_path / "out") == Merged(5, 0)
    said = capsys.readouterr().err.splitlines()
    assert sum(str(path) in line for line in said) == 1
    assert sum("gru-a@bowl.json" in line for line in said) == 1


def test_several_kinds_of_machine_take_mix(tmp_path):
    for name, optimizer, kind in (("one", "sgd", "x86_64 avx2"), ("two", "adam", "x86_64 avx512f")):
        Store(tmp_path / name).write(record("bowl", optimizer, **on(kind)))
    folders = [tmp_path / "one", tmp_path / "two"]
    with pytest.raises(UserError, match=r"cells of 2 kinds of machine.*avx2.*add --mix"):
        merge(folders, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert run("merge", *folders, "--mix", "--out", tmp_path / "out").exit_code == 0
    assert run("leaderboard", tmp_path / "out", "--mix").exit_code == 0


def test_cells_that_would_not_compare_are_refused(halves, tmp_path):
    edited = record("bowl", "rmsprop")
    Store(tmp_path / "new").write(edited._replace(cell=replace(edited.cell, versions={"engine": "2"})))
    with pytest.raises(UserError, match=r"one holds sgd on bowl \(\w+\) with another engine than .*new"):
        merge([halves[0], tmp_path / "new"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_readings_that_differ_are_refused(halves, tmp_path):
    for place, verdict in zip(halves, ("absent", "present"), strict=True):
        sealed.write(place / "readings" / "gru-a@bowl.json", reading(verdict))
    with pytest.raises(UserError, match=r"gru-a@bowl.json and .*gru-a@bowl.json differ"):
        merge(halves, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("folders", "out", "text"),
    [
        (["one", "empty"], "out", "no results in .*empty; give the folders of runs"),
        (["one", "none"], "out", "no results in .*none; did you mean .*one"),
        (["one", "strange"], "out", "strange is not a run folder"),
        (["one", "two"], "strange", "strange is not a run folder"),
        (["one", "two"], "strange/file", "is a file; give a folder"),
    ],
)
def test_mistakes(folders, out, text, halves, tmp_path):
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "file").write_text("mine")
    with pytest.raises(UserError, match=text):
        merge([tmp_path / name for name in folders], tmp_path / out)
    assert files(tmp_path / "strange") == {Path("file"): b"mine"}
