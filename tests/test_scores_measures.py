"""Measures beyond the metrics that tuning selects by: known answers from hand-made records, and what is missing."""

import dataclasses
import json
import math

import numpy as np
import pytest
import samples
from click.testing import CliRunner

from bench.commands import group
from bench.errors import UserError
from bench.records.store import Store
from bench.reports.formats import render
from bench.scores import frames, measures
from bench.scores.measured import board, values
from bench.scores.measures import MEASURES, direction, steps_to
from bench.scores.metrics import METRICS

BUDGET = samples.Budget(steps=4, seeds=4, trials=4, tuning_seeds=2)
CURVES = np.array(
    [
        [1.0, 0.5, 0.1, 0.1, 0.1],  # a tenth at step 2
        [8.0, 8e-1, 8e-3, 8e-3, 8e-6],  # at 1, a thousandth at 2, a millionth at 4
        [2.0, 1.0, 1.0, 1.0, 1.0],  # never
        [4.0, np.inf, 0.1, 0.0, 0.0],  # diverged, whatever comes after
    ],
    "float32",
)


def made(task="bowl", optimizer="sgd", losses=CURVES, **changes):
    budget = dataclasses.replace(BUDGET, seeds=len(losses))
    record = samples.record(task, optimizer, losses, budget=budget, **changes)
    return record._replace(ledger={**record.ledger, "seconds_reporting": 12.0, "state_bytes_per_parameter": 8.0})


def of(name, record=None):
    return values(record or made(), measures.get(name)).tolist()


@pytest.fixture
def out(tmp_path):
    store = Store(tmp_path)
    store.write(made(losses=np.tile(CURVES, (8, 1))))
    store.write(made(optimizer="adam", losses=np.tile(np.float32([1, 0.1, 1e-3, 1e-6, 0]), (32, 1))))
    return tmp_path


def test_of_each_run_by_hand():
    never = math.inf
    assert of("steps_tenth") == [2, 1, never, never]
    assert of("steps_thousandth") == [never, 2, never, never]
    assert of("steps_millionth") == [never, 4, never, never]
    assert of("success_tenth") == [1, 1, 0, 0]
    assert of("diverged") == [0, 0, 0, 1]
    assert of("seconds") == [12 / (4 * 6)] * 4  # raced with six θ: untuned, and tuned for five metrics
    assert of("state_bytes") == [8] * 4


def test_targets_are_shares_of_the_gap_to_the_floor():
    runs = samples.runs(np.float32([[3.0, 1.3, 1.2, 1.0], [1.0, 1.0, 1.0, 1.0]]))
    assert steps_to(runs, 1.0, 0.1).tolist() == [2, 0]  # there is no gap to close in the second


def test_what_the_runs_of_a_task_come_to(out):
    for name, sgd, adam in (
        ("steps_tenth", 2, 1),  # two of four get there: half is enough for a median
        ("steps_thousandth", math.inf, 2),
        ("ert_tenth", (2 + 1 + 4 + 4) / 2, 1),  # failures cost the whole budget
        ("ert_thousandth", (4 + 2 + 4 + 4) / 1, 2),
        ("success_tenth", 0.5, 1),
        ("success_millionth", 0.25, 1),
        ("diverged", 0.25, 0),
        ("seconds", 12 / (32 * 6), 12 / (32 * 6)),
        ("state_bytes", 8, 8),
    ):
        frame = board(out, name)
        found = frame.set_index("optimizer")
        assert found.loc[["sgd", "adam"], "bowl"].tolist() == pytest.approx([sgd, adam]), name
        assert found.loc[["sgd", "adam"], "score"].tolist() == pytest.approx([sgd, adam]), name
        best = "adam" if (adam - sgd) * MEASURES[name].sign > 0 else frame["optimizer"][0]
        assert frame["optimizer"][0] == best, name
        assert frame["rank"][0] == 1


def test_expected_running_time_is_infinite_where_no_run_gets_there_and_printed_as_never(tmp_path):
    Store(tmp_path).write(made(losses=np.ones((4, 5), "float32")))
    frame = board(tmp_path, "ert_tenth")
    assert frame["score"].item() == math.inf
    shown = render(frame, "text").splitlines()[2].split()
    assert shown == ["–", "sgd", "hand-designed", "tuned", "2", "never", "1/1", "never"]
    assert "No ranks: they need 30 or more problems on every task; here are 4." in frame.attrs["notes"]
    assert json.loads(render(frame, "json"))[0]["score"] == "inf"
    assert "inf" in render(frame, "csv")


