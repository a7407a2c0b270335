"""The README: its table is the reference's, its counts are the registries', its two commands are what CI runs."""

import re
from pathlib import Path

import pytest

import optimizers
import tasks
from bench.reports.tables import with_interval
from bench.scores.leaderboard import per_task

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
RIVALS = ("momentum", "adam", "rmsprop", "sgd")


@pytest.fixture(scope="module")
def scores():
    """{(task, optimizer): its score and interval, as tables print it} of the reference."""
    frame = per_task(ROOT / "results" / "reference" / "quick", "mean_loss")
    shown = zip(frame["task"], frame["optimizer"], frame["score"], frame["low"], frame["high"], strict=True)
    return {(task, name): with_interval(*numbers) for task, name, *numbers in shown}


@pytest.mark.parametrize("task", ["linear-regression", "rosenbrock", "two-moons-small"])
def test_the_table_is_that_of_the_reference(scores, task):
    best = f"**{scores[task, f'gru-{task}']}**"
    assert f"| {' | '.join([task, best, *(scores[task, name] for name in RIVALS)])} |" in TEXT


def test_what_is_bold_is_surely_best():
    frame = per_task(ROOT / "results" / "reference" / "quick", "mean_loss")
    assert all(frame[frame["rank_high"] == 1]["optimizer"].str.startswith("gru-"))
    assert (frame["rank_high"] == 1).sum() == 3


def test_counts_are_those_of_the_registries():
    tasks_said, rules_said = re.search(r"(\d+) tasks and (\d+) hand-designed", TEXT).groups()
    hand_designed = [name for name in optimizers.names() if optimizers.get(name).kind == "hand-designed"]
    own = [name for name in tasks.names() if tasks.get(name).__module__.startswith("tasks")]
    assert (int(tasks_said), int(rules_said)) == (len(own), len(hand_designed))


def test_what_held_of_the_paper_is_counted_as_its_page_counts_it():
    counts = re.search(r"\| \*\*all\*\* \| (\d+) \| (\d+) \| (\d+) \|", (ROOT / "docs/paper.md").read_text("utf-8"))
    said = re.search(r"Of (\d+) statements .* (\d+) held .* (\d+) did not", TEXT)
    assert said.groups() == counts.groups()


@pytest.mark.parametrize("weights", ["rnnprop-mixture", "generalist"])
def test_the_generalists_are_ahead_on_as_many_tasks_as_their_page_says(weights):
    page = (ROOT / "docs/generalist.md").read_text("utf-8").split("By `mean_loss`")[0]
    row = re.search(rf"\| {weights} \| adam, whole space \|(.*)\|\n", page).group(1).split("|")
    ahead, tasks_said = re.match(r" (\d+)/(\d+)", row[6]).groups()  # k = 0, 1, 2, 4, 8, 16, 24
    assert f"on {tasks_said} tasks" in TEXT
    assert re.search(rf"`{weights}`[^;]*?is\s+ahead\s+on\s+{ahead}\b", TEXT)


def test_the_other_meta_seeds_are_ahead_on_as_many_as_is_said():
    page = (ROOT / "docs/generalist.md").read_text("utf-8").split("By `mean_loss`")[0]
    rows = re.findall(r"\| generalist-[23] \| adam, whole space \|(.*)\|\n", page)
    assert len(rows) == 2
    said = re.search(r"its two other meta-seeds on (\d+) each", TEXT).group(1)
    assert [row.split("|")[6].split("/")[0].strip() for row in rows] == [said, said]
