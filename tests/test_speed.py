"""The arithmetic of the speed table: targets, bounds, slopes, disagreement, what is printed and written."""

import ast
import csv
import math
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.commands import speed
from bench.engine import executor, numerics
from bench.scores.numbers import clocked, short
from bench.speed import bounds, cells, comparisons, paired_timing, plan, processes, report, scaling, startup
from bench.speed.context import Measurement
from bench.speed.rows import Ratio, at_least, at_most
from bench.speed.table import line, text

ROOT = Path(__file__).parents[1]
ROWS = [
    Ratio("a", "b", (1.5, 2.5, 1.7), at_least(1.6), ours=5e-9, peer=8.5e-9, details={"x": 2.0}),
    Ratio("c", "d", (1.2, 1.01), at_most(1.05), unit="exponent"),
    Ratio("e", "f", target=at_least(3), missing="not installed: torch", excused=True),
    Ratio("g", "h", (4.0,)),
]


@pytest.mark.parametrize(
    ("row", "held"),
    [
        (Ratio("w", "p", (1.0, 3.0, 2.0), at_least(2.0)), True),
        (Ratio("w", "p", (1.0, 3.0, 1.9), at_least(2.0)), False),
        (Ratio("w", "p", (1.04, 1.06), at_most(1.05)), True),
        (Ratio("w", "p", (math.nan,), at_most(1.05)), False),
        (Ratio("w", "p", tuple(np.array([1.5, 1.5])), at_least(2.0)), False),
        (Ratio("w", "p", (7.0,)), None),
        (Ratio("w", "p", target=at_least(1), missing="boom"), False),
        (Ratio("w", "p", missing="boom"), False),
        (Ratio("w", "p", target=at_least(1), missing="no torch", excused=True), None),
    ],
)
def test_a_target_holds_for_the_median(row, held):
    assert row.held is held


def test_ratios_say_how_many_times_as_fast_as_the_peer_we_are():
    duel = paired_timing.Duel(np.array([2.0, 4.0]), np.array([3.0, 5.0]), np.array([6.0, 6.0]))
    assert duel.ratios.tolist() == [3.0, 1.5]


def test_disagreement_is_relative_to_the_loss_and_sees_planted_faults():
    ours = np.array([[[100.0, 50.0, 0.0], [1.0, np.nan, np.inf]]])
    assert paired_timing.disagreement(ours, ours.copy()) == 0.0
    for step, fault, expected in ((1, 0.51, 0.01), (2, 1e-3, 1e-3)):
        theirs = ours.copy()
        theirs[0, 0, step] += fault
        assert paired_timing.disagreement(ours, theirs) == pytest.approx(expected)
    assert paired_timing.disagreement(ours, np.nan_to_num(ours)) == math.inf
    with pytest.raises(ValueError, match="a peer computes other losses than ours"):
        paired_timing.same_losses(ours, ours[:, :1] * 1.001, "a peer")


def test_exponent_is_the_slope_of_a_power_law():
    assert scaling.exponent((1, 4, 16, 64), [3.0, 12.0, 48.0, 192.0]) == pytest.approx(1.0)
    assert scaling.exponent((1, 4, 16, 64), [1.0, 8.0, 64.0, 512.0]) == pytest.approx(1.5)
    assert scaling.grown("seeds", 64).seeds == 64 * scaling.BASE.seeds
    assert scaling.grown("steps", 64).work == 64 * scaling.BASE.work


def test_work_is_counted_as_by_hand():
    counted = bounds.counts()
    # 2-16-16-1 on 128 points: 304 products forward, 304 for weights, 272 for inputs
    assert counted["moons"].flops == 2 * 128 * 880 + 4 * 128 * 32 + 12 * 337
    assert counted["moons"][2:] == (4096, 256, 128)
    assert counted["rosenbrock"].moved == 52
    assert counted["regression"].flops == 4 * 64 * 16 + 4 * 64 + 12 * 16
    assert counted["convolution"].parameters == 72 + 8 + 1280 + 10


def test_the_bound_is_the_larger_of_arithmetic_and_memory():
    peaks = dict.fromkeys(("sqrt", "div", "tanh", "exp", "log"), 1e9)
    peaks |= {"flops": 1e10, "bytes 1": 1e11, "bytes 8": 1e10, "bytes 64": 1e9}
    count = bounds.Count(parameters=10, flops=100, tanh=5)
    assert bounds.seconds(count, peaks, runs=1) == pytest.approx(1e-8 + 2e-8 + 5e-9)
    assert bounds.seconds(count, peaks, runs=100_000) == pytest.approx(244e-9)
    assert [bounds.level(2**20 * mib) for mib in (0.5, 1, 1.5, 8, 9, 500)] == [1, 1, 8, 8, 64, 64]


