"""Where learned optimizers are at home, foreign or generalists, who is ranked, and when meta-training has paid."""

import json
import math
from dataclasses import replace

import pytest
import samples
from click.testing import CliRunner

from bench.commands import group
from bench.errors import UserError
from bench.records.store import Store
from bench.reports.costs import break_even_grid
from bench.reports.formats import render
from bench.reports.overview import by_learned
from bench.reports.summary import summary
from bench.reports.task_section import task_grid
from bench.scores.homes import break_even, homes, standing
from bench.scores.leaderboard import leaderboard, per_task, task_table
from bench.scores.results import load

TASKS = ("bowl", "valley", "ridge")
HOMES = {"gru-bowl": ["bowl"], "gru-all": [*TASKS], "gru-two": ["bowl", "valley"], "gru-silent": []}


def write(folder, task, optimizer, rate, *, stream=0, **changes):
    losses = samples.curves(rate, seeds=samples.RANKED.seeds, stream=stream)
    record = samples.record(task, optimizer, losses, budget=samples.RANKED, **changes)
    Store(folder).write(record)
    return record


@pytest.fixture
def out(tmp_path):
    """Two tuned baselines and learned entries of every standing on three tasks; the learned are the best everywhere."""
    for stream, task in enumerate(TASKS):
        for optimizer, rate in (("sgd", 0.05), ("adam", 0.2)):
            write(tmp_path, task, optimizer, rate, stream=stream)
        for optimizer, homes_of in HOMES.items():
            about = {"trained_on": homes_of} if homes_of else {}
            write(tmp_path, task, optimizer, 0.4, stream=stream, discloses=about)
    return tmp_path


class TestStanding:
    def test_of_an_entry_on_one_task_and_on_all(self, out):
        results = load(out)
        found = {name: [standing(results, name, [t]) for t in TASKS] for name in results.optimizers}
        assert found == {
            "adam": ["tuned"] * 3,
            "sgd": ["tuned"] * 3,
            "gru-bowl": ["home", "foreign", "foreign"],
            "gru-all": ["home"] * 3,
            "gru-two": ["home", "home", "generalist"],
            "gru-silent": ["as it comes"] * 3,
        }
        assert [standing(results, name) for name in ("gru-bowl", "gru-two", "gru-all")] == [
            "foreign",
            "generalist",
            "home",
        ]
        assert standing(results, "gru-two", ["bowl", "valley"]) == "home"

    def test_a_learned_entry_that_is_tuned_here_competes(self, out):
        write(out, "ridge", "gru-bowl", 0.4, discloses={"trained_on": ["bowl"]}, trials={"learning_rate": [1.0, 2.0]})
        assert standing(load(out), "gru-bowl", ["ridge"]) == "tuned"

    def test_only_those_that_compete_are_ranked_and_each_kind_stands_apart(self, out):
        board = leaderboard(out)
        assert board["standing"].tolist() == ["home", "as it comes", "tuned", "tuned", "generalist", "foreign"]
        assert board["optimizer"].tolist()[-2:] == ["gru-two", "gru-bowl"]
        assert board["rank"].isna().tolist() == [False] * 4 + [True] * 2
        assert board["score"].notna().all()
        assert board["trials"].tolist() == ["0", "0", "2", "2", "0", "0"]

    def test_who_is_not_ranked_moves_no_rank(self, out, tmp_path):
        before = leaderboard(out).set_index("optimizer")
        rest = load(out)
        rest = replace(
            rest,
            records={at: r for at, r in rest.records.items() if at[1] not in ("gru-two", "gru-bowl")},
            optimizers=[name for name in rest.optimizers if name not in ("gru-two", "gru-bowl")],
        )
        after = leaderboard(rest).set_index("optimizer")
        names = ["rank", "rank_low", "rank_high", "score"]
        assert before.loc[after.index, names].equals(after[names])

    def test_on_its_task_a_home_is_ranked_and_a_stranger_is_not(self, out):
        table = per_task(out, "final").set_index(["task", "optimizer"])
        assert table["rank"].notna().to_dict()["bowl", "gru-bowl"]
        assert table["rank"].isna().to_dict()["valley", "gru-bowl"]
        assert table.loc["valley"].index[-1] == "gru-bowl"

    def test_a_specialist_that_ran_at_home_only_leaves_the_board_its_tasks(self, tmp_path):
        for stream, task in enumerate(TASKS):
            write(tmp_path, task, "adam", 0.2, stream=stream)
        write(tmp_path, "bowl", "gru-bowl", 0.4, discloses={"trained_on": ["bowl"]})
        board = leaderboard(tmp_path).set_index("optimizer")
        assert board.loc["adam", ["rank", "tasks"]].tolist() == [1, 3]
        assert math.isnan(board["score"]["gru-bowl"])
        assert board["score"]["adam"] == pytest.approx(board.loc["adam", list(TASKS)].astype(float).mean())

    def test_notes_name_them_on_a_task(self, out):
        results = load(out)
        notes = task_grid(results, task_table(results, "valley", "final"), "valley", "final").notes
        assert "Tuning trials: 2." in notes
        assert "At home (meta-trained on this task, not tuned): gru-all, gru-two." in notes
        assert "Foreign (not tuned here, not trained here), not ranked: gru-bowl." in notes

    def test_trials_that_differ_are_all_said(self, out):
        write(out, "bowl", "adam", 0.2, trials={"learning_rate": [1.0, 2.0, 3.0], "trial": [0, 1, 2]})
        assert leaderboard(out).set_index("optimizer")["trials"]["adam"] == "2–3"
        results = load(out)
        notes = task_grid(results, task_table(results, "bowl", "final"), "bowl", "final").notes
        assert "Tuning trials: 3 (adam); 2 (sgd)." in notes


