"""Submitting: a stranger's rows beside a reference's, whose cells are not run again; each rule is broken once."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

import optimizers.registry
from bench.commands.group import main
from bench.errors import UserError
from bench.lookup import plugins
from bench.records.record import Budget
from bench.records.store import Store
from bench.running import run as running
from bench.running.submission import examine
from bench.suites.suite import Suite

TINY = Budget(steps=5, seeds=4, trials=2, tuning_seeds=2, finalists=0, recheck_seeds=0)
TASKS = ("rosenbrock", "booth")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(a reference of sgd, records of momentum on the same tasks and budget)"""
    root = tmp_path_factory.mktemp("runs")
    for name, entry in (("reference", "sgd"), ("mine", "momentum")):
        running.run(Suite("tiny", TASKS, (entry,), TINY), root / name, probes=False)
    return root / "reference", Store(root / "mine").records()


@pytest.fixture
def reference(made):
    return made[0]


@pytest.fixture
def mine(made, tmp_path):
    store = Store(tmp_path / "mine")
    for record in made[1]:
        store.write(record)
    return store


def changed(store, task, **changes):
    """The store with its record of `task` changed: fields of the record, or of its cell under `cell`."""
    record = next(record for record in store.records() if record.cell.task == task)
    store.path(record.cell.id).unlink()
    of_cell = dict(changes.pop("cell", {}))
    versions = {**record.cell.versions, **of_cell.pop("versions", {})}
    cell = replace(record.cell, versions=versions, **of_cell)
    store.write(record._replace(cell=cell, **changes))
    return store


def findings(store, reference, **options):
    return {found.check: found for found in examine(store.root, reference, **options).findings}


def command(store, reference, *arguments):
    words = ["submit", str(store.root), "--reference", str(reference), "--workers", "1", *map(str, arguments)]
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_rows_that_pass_stand_beside_those_of_the_reference(mine, reference):
    done = command(mine, reference)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    checks = ["files", "tasks", "engine", "definitions", "budget", "finished", "code", "machine", "run again"]
    assert [line.split("  ")[:2] for line in lines[:8]] == [["passes", check] for check in checks[:8]]
    assert lines[8] == "passes  run again    2 of 2 cells come out the same"
    assert lines[10] == f"Rows of {mine.root}: momentum"
    (ranked,) = [part for part in done.stdout.split("\n\n") if part.startswith("All tasks")]
    assert {"sgd", "momentum"} <= {word for line in ranked.splitlines() for word in line.split()}


def test_the_reference_is_not_run_again(mine, reference, monkeypatch):
    ran = []
    finish = running.finish
    monkeypatch.setattr(
        "bench.running.verify.finish",
        lambda jobs, *rest: (ran.extend(job.entry.name for job in jobs), finish(jobs, *rest)),
    )
    examine(mine.root, reference)
    assert ran == ["momentum", "momentum"]


def test_scores_are_those_of_either_folder_alone(mine, reference):
    import bench
    from bench.scores.leaderboard import leaderboard
    from bench.scores.results import of_records

    found = examine(mine.root, reference)
    together = leaderboard(of_records([*found.reference.values(), *found.cells.values()])).set_index("optimizer")
    for folder, name in ((mine.root, "momentum"), (reference, "sgd")):
        alone = bench.leaderboard(folder).set_index("optimizer")
        assert together["score"][name] == alone["score"][name]


@pytest.mark.parametrize(
    ("check", "changes", "said"),
    [
        ("engine", {"cell": {"versions": {"engine": "0"}}}, "made by engine 0, the reference by "),
        ("definitions", {"cell": {"task_definition": "Other()"}}, "its task is Other(), the reference's "),
        ("definitions", {"floor": -1.0}, "its floor is -1, the reference's 0"),
        ("budget", {"cell": {"budget": replace(TINY, trials=3)}}, "trials=3, the reference trials=2"),
        ("budget", {"cell": {"budget": replace(TINY, seeds=3)}}, "seeds=3, the reference seeds=4"),
        ("code", {"cell": {"optimizer_definition": "Other()"}}, "momentum on booth was Other(), and is "),
    ],
    ids=["engine", "task", "floor", "trials", "fewer problems", "optimizer"],
)
def test_what_is_unlike_the_reference_is_named_and_nothing_is_run(check, changes, said, mine, reference):
    found = findings(changed(mine, "booth", **changes), reference)
    assert [name for name, finding in found.items() if not finding.passed] == [check]
    assert said in found[check].text
    assert "run again" not in found


