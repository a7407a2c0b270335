"""The report: what it says, what it refuses to claim, and that it fits."""

import numpy as np
import pytest
import samples

from bench.errors import UserError
from bench.records import sealed
from bench.records.record import Budget
from bench.records.store import Store
from bench.reports import summary
from bench.reports.overview import by_task
from bench.reports.readings import readings_text
from bench.scores.results import load

PASSED = {"name": "heavy ball", "passed": True, "expected": {"beta": 0.9}, "measured": {"beta": 0.9}}
FAILED = {"name": "clip at 1", "passed": False, "expected": {"knee": 1.0}, "measured": {"knee": 1.4}}
MOMENTUM = {
    "verdict": "present",
    "values": {"beta": {"value": 0.87, "low": 0.8, "high": 0.9}, "rates": [1, 2]},
    "controls": [PASSED],
    "sentence": "past gradients decay",
}
CLIPPING = {
    "verdict": "present",
    "values": {"knee": {"value": 2.5, "low": None, "high": None}},
    "controls": [PASSED, FAILED],
    "sentence": "updates stop growing",
}


@pytest.fixture
def out(tmp_path):
    folder = samples.folder(tmp_path / "out")
    readings = {"momentum": MOMENTUM, "clipping": CLIPPING}
    sealed.write(folder / "readings" / "gru-a@bowl.json", {"optimizer": "gru-a", "task": "bowl", "readings": readings})
    return folder


def test_summary_has_every_part_in_order(out):
    text = summary.summary(out, {"valley": "mean_log"})
    titles = [
        "All tasks",
        "bowl",
        "valley",
        "Learned optimizers at home, against the best hand-designed",
        "What the probes found",
        "What it cost",
        "Where things are",
    ]
    places = [text.index(f"{title}\n{'=' * len(title)}\n") for title in titles]
    assert places == sorted(places)
    assert "ahead of adam" in text
    assert "mean_log: lower is better; 20 gradient evaluations a run, 16 problems." in text
    assert "Tuned for mean_loss: adam: learning_rate 0.767" in text
    assert str(out) in text


def test_summary_keeps_to_a_hundred_columns(tmp_path):
    rates = {f"gru-two-moons-small-{i}": 0.1 * i for i in range(1, 4)}
    rates |= {"nesterov": 0.2, "adam": 0.3, "rmsprop": 0.1}
    folder = samples.folder(tmp_path / "out", rates, tasks=("linear-regression", "two-moons"))
    text = summary.summary(folder).replace(str(folder), "results")
    assert max(map(len, text.splitlines())) <= summary.WIDTH


def test_a_failed_control_silences_the_probe():
    text = readings_text("gru-a", "bowl", {"clipping": CLIPPING})
    assert "no claim is made, 1 of 2 controls failed: clip at 1" in " ".join(text.split())
    assert "PRESENT" not in text
    assert "stop growing" not in text
    assert "2.50" not in text


def test_a_sound_probe_speaks():
    text = " ".join(readings_text("gru-a", "bowl", {"momentum": MOMENTUM}).split())
    assert text.startswith("gru-a on bowl momentum: PRESENT; past gradients decay (controls passed: 1)")
    assert "beta 0.870 [0.800, 0.900]" in text
    assert "(controls passed: 1)" in text


def test_damaged_and_odd_readings_do_no_harm(out, capsys):
    (out / "readings" / "a.json").write_text("{")
    (out / "readings" / "b.json").write_text("[1]")
    sealed.write(out / "readings" / "c.json", {"readings": {"momentum": {}, "odd": None}})
    (out / "readings" / "d.json").write_text('{"readings": {"momentum": {}}}')
    text = summary.summary(out)
    assert text.count("no claim is made, no controls were run") == 1
    notes = capsys.readouterr().err
    assert "a.json is damaged; it is left out" in notes
    assert "b.json is damaged; it is left out" in notes
    assert "d.json has no digest, as files of older versions; it is left out" in notes


def test_failures_are_told(out):
    Store(out).write(samples.failed("bowl", "adam"))
    Store(out).path(samples.record("valley", "gru-a").cell.id).unlink()
    text = summary.summary(out)
    assert "Failed: adam: ValueError: no" in text
    assert "Not run: gru-a" in text
    assert "1/2" in text


