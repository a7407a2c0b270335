"""How long: by the tables, at the speed that this machine showed, and as it took here before."""

import math

import pytest
from click.testing import CliRunner

from bench.commands import group
from bench.lookup import resolve
from bench.records import sealed
from bench.reports import waits as said
from bench.suites import forecast, machine, waits
from bench.suites.jobs import job
from bench.suites.protocol import budget_for

VERBS = [
    "ablate adam --task rosenbrock",
    "distill gru-rosenbrock --task rosenbrock",
    "anatomy gru-rosenbrock --task rosenbrock --out new",
    "paper --tasks rosenbrock --out new",
    "run smoke --out new",
    "generalise gru-rosenbrock --tasks rosenbrock --out new",
]


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "place", lambda: tmp_path / "waits.json")
    return tmp_path / "waits.json"


def subject(name="rosenbrock"):
    return resolve.named_task(name)


@pytest.mark.parametrize("study", ["ablate", "distill", "readings", "tuning", "races", "quantities"])
def test_a_task_of_the_table_takes_what_the_table_says(study):
    rows = sealed.read(waits.TABLE)[study]
    assert waits.of_study(study, subject()) == (rows["rosenbrock"], "table")


def test_another_task_lies_between_those_of_less_and_of_more_work():
    rows = sealed.read(waits.TABLE)["ablate"]
    found = waits.of_study("ablate", subject("quadratic"))
    assert rows["linear-regression"] < found.seconds < rows["two-moons-small"]


def test_what_is_in_no_table_is_unknown_until_it_has_run_here(memory):
    found = waits.of_study("along", subject())
    assert (math.isnan(found.seconds), found.source) == (True, "unknown")
    assert "one run here makes it known" in said.words("x", found)
    waits.learn_study("along", subject(), 200, 12.0)
    assert waits.of_study("along", subject()) == (12.0, "here")


def test_a_first_study_calibrates_the_others(memory):
    rows = sealed.read(waits.TABLE)
    waits.learn_study("ablate", subject(), 200, 3 * rows["ablate"]["rosenbrock"])
    assert waits.of_study("ablate", subject()).source == "here"
    found = waits.of_study("distill", subject())
    assert found.seconds == pytest.approx(3 * rows["distill"]["rosenbrock"])
    assert said.words("x", found).endswith("by the table and this machine's speed")


def test_a_first_run_calibrates_the_forecast_and_knows_warm_programs(memory, tmp_path):
    planned = job("cell", "linear-regression", "adam", budget_for("linear-regression"))
    before = forecast.forecast([planned], tmp_path / "new", [])[0].seconds
    cost = forecast.of_table(planned.subject, planned.entry, forecast.costs())
    steps = cost.step * forecast.steps_computed(planned.subject, planned.entry, planned.budget)
    assert before == pytest.approx(cost.compile + steps)
    ledger = {"seconds_compile": 3 * cost.compile, "seconds_tuning": 2 * steps, "seconds_reporting": 0.0}
    forecast.learn([(planned, ledger)])
    other = job("cell", "linear-regression", "rmsprop", planned.budget)
    table = forecast.of_table(other.subject, other.entry, forecast.costs())
    other_steps = table.step * forecast.steps_computed(other.subject, other.entry, other.budget)
    again = forecast.forecast([other], tmp_path / "new", [])[0].seconds
    assert again == pytest.approx(3 * table.compile + 2 * other_steps)
    assert machine.compiled("adam on linear-regression")
    forecast.learn([(planned, {**ledger, "seconds_compile": 0.5 * cost.compile})])
    warm = forecast.forecast([planned], tmp_path / "new", [])[0].seconds
    assert warm == pytest.approx(0.5 * cost.compile + 2 * steps)


def test_recent_ones_count_most(memory):
    machine.learn([machine.Took("study", 40.0, 10.0)])
    machine.learn([machine.Took("study", 10.0, 10.0)])
    assert machine.speed("study") == pytest.approx(30.0 / 15.0)


def test_weights_of_another_meta_seed_cost_what_the_first_do():
    costs = [
        forecast.of_table(subject(), resolve.entry(name), forecast.costs())
        for name in ("gru-rosenbrock", "gru-rosenbrock-2")
    ]
    assert costs[0] is not None
    assert costs[0] == costs[1]


def test_settings_are_said_of_what_is_tuned_and_of_nothing_else(capsys):
    sgd = resolve.entry("sgd")
    said.say_settings(sgd, {"learning_rate": 0.0123456})
    line = "note: sgd with learning_rate 0.0123; for other settings name sgd[learning_rate=…]\n"
    assert capsys.readouterr().err == line
    for named in ("sgd[learning_rate=0.5]", "gru-rosenbrock"):
        said.say_settings(resolve.entry(named), dict(resolve.entry(named).defaults))
    assert capsys.readouterr().err == ""


def test_a_memory_that_cannot_be_read_or_written_is_none(memory):
    memory.write_text("{")
    assert machine.speed("study") == 1.0


@pytest.mark.parametrize("words", VERBS)
def test_a_dry_run_says_how_long_and_makes_nothing(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(group.main, [*words.split(), "--dry-run"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "about " in done.stdout or "Expected on " in done.stdout or "not known yet" in done.stdout
    assert [*tmp_path.iterdir()] == []