def test_a_failure_ends_with_its_remedy_and_exit_code_1(mine, reference):
    done = command(changed(mine, "booth", cell={"versions": {"engine": "0"}}), reference)
    assert done.exit_code == 1
    (failed,) = [line for line in done.stdout.splitlines() if line.startswith("fails")]
    assert failed.endswith("run again: python -m bench run quick --optimizers momentum --out NEW-FOLDER")
    assert "All tasks" not in done.stdout


def test_more_problems_than_the_reference_are_no_fault(tmp_path, reference):
    running.run(Suite("more", TASKS, ("momentum",), replace(TINY, seeds=6)), tmp_path / "more", probes=False)
    found = findings(Store(tmp_path / "more"), reference)
    assert all(finding.passed for finding in found.values())
    assert found["run again"].text == "2 of 2 cells come out the same"


def test_a_task_left_out_is_named(mine, reference):
    (record,) = [record for record in mine.records() if record.cell.task == "booth"]
    mine.path(record.cell.id).unlink()
    assert findings(mine, reference)["tasks"].text.startswith("momentum has not run booth; run again: ")


def test_a_damaged_file_is_named(mine, reference):
    path = mine.path(mine.records()[0].cell.id)
    path.write_bytes(path.read_bytes()[:-9])
    found = findings(mine, reference)["files"]
    assert (found.passed, found.text.startswith(f"{path} is not as it was written; run again: ")) == (False, True)


def test_a_failed_cell_does_not_pass(mine, reference):
    found = findings(changed(mine, "booth", status="failed", error="ValueError: no", runs={}), reference)["finished"]
    assert (found.passed, found.text.split(";")[0]) == (False, "momentum on booth: it failed (ValueError: no)")


def test_a_number_that_does_not_come_out_again_is_found(mine, reference):
    found = findings(changed(mine, "booth", thetas={"default": {"learning_rate": 3.0}}), reference)["run again"]
    assert not found.passed
    assert "momentum on booth" in found.text
    assert "differs in θ tuned for default" in found.text


def test_another_kind_of_machine_takes_mix(mine, reference):
    (record,) = [record for record in mine.records() if record.cell.task == "booth"]
    elsewhere = {**record.provenance, "numerics": "x86_64 sse9"}
    found = findings(changed(mine, "booth", provenance=elsewhere), reference)["machine"]
    assert not found.passed
    assert found.text.endswith("; add --mix to allow for it")
    assert findings(mine, reference, mix=True)["machine"].passed


def test_no_row_of_its_own(reference):
    with pytest.raises(UserError, match=r"has no optimizer that .*: python -m bench run quick --optimizers NAME"):
        examine(reference, reference)


PLUGIN = """
from optimizers import Entry, LogUniform, Optimizer, register
from tasks import tf

def build(theta):
    def update(gradients, state, params, step):
        return tf.nest.map_structure(lambda g: -{scale} * theta["learning_rate"] * tf.sign(g), gradients), state
    return Optimizer(lambda params: (), update)

register(Entry("signs", "hand-designed", build, {{"learning_rate": LogUniform(1e-4, 1.0)}}, {{"learning_rate": 0.01}}))
"""


def test_a_plug_in_is_held_to_the_file_it_was_run_from(tmp_path, reference, monkeypatch):
    path, out = tmp_path / "signs.py", Store(tmp_path / "out")
    for scale, code in ((1.0, 0), (2.0, 1)):
        monkeypatch.setattr(plugins, "_loaded", {})
        known = {name: entry for name, entry in optimizers.registry._registry.items() if name != "signs"}
        monkeypatch.setattr(optimizers.registry, "_registry", known)
        path.write_text(PLUGIN.format(scale=scale))
        if code == 0:
            unknown = command(changed_name(out, reference), reference)
            assert "unknown optimizer 'signs'; give the file that registers it with --import" in unknown.stdout
            plugins.load_file(path)
            running.run(Suite("t", TASKS, ("signs",), TINY), out.root, import_files=[str(path)], probes=False)
        done = command(out, reference, "--import", path)
        assert done.exit_code == code, done.output
    assert "fails   code         signs on booth was " in done.stdout


def changed_name(store, reference):
    """Cells called signs that are nothing of the sort."""
    other = Store(store.root.parent / "unknown")
    for record in Store(reference).records():
        other.write(record._replace(cell=replace(record.cell, optimizer="signs")))
    return other


def test_an_optimizer_without_a_file_carries_no_identity(mine, reference, monkeypatch):
    monkeypatch.setattr(plugins, "foreign", lambda name: name == "momentum")
    found = findings(mine, reference)["code"]
    assert (found.passed, found.text.split(";")[0]) == (False, "momentum carries no digest of its source")