def test_a_task_on_which_nothing_finished_has_no_best(out):
    for name in ("sgd", "adam", "gru-a"):
        Store(out).write(samples.record("ridge", name, status="failed", error="KeyError: x", runs={}))
    rows = {row[0]: row for row in by_task(load(out), {}).rows}
    assert rows["ridge"] == ["ridge", "none finished", "–", "–", "–", "–"]
    assert rows["bowl"][1] == "gru-a"


def test_the_ledger_counts_metatraining_once(out):
    rows = {
        line.split()[0]: line.split()[1:]
        for line in summary.summary(out).split("What it cost")[1].splitlines()
        if line.startswith(("gru-a", "sgd"))
    }
    # tuning 2 tasks · 4 trials · 2 seeds · 20 steps; reporting 2 · 16 · 20
    assert rows["sgd"] == ["320", "640", "0", "3.0", "1.5", "0"]
    assert rows["gru-a"] == ["0", "640", "1000", "3.0", "1.5", "60"]


def test_write_leaves_text_table_and_picture(out):
    text = summary.write(out)
    assert (out / "summary.txt").read_text() == text + "\n"
    assert (out / "leaderboard.md").read_text().startswith("| rank | optimizer |")
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_survive_divergence_failures_and_many_tasks(tmp_path):
    folder = samples.folder(tmp_path / "out", {"adam": 0.2}, tasks=tuple("abcd"))
    store = Store(folder)
    store.write(samples.failed("a", "gru-a"))
    for task, value in (("b", np.nan), ("c", np.inf), ("d", 1e30)):
        losses = samples.curves(0.1)
        losses[:, 1:] = value
        store.write(samples.record(task, "gru-a", losses))
    assert summary.plot_curves(folder, tmp_path / "new" / "curves.png").stat().st_size > 10_000


def many(tmp_path, tasks=9):
    """Fourteen entries, one of them learned, and an oracle made for the first task only."""
    rates = {f"entry-{i:02}": 0.02 * (i + 1) for i in range(13)} | {"gru-a": 0.1}
    budget = samples.RANKED
    folder = samples.folder(tmp_path / "many", rates, [f"task-{i}" for i in range(tasks)], budget)
    losses = samples.curves(0.9, seeds=budget.seeds)
    Store(folder).write(samples.record("task-0", "newton", losses, kind="oracle", budget=budget))
    return folder


def test_many_tasks_end_with_a_page_and_leave_the_rest_in_the_file(tmp_path):
    folder = many(tmp_path)
    printed = summary.write(folder, {"task-3": "mean_log"})
    assert printed.count("\n") < 90
    assert max(map(len, printed.replace(str(folder), "results").splitlines())) <= summary.WIDTH
    lines = printed.split("Task by task")[1].split("Learned against")[0].splitlines()
    row = next(line.split() for line in lines if line.startswith("task-3"))
    assert row[1] == "entry-12"
    assert row[3:] == ["(mean_log)", "0", "gru-a", "9–10"]
    learned = printed.split("best hand-designed")[1]
    assert next(li for li in learned.splitlines() if li.startswith("gru-a")).split()[1:] == ["home", "0", "0", "9", "–"]
    assert "Tuned for mean_loss" in (folder / "summary.txt").read_text()


def test_oracles_made_for_other_tasks_are_not_called_missing(tmp_path):
    text = summary.summary(many(tmp_path, 2))
    assert "Not run" not in text
    assert text.split("\ntask-0\n")[1].split("\ntask-1\n")[0].count("newton") == 1
    assert "newton" not in text.split("\ntask-1\n")[1].split("What it cost")[0]


def test_a_picture_of_one_step_runs(tmp_path):
    folder = samples.folder(tmp_path / "out", budget=Budget(1, 1, 1, 1))
    assert summary.plot_curves(folder, tmp_path / "curves.png").exists()


def test_a_picture_in_the_way_is_a_users_mistake(out, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        summary.plot_curves(out, tmp_path / "file" / "curves.png")
