"""The store: exact, deterministic, whole or absent."""

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import samples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bench.errors import UserError
from bench.records import store as store_module
from bench.records.files import dumps, loads, read_json, write_json
from bench.records.record import Record
from bench.records.store import Store, _decode, _encode


def same(a, b):
    """Whether two records are equal, bits of arrays included."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        a, b = np.asarray(a), np.asarray(b)
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


def tricky():
    losses = samples.curves(0.3)
    losses[0, 3:], losses[1, 5:], losses[2, 1] = np.inf, np.nan, -0.0
    theta = {
        "learning_rate": 0.1 + 0.2,
        "tiny": 5e-324,
        "off": math.inf,
        "unknown": math.nan,
        "nesterov": True,
        "mode": "a \"quoted\" 'β'",
        "clip": None,
        "weights": np.random.default_rng(0).normal(size=(3, 4)).astype("float32"),
        "scalar": np.array(1.5, "float32"),
    }
    record = samples.record(losses=losses, thetas={"default": theta}, floor=-math.inf)
    return record._replace(trials={"learning_rate": [0.1, math.nan, math.inf], "nesterov": [True]})


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out")


def test_round_trip_is_exact(store):
    record = tricky()
    path = store.write(record)
    assert path == store.path(record.cell.id)
    assert same(store.read(record.cell.id), record)
    assert store.damaged == []


@settings(max_examples=25)
@given(arrays("float32", (2, 5), elements=st.floats(width=32)), st.floats())
def test_round_trip_is_exact_for_any_numbers(losses, rate):
    record = samples.record(losses=losses, thetas={"default": {"rate": rate}})
    assert same(_decode(_encode(record)), record)


def test_wider_numbers_stay_wide(store):
    runs = samples.runs(samples.curves(0.1))
    wide = runs._replace(mean_loss=runs.mean_loss.astype("float64") / 3)
    record = samples.record()._replace(runs={"default": wide})
    store.write(record)
    assert same(store.read(record.cell.id), record)


def test_a_failed_cell_is_kept_without_runs(store):
    store.write(samples.failed())
    assert same(store.records(), [samples.failed()])


def test_equal_records_give_equal_bytes():
    assert _encode(tricky()) == _encode(tricky()) == _encode(_decode(_encode(tricky())))


def test_records_are_sorted_and_a_second_write_replaces(store):
    for task, optimizer in (("valley", "sgd"), ("bowl", "sgd"), ("bowl", "adam")):
        store.write(samples.record(task, optimizer))
    store.write(samples.record("bowl", "sgd", error="again"))
    held = [(r.cell.task, r.cell.optimizer, r.error) for r in store.records()]
    assert held == [("bowl", "adam", ""), ("bowl", "sgd", "again"), ("valley", "sgd", "")]


def test_others_can_read_the_file(store):
    record = tricky()
    table = pq.read_table(store.write(record))
    assert table.column_names[:2] == ["tuned_for", "seed"]
    assert table.num_rows == 16 * len(tricky().runs)
    assert table.schema.field("losses").type.value_type == "float"
    assert table["losses"][0].as_py()[2] == np.float32(samples.curves(0.3)[0, 2])

    def refuse(constant):
        raise AssertionError(constant)

    card = json.loads(table.schema.metadata[b"optoscope"], parse_constant=refuse)
    assert card["cell"]["optimizer"] == "sgd"
    assert card["runs"][0]["steps"] == list(range(21))


def test_what_is_not_there_is_none(store):
    assert store.read("0" * 16) is None
    assert store.records() == []
    assert not store.root.exists()


def test_no_flipped_byte_gives_a_wrong_record():
    record = samples.record(losses=samples.curves(0.1, steps=4, seeds=3), kind="learned", trials={})
    content = _encode(record)
    noticed = 0
    for position in range(len(content)):
        flipped = bytearray(content)
        flipped[position] ^= 1 << (position % 8)
        try:
            found = _decode(bytes(flipped))
        except Exception:
            noticed += 1
        else:
            assert same(found, record), position
    assert noticed > len(content) / 2


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_absent(store, share, capfd):
    path = store.write(samples.record())
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert store.records() == []
    assert store.read(path.stem) is None
    assert store.damaged == [path]
    noted = capfd.readouterr().err
    assert noted.count("\n") == 1
    assert str(path) in noted
    store.write(samples.record())
    assert len(store.records()) == 1


def test_foreign_files_are_absent(store, capfd):
    kept = store.write(samples.record())
    pq.write_table(pq.read_table(kept).replace_schema_metadata(None), store.path("a" * 16))
    store.path("b" * 16).write_text("not parquet")
    store.path("c" * 16).write_bytes(kept.read_bytes())
    store.path("d" * 16).mkdir()
    assert [r.cell.id for r in store.records()] == [kept.stem]
    assert len(store.damaged) == 4
    assert "it holds cell" in capfd.readouterr().err


def test_a_killed_writer_leaves_whole_cells_only(tmp_path):
    code = f"""
        import sys; sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]}
        import samples
        from bench.records.store import Store
        store = Store({str(tmp_path)!r})
        record = samples.record()
        print("ready", flush=True)
        while True:
            store.write(record)
    """
    record = samples.record()
    for delay in (0.0, 0.013, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        store = Store(tmp_path)
        assert all(same(found, record) for found in store.records())
        assert store.damaged == []


def test_old_leftovers_go_and_young_ones_stay(store):
    store.write(samples.record())
    old, young = (store.root / "cells" / f".{name}.partial" for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert len(store.records()) == 1
    store.write(samples.record("valley"))
    assert not old.exists()
    assert young.exists()


def test_two_processes_may_write_the_same_cell(tmp_path):
    code = f"""
        import sys; sys.path[:0] = {[str(Path(__file__).parent), str(Path(__file__).parents[1])]}
        import samples
        from bench.records.store import Store
        for _ in range(10):
            Store({str(tmp_path)!r}).write(samples.record())
    """
    writers = [subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert same(Store(tmp_path).records(), [samples.record()])
    assert [path.suffix for path in (tmp_path / "cells").iterdir()] == [".parquet"]


def test_an_unwritable_folder_is_a_users_mistake(tmp_path):
    (tmp_path / "cells").mkdir()
    store = Store(tmp_path)
    (tmp_path / "cells").rmdir()
    (tmp_path / "cells").write_text("in the way")
    with pytest.raises(UserError, match=r"cells is a file; give a folder"):
        store.prepare()
    with pytest.raises(UserError, match=r"cannot write .*cells.*: .*; choose another folder"):
        store.write(samples.record())


def test_a_full_disk_is_a_users_mistake_and_leaves_nothing(store, monkeypatch):
    store.prepare()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device; make room or choose"):
        store.write(samples.record())
    assert list((store.root / "cells").iterdir()) == []


def test_somebody_elses_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError, match="is not a run folder"):
        Store(tmp_path)
    with pytest.raises(UserError, match="is a file"):
        Store(tmp_path / "thesis.tex")


def test_an_empty_folder_will_do(tmp_path):
    store = Store(tmp_path)
    store.prepare()
    assert list(tmp_path.iterdir()) == []
    store.write(samples.record())
    (tmp_path / "notes.txt").write_text("mine")  # a run's folder may hold a user's own files as well
    assert len(Store(tmp_path).records()) == 1


def test_json_files_are_strict_and_exact(tmp_path):
    path = tmp_path / "readings" / "gru@bowl.json"
    value = {"b": [1, math.inf, None], "a": {"π": 0.1 + 0.2}, "ok": True}
    write_json(path, value)
    assert read_json(path) == value
    assert "Infinity" not in path.read_text()
    assert read_json(tmp_path / "none.json") is None


def test_damaged_json_is_absent_with_a_note(tmp_path, capsys):
    path = tmp_path / "reading.json"
    path.write_text('{"a": NaN')
    assert read_json(path) is None
    assert str(path) in capsys.readouterr().err


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_json_keeps_every_value(value):
    assert same(loads(dumps(value)), value)


OLD = next((Path(__file__).parent / "cells").glob("*.parquet"))
"""Written when the format was 1 and a record had eleven fields."""


def old_cell(store):
    path = store.path(OLD.stem)
    path.parent.mkdir(parents=True)
    path.write_bytes(OLD.read_bytes())
    return store.read(OLD.stem)


def test_a_stored_cell_is_written_as_it_always_was(store):
    """Card and digest, which covers the columns; the rest of a file is the Parquet library's and moves with it."""
    assert store.damaged == []
    again = store.write(old_cell(store))
    assert again.stem == OLD.stem
    older, written = _card_of(OLD), _card_of(again)
    assert (older.pop("format"), written.pop("format")) == (1, store_module.FORMAT)
    assert [written["cell"]["budget"].pop(name) for name in ("finalists", "recheck_seeds")] == [0, 0]
    assert written == older


