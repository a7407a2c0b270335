"""Files of every kind with a flipped bit: each is refused or made again, and never gives another number."""

import dataclasses
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import samples

from bench.errors import UserError
from bench.metatraining import state
from bench.metatraining.settings import Settings
from bench.records import arrays, sealed
from bench.records.files import read_json, write_json
from bench.records.memo import memo
from bench.records.store import Store
from bench.reports import origin
from bench.reports.readings import readings_in
from bench.studies.generalist import trials as generalist_trials
from bench.studies.paper import tables
from bench.studies.targets import report as targets
from bench.suites import forecast
from optimizers import OptimizerError, shipped, weights_file

FLIPS = 100
READING = {
    "optimizer": "gru-a",
    "task": "bowl",
    "identity": "0123456789abcdef",
    "readings": {"momentum": {"verdict": "present", "values": {"beta": {"value": 0.875, "low": 0.75, "high": 0.9}}}},
}
ROW = {"task": "rosenbrock", "value": 0.123456789, "low": -1.5e-7, "problems": 512}
ABOUT = {"architecture": "gru", **json.loads(json.dumps(dataclasses.asdict(Settings(steps=3))))}


class Kind(NamedTuple):
    """`make` writes one file under a folder; `read` gives what the program takes from it, REMADE, or UserError."""

    make: Callable[[Path], Path]
    read: Callable[[Path], Any]


REMADE = "remade"


def wrote(path, value):
    sealed.write(path, value)
    return path


def a_reading(folder):
    return wrote(folder / "readings" / "gru-a@bowl.json", READING)


def an_origin(folder):
    origin.keep(folder, "quick", {"bowl": "mean_log"}, "python -m bench run quick")
    return folder / origin.FILE


def a_part(folder):
    memo(folder / "part.json", "one", lambda: {"scores": [0.5, 2.25, math.inf], "array": np.arange(5.0)})
    return folder / "part.json"


def some_rows(folder):
    targets.keep(folder, "rosenbrock", [ROW], quick=False)
    return folder / "rows" / "rosenbrock.json"


def some_tables(folder):
    tables.write(folder, {"claims.csv": "id,value\none,0.25\ntwo,-3\n", "seconds.csv": "task,seconds\na,1.5\n"})
    return folder / "claims.csv"


def some_digests(folder):
    some_tables(folder)
    return folder / tables.DIGESTS


def a_page_along(folder):
    return wrote(folder.parent / "along" / "bowl" / "along.json", {"task": "bowl", "typical": 0.3, "series": [ROW]})


def an_anatomy(folder):
    return wrote(folder / "anatomy.json", {"optimizer": "gru-a", "curves": np.linspace(0, 1, 40)})


def a_cell(folder):
    made = samples.record(losses=samples.curves(0.1, steps=4, seeds=3), ledger={"seconds_tuning": 12.5})
    return Store(folder).write(made)


def a_table_of_costs(folder):
    return wrote(folder / "timings.json", {"tasks": {"bowl": {"step": 1e-8, "compile": 2.0, "parameters": 2}}})


def fresh():
    return state.start({"w": np.zeros((2, 3), "float32")})


def a_checkpoint(folder):
    kept = state.start({"w": np.arange(6, dtype="float32").reshape(2, 3)})
    path = folder / "gru.checkpoint"
    state.save(path, dataclasses.replace(kept, iteration=3, norms=[1.5], score=0.25), ABOUT)
    return path


def costs(path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forecast, "TABLE", path)
        return forecast.costs()


def loaded(path):
    found = state.load(path, fresh(), ABOUT)
    return found if found.iteration else None


def some_weights(folder):
    theta = {"learning_rate": np.float32(0.1), "momentum": np.float32(0.9)}
    shipped.save(folder / "some.npz", theta, {"architecture": "hyperparameters", "tasks": ["bowl"], "seconds": 2.5})
    return folder / "some.json"


def some_trials(folder):
    arrays.write(folder / "bowl@adam.npz", {"mean_log/default": np.linspace(-3, 1, 20, dtype="float32")})
    return folder / "bowl@adam.npz"


def some_numbers_of_scale(folder):
    return wrote(folder / "scale.json", {"cells": 24, "seconds_per_cell": 0.95})


def numbers_of_scale(path):
    return sealed.read(path, "measure again")


