"""Runs exported for other benchmarks' viewers: what the files say, and what the viewers themselves read in them."""

import json
import subprocess
import sys

import numpy as np
import pytest
import samples
from click.testing import CliRunner

from bench.commands import group
from bench.errors import UserError
from bench.records.store import Store
from bench.reports import ioh, viewers
from bench.reports.export import export
from bench.scores.results import load

NAME = "a'd|a&m\\[x=__import__('os')]\n"
TASK = "r,o'se%, 1:2|3\n"


def decades(*rows):
    """Runs of 3 steps from losses."""
    return samples.runs(np.array(rows, "float32"))


@pytest.fixture
def folder(tmp_path):
    """Two optimizers on two tasks of 3 problems: one with names that mean something, exact zeros and divergence."""
    store = Store(tmp_path / "runs")
    budget = samples.Budget(steps=3, seeds=3, trials=4, tuning_seeds=2)
    found = decades([4, 2, 1, 0.5], [8, 0, 0, 0], [1, np.inf, np.nan, 0.25])
    for task, optimizer in ((TASK, NAME), (TASK, "sgd"), ("bowl", "sgd")):
        made = samples.record(task, optimizer, budget=budget, kind="hand-designed", floor=-1.0)
        runs = found._replace(losses=found.losses - 1, best=found.best - 1)
        store.write(made._replace(runs=dict.fromkeys(made.runs, runs)))
    store.write(samples.failed("bowl", NAME, budget=budget, floor=-1.0))
    return tmp_path / "runs"