class TestBreakEven:
    def test_counts_whole_tunings(self):
        assert break_even(1000, 160, True) == 7
        assert break_even(160, 160, True) == 1
        assert break_even(1000, 160, False) == math.inf
        assert break_even(1000, 0, True) == math.inf
        assert math.isnan(break_even(0, 160, True))

    def test_is_of_the_tasks_own_tuning_and_only_where_it_wins(self, out):
        results = load(out)
        dear = results.records["valley", "adam"]
        Store(out).write(dear._replace(ledger={**dear.ledger, "gradients_tuning": 500.0, "seconds_tuning": 7.0}))
        write(out, "ridge", "gru-all", 0.1, stream=2, discloses={"trained_on": [*TASKS]})
        frame = homes(out).set_index(["optimizer", "task"])
        assert sorted(frame.index) == [
            ("gru-all", "bowl"),
            ("gru-all", "ridge"),
            ("gru-all", "valley"),
            ("gru-bowl", "bowl"),
            ("gru-two", "bowl"),
            ("gru-two", "valley"),
        ]
        assert set(frame["baseline"]) == {"adam"}
        found = {task: frame.loc[("gru-all", task), ["break_even", "break_even_seconds"]].tolist() for task in TASKS}
        # meta-training took 1000 gradients and 60 s; tuning 160 and 0.5 s, on valley 500 and 7 s; on ridge it loses
        assert found == {"bowl": [7, 120], "valley": [2, 9], "ridge": [math.inf, math.inf]}
        assert frame["trials"].tolist() == [0] * 6
        assert frame["baseline_trials"].tolist() == [2] * 6

    def test_is_printed_whole_and_never_where_it_never_pays(self, out):
        write(out, "ridge", "gru-all", 0.1, stream=2, discloses={"trained_on": [*TASKS]})
        rows = break_even_grid(load(out), {}).rows
        assert ["bowl", "gru-all", "adam", "1000", "160", "7", "120"] in rows
        assert ["ridge", "gru-all", "adam", "1000", "160", "never", "never"] in rows
        assert "never" in render(homes(out), "md")

    def test_the_ledger_has_none_over_all_tasks(self, out):
        assert "break-even" not in summary(out).split("What it cost")[1].splitlines()[2]


def test_the_summary_keeps_homes_and_elsewhere_apart(out):
    home, rest = summary(out).split("Learned optimizers at home")[1].split("Learned optimizers elsewhere")
    elsewhere = rest.split("What it cost")[0]
    assert [line.split()[:2] for line in elsewhere.splitlines() if line.startswith(TASKS)] == [
        ["ridge", "gru-bowl"],
        ["ridge", "gru-two"],
        ["valley", "gru-bowl"],
    ]
    assert sum(line.startswith(TASKS) for line in home.splitlines()) == 9  # the silent one is ranked as it comes


def test_wins_are_counted_by_standing(out):
    rows = {(row[0], row[1]): row[2:] for row in by_learned(load(out), {}).rows}
    assert rows["gru-bowl", "home"][:3] == ["1", "0", "0"]
    assert rows["gru-bowl", "foreign"][:3] == ["2", "0", "0"]


class TestCommand:
    def run(self, *arguments):
        return CliRunner().invoke(group.main, [str(a) for a in arguments])

    def test_by_home(self, out):
        made = self.run("leaderboard", out, "--by", "home", "--metric", "final", "--format", "json")
        assert made.exit_code == 0, made.exception
        rows = json.loads(made.stdout)
        assert {(row["task"], row["optimizer"]) for row in rows} >= {("bowl", "gru-bowl"), ("valley", "gru-two")}
        assert {row["break_even"] for row in rows} == {7.0}
        assert "trials" in self.run("leaderboard", out, "--by", "home").stdout.splitlines()[0]

    def test_nobody_at_home_is_said_in_one_line(self, tmp_path):
        samples.folder(tmp_path, {"sgd": 0.1})
        made = self.run("leaderboard", tmp_path, "--by", "home")
        assert isinstance(made.exception, UserError)
        assert str(made.exception).startswith("no learned optimizer here has run on a task it was trained on")

    def test_missing_worst_is_an_option(self, out):
        Store(out).path(samples.record("valley", "adam", budget=samples.RANKED).cell.id).unlink()
        boards = {
            how: {row["optimizer"]: row for row in json.loads(self.run(*how.split(), "--format", "json").stdout)}
            for how in (f"leaderboard {out}", f"leaderboard {out} --missing worst")
        }
        common, worst = boards.values()
        assert common["adam"]["valley"] is None
        assert worst["adam"]["valley"] == 0
        assert worst["adam"]["score"] < common["adam"]["score"]