KINDS = {
    "card of weights": Kind(some_weights, weights_file.read_card),
    "trials of the generalist": Kind(some_trials, generalist_trials._held),
    "numbers of scale": Kind(some_numbers_of_scale, numbers_of_scale),
    "reading": Kind(a_reading, lambda path: readings_in(path.parents[1])),
    "suite.json": Kind(an_origin, lambda path: origin.of(path.parent)),
    "part of a study": Kind(a_part, lambda path: memo(path, "one", lambda: {"made": REMADE})),
    "rows of targets": Kind(some_rows, lambda path: targets._rows(path.parents[1], ["rosenbrock"], "")),
    "table of the paper": Kind(some_tables, lambda path: tables.read(path.parent)),
    "digests of tables": Kind(some_digests, lambda path: tables.read(path.parent)),
    "along.json": Kind(a_page_along, lambda path: tables.read(path.parents[2] / "paper")),
    "anatomy.json": Kind(an_anatomy, sealed.read),
    "cell": Kind(a_cell, lambda path: Store(path.parents[1]).records()),
    "ledger of a cell": Kind(a_cell, lambda path: Store(path.parents[1]).ledgers(whole=True)),
    "table of costs": Kind(a_table_of_costs, costs),
    "checkpoint": Kind(a_checkpoint, loaded),
}


def plain(value):
    """A value as text, with every bit of its arrays."""
    if dataclasses.is_dataclass(value):
        return plain(dataclasses.asdict(value))
    if isinstance(value, np.ndarray):
        return repr((value.dtype.str, value.shape, value.tobytes()))
    if isinstance(value, dict):
        return repr({str(key): plain(item) for key, item in sorted(value.items())})
    return repr([plain(item) for item in value]) if isinstance(value, (list, tuple)) else repr(value)


def read_or_refused(kind, path):
    try:
        return plain(kind.read(path))
    except (UserError, OptimizerError):
        return None


@pytest.mark.parametrize("name", KINDS)
def test_no_flipped_bit_gives_another_number(tmp_path, name, capfd):
    kind = KINDS[name]
    path = kind.make(tmp_path / "paper")
    right, content = read_or_refused(kind, path), path.read_bytes()
    path.unlink()
    instead = read_or_refused(kind, path)
    assert right is not None
    assert instead != right
    drawn, noticed = np.random.default_rng(len(name)), 0
    for at in drawn.integers(8 * len(content), size=FLIPS):
        damaged = bytearray(content)
        damaged[at // 8] ^= 1 << (at % 8)
        path.write_bytes(damaged)
        capfd.readouterr()
        found = read_or_refused(kind, path)
        said = capfd.readouterr().err
        assert found in (right, instead, None), at
        assert said.count("note: ") <= 1, said
        noticed += found != right
    assert noticed > FLIPS / 2


def test_a_damaged_part_is_made_again_with_one_line(tmp_path, capsys):
    path = a_part(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"2.25", b"2.75"))
    assert memo(path, "one", lambda: {"made": REMADE})["made"] == REMADE
    assert capsys.readouterr().err == f"note: {path} is damaged; it is made again\n"
    assert memo(path, "one", lambda: pytest.fail("it is there"))["made"] == REMADE


def test_a_file_of_older_code_is_absent(tmp_path, capsys):
    path = tmp_path / "reading.json"
    write_json(path, READING)
    assert sealed.read(path) is None
    assert capsys.readouterr().err == f"note: {path} has no digest, as files of older versions; it is made again\n"


def test_what_is_sealed_comes_back_whole_and_stays_equal_in_bytes(tmp_path):
    value = {"a": [1, 2.5, math.inf], "nested": {"b": None, "array": np.arange(3.0)}, "text": "ä\n"}
    sealed.write(tmp_path / "one.json", value)
    found = sealed.read(tmp_path / "one.json")
    assert list(found) == ["a", "nested", "text"]
    assert plain(found) == plain(value)
    sealed.write(tmp_path / "two.json", found)
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert len(read_json(tmp_path / "one.json")[sealed.DIGEST]) == 64
    assert sealed.read(tmp_path / "none.json") is None
    with pytest.raises(UserError, match=r"none\.json is not there; make it"):
        sealed.demand(tmp_path / "none.json", "make it")


@pytest.mark.parametrize("text", ["", "[1]", "3", "[" * 100_000, '{"digest": 1}', '{"digest": "00"}', "\udcff", "{"])
def test_what_is_no_sealed_file_is_said_in_one_line(tmp_path, text, capsys):
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert sealed.read(path, "gone") is None
    assert capsys.readouterr().err == f"note: {path} is damaged; gone\n"


def test_a_damaged_checkpoint_is_said_and_the_training_starts_anew(tmp_path, capsys):
    path = a_checkpoint(tmp_path)
    path.write_bytes(path.read_bytes()[:-100])
    assert state.load(path, fresh(), ABOUT).iteration == 0
    assert "is damaged or of an older version; the training starts from the beginning" in capsys.readouterr().err
    with np.load(a_checkpoint(tmp_path)) as held:
        np.savez(tmp_path / "old.checkpoint", **{name: held[name] for name in held if name != "digest"})
    (tmp_path / "old.checkpoint.npz").rename(path)
    assert state.load(path, fresh(), ABOUT).iteration == 0
    assert capsys.readouterr().err.count("\n") == 1