def test_intervals_hold_the_number_and_none_stands_where_nothing_varies(tmp_path):
    rng = np.random.default_rng(0)
    losses = np.exp(-rng.gamma(4, 0.5, (64, 1)) * np.arange(21)).astype("float32")
    Store(tmp_path).write(samples.record("bowl", "sgd", losses, budget=samples.Budget(20, 64, 4, 2)))
    for name in ("steps_thousandth", "ert_thousandth", "success_millionth"):
        row = board(tmp_path, name).iloc[0]
        assert row["low"] <= row["score"] <= row["high"]
        assert row["low"] < row["high"]
    assert board(tmp_path, "diverged")[["low", "high"]].isna().all(axis=None)


def test_the_interval_of_a_median_is_that_of_its_bootstrap(tmp_path):
    rng = np.random.default_rng(1)
    losses = np.exp(-rng.gamma(4, 0.3, (101, 1)) * np.arange(41)).astype("float32")
    record = samples.record("bowl", "sgd", losses, budget=samples.Budget(40, 101, 4, 2))
    Store(tmp_path).write(record)
    row = board(tmp_path, "steps_thousandth").iloc[0]
    steps = values(record, measures.get("steps_thousandth"))
    drawn = np.median(rng.choice(steps, (20_000, 101)), axis=1)
    assert row["score"] == np.median(steps)
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert abs(row["low"] - low) <= 1
    assert abs(row["high"] - high) <= 1


class TestMissing:
    def test_a_number_that_a_record_lacks_is_missing_and_not_zero(self, tmp_path):
        Store(tmp_path).write(samples.record())
        frame = board(tmp_path, "state_bytes")
        assert frame[["rank", "score", "bowl"]].isna().all(axis=None)
        line = render(frame, "text").splitlines()[2]
        assert "0.00" not in line
        assert "–" in line
        assert "1 of 1 tasks have no state_bytes" in " ".join(frame.attrs["notes"])

    def test_scores_are_over_the_tasks_that_all_have(self, out):
        Store(out).write(made("valley", "sgd", np.tile(CURVES[1], (32, 1))))
        frame = board(out, "success_tenth").set_index("optimizer")
        assert frame["score"].to_dict() == {"adam": 1, "sgd": 0.5}
        assert math.isnan(frame["valley"]["adam"])
        worst = board(out, "success_tenth", missing="worst").set_index("optimizer")
        assert worst["score"].to_dict() == {"adam": 0.5, "sgd": 0.75}
        assert worst["rank"].to_dict() == {"adam": 2, "sgd": 1}

    def test_a_failed_cell_is_the_worst_where_there_is_one_and_else_missing(self, out):
        Store(out).write(samples.failed("bowl", "broken", budget=BUDGET))
        for name, expected in (("success_tenth", 0), ("ert_tenth", math.inf), ("diverged", 1)):
            assert board(out, name).set_index("optimizer")["bowl"]["broken"] == expected
        assert math.isnan(board(out, "seconds").set_index("optimizer")["bowl"]["broken"])

    def test_no_worst_is_said_in_one_line(self, out):
        with pytest.raises(UserError, match="seconds has no worst value that a missing cell could count as"):
            board(out, "seconds", missing="worst")