def test_a_cell_from_before_a_field_existed_is_read_with_its_default(store, monkeypatch):
    known = old_cell(store)
    wider = namedtuple("Record", (*Record._fields, "remarks"), defaults=(*Record._field_defaults.values(), "none"))
    monkeypatch.setattr(store_module, "Record", wider)
    found = store.read(OLD.stem)
    assert found.remarks == "none"
    assert same(found[:-1], tuple(known))
    store.write(found._replace(remarks="kept"))
    assert store.read(OLD.stem).remarks == "kept"
    assert store.damaged == []


def test_every_field_since_has_a_default():
    assert set(Record._fields) - set(Record._field_defaults) == set(_card_of(OLD)) - {"format"}


def test_an_older_format_is_migrated(store, monkeypatch):
    known = old_cell(store)
    monkeypatch.setattr(store_module, "MIGRATIONS", {})
    monkeypatch.setattr(store_module, "FORMAT", 3)
    assert store.read(OLD.stem) is None
    assert [path.stem for path in store.damaged] == [OLD.stem]
    assert store.ledgers() == []
    steps = {1: lambda card: {**card, "error": "one"}, 2: lambda card: {**card, "error": card["error"] + " two"}}
    monkeypatch.setattr(store_module, "MIGRATIONS", steps)
    monkeypatch.setattr(
        store_module, "MIGRATIONS", steps | {1: lambda card: store_module._without_recheck(steps[1](card))}
    )
    assert same(store.read(OLD.stem), known._replace(error="one two"))
    assert [cell.id for cell, _ in store.ledgers()] == [OLD.stem]


def test_a_cell_from_before_the_re_check_is_one_without(store):
    cell = old_cell(store).cell
    assert (cell.budget.finalists, cell.budget.recheck_seeds) == (0, 0)
    assert cell.id == OLD.stem
    checked = dataclasses.replace(cell, budget=dataclasses.replace(cell.budget, finalists=2, recheck_seeds=4))
    assert checked.id != cell.id
    assert dataclasses.replace(cell, budget=dataclasses.replace(cell.budget, finalists=2)).id == cell.id


def _card_of(path):
    return json.loads(pq.read_schema(path).metadata[b"optoscope"])


def test_a_committed_reference_without_its_cells_is_a_run_folder(tmp_path):
    """Its tables and the command that made them are kept, its cells are not: running it again fills it."""
    (tmp_path / "summary.txt").write_text("All tasks")
    with pytest.raises(UserError, match="is not a run folder"):
        Store(tmp_path)
    (tmp_path / "suite.json").write_text("{}")
    assert Store(tmp_path).records() == []