def test_best_run_counts_and_is_divided_by_the_work():
    told = iter([0.5, 0.2, 0.3])
    contender = processes.Contender(lambda: next(told, 0.4), work=10)
    processes._contenders["planted"] = contender
    try:
        assert processes.best("planted", 0.001).run == pytest.approx(0.02)
    finally:
        processes.forget()
    assert not processes._contenders


def test_a_side_is_a_process_of_its_own_that_hands_back_results_and_errors():
    with processes.sides("one") as opened:
        assert opened["one"].call("table:short", 3.14159) == "3.14"
        with pytest.raises(KeyError, match="nobody"):
            opened["one"].time("nobody", 0.0)


@pytest.mark.parametrize(
    ("number", "shown"), [(1.2345, "1.23"), (62361.2, "62361"), (0.0123, "0.0123"), (2.5e7, "2.5e+07")]
)
def test_numbers_are_short(number, shown):
    assert short(number) == shown


def test_durations_have_units_that_suit():
    assert [clocked(s) for s in (None, 4e-9, 2.2e-5, 0.31, 4.0)] == ["", "4 ns", "22 µs", "310 ms", "4 s"]


def test_the_table_hides_nothing():
    assert line(ROWS[1])[2:6] == ("1.1 exponent", "1.01 … 1.2", "≤ 1.05", "NO")
    assert "not installed: torch" in text(ROWS)
    assert report.verdict(ROWS) == "1 of 2 targets hold. Short: c / d."


def test_what_is_written_can_be_read_back(tmp_path):
    peaks = dict.fromkeys(("flops", "bytes 1"), 2e9)
    report.write(tmp_path, ROWS, peaks, rounds=3)
    with (tmp_path / "ratios.csv").open(encoding="utf-8") as file:
        records = list(csv.DictReader(file))
    assert [float(r["number"]) for r in records[:2]] == [1.7, pytest.approx(1.105)]
    assert [r["held"] for r in records] == ["True", "False", "", ""]
    assert records[0]["x"] == "2.0"
    assert "tensorflow" in records[0]["versions"]
    assert records[0]["compiler"] == numerics.options(os.environ)
    assert records[0]["executor"] == executor.label()
    assert "| a | b | 1.7 | 1.5 … 2.5 | ≥ 1.6 | yes |" in (tmp_path / "ratios.md").read_text("utf-8")
    assert (tmp_path / "ratios.png").read_bytes().startswith(b"\x89PNG")


def test_a_measurement_that_breaks_is_a_row_that_does_not_hold():
    def broken(context):
        raise RuntimeError("out of memory\nand more")

    row = speed.attempt(Measurement("w", "p", broken), None)
    assert (row.held, row.missing) == (False, "RuntimeError: out of memory")


def test_every_target_of_the_table_is_planned_once():
    names = [measurement.name for measurement in plan.measurements()]
    assert len(set(names)) == len(names)
    wanted = {c.name: c.target.value for c in comparisons.COMPARISONS if c.target}
    assert wanted["Rosenbrock 256×32 / expert JAX"] == 1.1
    assert wanted["convolution 8×8 / tf.function per step"] == 25
    assert wanted["two moons 16×16 / model.fit"] == 100
    assert set(wanted) < set(names)


def test_an_unknown_row_is_named_with_those_there_are():
    result = CliRunner().invoke(speed.command, ["--only", "quantum"])
    assert result.exit_code == 2
    assert "quantum" in result.output
    assert "two workers / one" in result.output


def test_importing_tensorflow_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "tensorflow.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "heavy.py").write_text("import tensorflow")
    assert startup.imports_tensorflow("heavy")
    assert not startup.imports_tensorflow("json.tool", "--help")


def test_nothing_but_its_command_imports_this_package():
    for path in (ROOT / "bench").rglob("*.py"):
        if path.parent.name != "speed" and path != ROOT / "bench" / "commands" / "speed.py":
            tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            modules = {getattr(node, "module", None) for node in tree}
            assert not any(module and module.startswith("bench.speed") for module in modules), path


def test_the_sweep_is_the_same_everywhere_and_keeps_digits():
    first, again = cells.sweep(8), cells.sweep(8)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert first["beta_2"].max() <= 0.999