class TestTheTasksOwn:
    @pytest.fixture
    def folder(self, out):
        store = Store(out)
        for optimizer, accuracy in (("sgd", [0.5, 0.5, 0.75, 0.25]), ("adam", [1, 1, 1, 0.8])):
            record = made("digits", optimizer, np.tile(CURVES[1], (4, 1)))
            store.write(record._replace(measures={n: {"accuracy": accuracy, "top": accuracy} for n in record.runs}))
        return out

    def test_is_a_metric_missing_where_a_task_has_none(self, folder):
        frame = board(folder, "accuracy")
        assert frame["optimizer"].tolist() == ["adam", "sgd"]
        assert frame["score"].tolist() == frame["digits"].tolist() == pytest.approx([0.95, 0.5])
        assert frame["bowl"].isna().all()
        assert "higher is better" in frame.attrs["notes"][0]
        assert "1 of 2 tasks have no accuracy." in frame.attrs["notes"]
        assert "0.00" not in "".join(render(frame, "text").splitlines()[2:4])

    def test_asks_which_way_is_better_where_the_name_does_not_say(self, folder):
        with pytest.raises(UserError, match="'top' is the task's own and does not say what is better; add --better"):
            board(folder, "top")
        assert board(folder, "top", better="higher")["optimizer"].tolist() == ["adam", "sgd"]
        assert board(folder, "top", better="lower")["optimizer"].tolist() == ["sgd", "adam"]

    @pytest.mark.parametrize(
        ("name", "way"),
        [
            ("accuracy", "higher"),
            ("sparse_categorical_accuracy", "higher"),
            ("MeanSquaredError", "lower"),
            ("mean_absolute_error", "lower"),
            ("f1_score", "higher"),
            ("AUC", "higher"),
            ("perplexity", "lower"),
            ("score_loss", None),
            ("lossless", None),
            ("top", None),
        ],
    )
    def test_names_say_which_way(self, name, way):
        assert direction(name) == way

    def test_problems_left_out_leave_their_measures_too(self, tmp_path):
        losses = CURVES.copy()
        losses[0] = np.nan
        record = made(losses=losses)
        measured = {name: {"accuracy": [9.0, 0.5, 0.5, 0.5]} for name in record.runs}
        Store(tmp_path).write(record._replace(measures=measured))
        assert board(tmp_path, "accuracy")["score"].item() == 0.5
        assert len(frames.scores(tmp_path)) == 3 * len(record.runs)


class TestMistakes:
    @pytest.mark.parametrize(
        ("metric", "how", "said"),
        [
            ("stps_tenth", {}, "unknown metric 'stps_tenth'; known: anytime, mean_loss"),
            ("accuracy", {}, "unknown metric 'accuracy'; known: anytime"),
            ("ert_tenth", {"better": "higher"}, "ert_tenth is better lower; leave out --better higher"),
            ("final", {"better": "higher"}, "final is better lower; leave out --better higher"),
            ("seconds", {"missing": "zero"}, "unknown way with missing cells 'zero'; known: common, worst"),
        ],
    )
    def test_one_line(self, out, metric, how, said):
        with pytest.raises(UserError) as caught:
            board(out, metric, **how)
        assert str(caught.value).startswith(said)
        assert "\n" not in str(caught.value)


class TestCommand:
    def run(self, *arguments):
        return CliRunner().invoke(group.main, [str(a) for a in arguments])

    @pytest.mark.parametrize("metric", [*METRICS, *MEASURES])
    def test_every_metric_is_a_board_and_a_board_by_task_in_every_format(self, out, metric):
        for by in ([], ["--by", "task"]):
            for form in ("text", "md", "csv", "latex", "json"):
                made = self.run("leaderboard", out, "--metric", metric, "--format", form, *by)
                assert made.exit_code == 0, (made.output, made.exception)
                assert "adam" in made.stdout

    def test_list_shows_them_with_the_way_that_is_better(self):
        lines = {line.split()[0]: line.split()[1:3] for line in self.run("list", "metrics").stdout.splitlines()}
        assert list(lines) == [*METRICS, *MEASURES]
        assert lines["success_tenth"] == ["higher", "difference"]
        assert lines["ert_millionth"] == ["lower", "ratio"]

    def test_scores_have_the_steps_of_every_run(self, out):
        frame = frames.scores(out)
        mine = frame[(frame["optimizer"] == "sgd") & (frame["tuned_for"] == "default")]
        assert mine["steps_tenth"].tolist() == [2, 1, math.inf, math.inf] * 8


def test_tuning_selects_on_the_five():
    assert list(METRICS) == ["anytime", "mean_loss", "mean_log", "final", "best"]
    assert not set(METRICS) & set(MEASURES)


def test_a_plain_difference_is_found_among_thirty_entries(tmp_path):
    store, good = Store(tmp_path), np.tile(CURVES[1], (32, 1))
    for i in range(30):
        losses = good.copy()
        losses[: 16 if i < 15 else 1 + i % 2] = CURVES[2]
        store.write(made(optimizer=f"entry-{i:02}", losses=losses))
    for name in ("success_tenth", "ert_tenth"):
        ranks = board(tmp_path, name).set_index("optimizer")["rank_low"]
        assert (ranks[[f"entry-{i:02}" for i in range(15)]] == 16).all()
        assert (ranks[[f"entry-{i:02}" for i in range(15, 30)]] == 1).all()