def viewed(script, *folders):
    """What a viewer, run in a process of its own, says in JSON of folders."""
    ran = subprocess.run([sys.executable, "-c", script, *map(str, folders)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return json.loads(ran.stdout.strip().splitlines()[-1])


IOH = """
import json, sys, warnings
warnings.simplefilter("error")
import iohinspector
manager = iohinspector.DataManager()
manager.add_folder(sys.argv[1])
of, runs = manager.overview.to_dicts(), manager.load(monotonic=True, include_meta_data=True).to_dicts()
columns = ("algorithm_name", "function_id", "run_id", "evaluations", "raw_y")
print(json.dumps([of, [[run[column] for column in columns] for run in runs]]))
"""
COCO = """
import json, sys, contextlib, io
with contextlib.redirect_stdout(io.StringIO()):
    import cocopp
    from cocopp import testbedsettings as settings
    found = [cocopp.load(folder) for folder in sys.argv[2:]]
names = settings.get_short_names(sys.argv[1])
print(json.dumps([names, [
    [d.algId, d.funcId, d.dim, d.nbRuns(), d.mMaxEvals(), list(d.detERT([3, 0.64, 1e-8])), sorted(d.finalfunvals)]
    for runs in found for d in runs
]]))
"""
RUNS = {1: [(1, 4), (2, 2), (3, 1), (4, 0.5)], 2: [(1, 8), (2, 0)], 3: [(1, 1)]}
"""Evaluation and best gap of each run where it improves."""


class TestIOHprofiler:
    def test_iohinspector_opens_it(self, folder, tmp_path):
        pytest.importorskip("iohinspector")
        left_out = export(load(folder), "ioh", tmp_path / "out")
        assert left_out == [f"{NAME} on bowl: ValueError: no"]
        overview, runs = viewed(IOH, tmp_path / "out")
        assert {(row["algorithm_name"], row["function_name"]) for row in overview} == {
            (NAME, TASK),
            ("sgd", TASK),
            ("sgd", "bowl"),
        }
        assert {row["evals"] for row in overview} == {4}
        assert {row["trials"] for row in overview} == {4}
        assert sorted(row["best_y"] for row in overview if row["algorithm_name"] == NAME) == [0, 0.5, 1]
        of_it = {i: [(e, y) for name, _, run, e, y in runs if name == NAME and run == i] for i in RUNS}
        assert of_it == RUNS

    def test_cards_say_what_a_run_reached_and_hold_nothing_to_evaluate(self, folder, tmp_path):
        export(load(folder), "ioh", tmp_path / "out")
        cards = [json.loads(path.read_text("utf-8")) for path in (tmp_path / "out").rglob("*.json")]
        assert len(cards) == 3
        for card in cards:
            values = [value for attribute in card["experiment_attributes"] for value in attribute.values()]
            assert all(value.isdigit() for value in values)
            assert card["scenarios"][0]["runs"][0] == {
                "instance": 1,
                "evals": 4,
                "best": {"evals": 4, "y": 0.5, "x": []},
            }

    def test_dimension_is_the_number_of_parameters_where_it_is_known(self, tmp_path):
        for count, dimension in ((7, 7), (0, 1), (70_000, 1)):
            made = samples.record()
            made = made._replace(ledger={**made.ledger, "parameters": float(count)})
            card = json.loads(ioh.files([viewers.curves_of(made, 1)], "sgd")["sgd/IOHprofiler_f1_bowl.json"])
            assert card["scenarios"][0]["dimension"] == dimension


class TestCOCO:
    def test_cocopp_opens_it_and_its_expected_running_times_are_right(self, folder, tmp_path):
        pytest.importorskip("cocopp")
        out = tmp_path / "out"
        export(load(folder), "coco", out)
        folders = sorted(path for path in out.iterdir() if path.is_dir())
        names, found = viewed(COCO, out / "functions.txt", *folders)
        assert names == {"1": "bowl", "2": "r,o'se%, 1:2|3"}
        assert [(row[1], row[2], row[3], row[4]) for row in found] == [(2, 20, 3, 4), (1, 20, 3, 4), (2, 20, 3, 4)]
        for row in found:
            # gap 3: after 2, 2 and 1 evaluations; 0.64: 4, 2 and a failure of 4; 1e-8: 2 and two failures
            assert row[5] == [5 / 3, 10 / 2, 10 / 1]
            assert row[6] == [0, 0.5, 1]

    def test_iohinspector_opens_it_too(self, folder, tmp_path):
        pytest.importorskip("iohinspector")
        export(load(folder), "coco", tmp_path / "out")
        overview, runs = viewed(IOH, tmp_path / "out")
        assert len(overview) == 9
        assert {tuple(run[3:]) for run in runs if run[2] == 1} == set(RUNS[1])

    def test_more_tasks_than_functions_are_refused(self, tmp_path):
        samples.folder(tmp_path / "runs", {"sgd": 0.1}, [f"task-{i}" for i in range(25)])
        with pytest.raises(UserError, match=r"coco takes at most 24 tasks, not 25; narrow them with --tasks"):
            export(load(tmp_path / "runs"), "coco", tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_folders_have_plain_names_no_two_alike():
    names = ["a/b", "a b", "A-B", "../..", "", "adam[beta_1=0.5]", "x" * 300, "x" * 301]
    found = viewers.folder_names(names)
    assert [found[name] for name in names[:6]] == ["a-b", "a-b-2", "A-B-3", "unnamed", "unnamed-2", "adam-beta_1-0.5"]
    assert len({name.lower() for name in found.values()}) == len(names)
    assert max(map(len, found.values())) <= 82


def run(*arguments):
    return CliRunner().invoke(group.main, [str(a) for a in arguments])


class TestCommand:
    def test_writes_a_folder_an_optimizer(self, folder, tmp_path):
        made = run("export", folder, "--format", "ioh", "--out", tmp_path / "out", "--optimizers", "sgd")
        assert made.exit_code == 0, made.output
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["sgd"]

    def test_shows_what_it_is_told_to(self, tmp_path):
        store, budget = Store(tmp_path / "runs"), samples.SMALL
        made = samples.record(budget=budget)
        slow = samples.runs(samples.curves(0.01))
        store.write(made._replace(runs={**made.runs, "final": slow}))
        for tuned_for, same in (("mean_loss", False), ("final", True)):
            out = tmp_path / tuned_for
            run("export", tmp_path / "runs", "--format", "ioh", "--out", out, "--tuned-for", tuned_for)
            table = np.loadtxt(next(out.rglob("*.dat")), skiprows=1).reshape(16, 21, 2)
            assert np.allclose(table[:, :, 1], slow.losses, rtol=1e-9) == same

    @pytest.mark.parametrize(
        ("how", "said"),
        [
            (["--tuned-for", "speed"], "unknown metric 'speed'; known: anytime"),
            (["--tasks", "nothing"], "no task here matches 'nothing'"),
        ],
    )
    def test_refuses_in_one_line(self, folder, tmp_path, how, said):
        made = run("export", folder, "--format", "ioh", "--out", tmp_path / "out", *how)
        assert isinstance(made.exception, UserError)
        assert said in str(made.exception)
        assert "\n" not in str(made.exception).replace(TASK, "")

    def test_refuses_a_folder_with_something_in_it(self, folder):
        made = run("export", folder, "--format", "coco", "--out", folder)
        assert "is not empty; give --out a new folder" in str(made.exception)
