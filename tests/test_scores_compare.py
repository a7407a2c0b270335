"""Two entries against each other: effects by hand, honest ties, exit codes."""

from pathlib import Path

import numpy as np
import pytest
import samples
from click.testing import CliRunner

from bench.commands import group
from bench.errors import UserError
from bench.records.store import Store
from bench.scores.compare import compare, holds
from bench.scores.metrics import METRICS
from bench.scores.results import load, of_records, task_scores

QUICK = Path(__file__).parents[1] / "results" / "reference" / "quick"
TASKS = ("rosenbrock", "linear-regression", "quadratic-ill")


@pytest.fixture
def out(tmp_path):
    return samples.folder(tmp_path / "out", {"sgd": 0.05, "adam": 0.2, "twin": 0.2}, TASKS, samples.RANKED)


def invoke(*arguments):
    return CliRunner().invoke(group.main, ["compare", *map(str, arguments)])


def test_effects_are_those_of_the_scores(out):
    frame = compare(out, "adam", "sgd")
    assert frame["scope"].tolist() == ["all", "family", "family", "task", "task", "task"]
    results, by_name = load(out), frame.set_index("name")
    gaps = []
    for task in TASKS:
        means = dict(zip(results.optimizers, task_scores(results, task, METRICS["mean_log"]).mean(axis=1), strict=True))
        gaps.append(means["adam"] - means["sgd"])
        assert by_name.loc[task, "effect"] == pytest.approx(gaps[-1])
        assert by_name.loc[task, "low"] <= gaps[-1] <= by_name.loc[task, "high"]
    assert by_name.loc["all tasks", "effect"] == pytest.approx(np.mean(gaps))
    assert by_name.loc["quadratic", "effect"] == pytest.approx(np.mean(gaps[1:]))
    assert set(frame["verdict"]) == {"win"}
    assert set(compare(out, "sgd", "adam")["verdict"]) == {"loss"}


def test_ratios_multiply(out):
    frame = compare(out, "adam", "sgd", "final").set_index("name")
    effects = frame.loc[list(TASKS), "effect"]
    assert frame.loc["all tasks", "effect"] == pytest.approx(np.exp(np.log(effects).mean()))
    assert (effects < 1).all()


def test_equals_tie(out):
    frame = compare(out, "adam", "twin")
    assert set(frame["verdict"]) == {"tie"}
    assert frame["effect"].tolist() == [0.0] * 6
    assert (frame["p_adjusted"] == 1).all()


def test_noise_alone_seldom_tells_equals_apart(tmp_path):
    """Forty races of equals on one task: at most as many told apart as chance allows at 5 % (p of 7 or more: 0.3 %)."""
    told = 0
    for i in range(40):
        store = Store(tmp_path / str(i))
        for j, name in enumerate(("adam", "sgd")):
            losses = np.ones((32, 21)) * np.exp(np.random.default_rng([i, j]).normal(size=(32, 1)) * np.arange(21) / 20)
            store.write(samples.record("bowl", name, losses.astype("float32"), budget=samples.Budget(20, 32, 4, 2)))
        told += compare(tmp_path / str(i), "adam", "sgd").iloc[0]["verdict"] != "tie"
    assert told < 7


def test_a_sentence_for_a_paper(out):
    words = compare(out, "adam", "sgd").attrs["sentence"]
    budget = "20 steps, 32 problems a task, 4 tuning trials"
    assert words.startswith(f"On 3 tasks ({budget}), adam was better than sgd by mean_log (difference -")
    assert words.endswith("it won 3, tied 0 and lost 0 of 3.")


def test_the_sentence_says_on_which_tasks_one_was_trained():
    words = compare(QUICK, "gru-rosenbrock", "adam").attrs["sentence"]
    assert words.endswith(" of 3. gru-rosenbrock was meta-trained on 1 of these tasks (rosenbrock).")
    records = [record for record in load(QUICK).records.values() if record.cell.task == "rosenbrock"]
    alone = compare(of_records(records), "adam", "gru-rosenbrock").attrs["sentence"]
    assert alone.endswith(" of 1. gru-rosenbrock was meta-trained on it.")


def reached(path, counts, tasks=TASKS[:1], **of):
    """A folder where so many of 32 runs of each optimizer get from 1 to a twentieth, the others nowhere."""
    store = Store(path)
    for task in tasks:
        for name, count in counts.items():
            losses = np.ones((32, 21), "float32")
            losses[:count, 10:] = 0.05
            store.write(samples.record(task, name, losses, budget=samples.RANKED)._replace(**of.get(name, {})))
    return path


def test_shares_compare_by_their_difference(tmp_path):
    frame = compare(reached(tmp_path, {"adam": 24, "sgd": 8}), "adam", "sgd", "success_tenth").set_index("scope")
    assert frame.loc["task", ["effect", "a", "b"]].tolist() == [0.5, 0.75, 0.25]
    assert frame.loc["task", "low"] < 0.5 < frame.loc["task", "high"]
    assert frame.loc["task", "better_on"] == (16 + 0.5 * 16) / 32
    assert frame.loc["all", "verdict"] == "win"
    assert "adam − sgd" in frame.attrs["notes"][1]
    assert "Of runs tuned for the mean loss." in frame.attrs["notes"][1]
    worse = compare(tmp_path, "sgd", "adam", "success_tenth")
    assert (worse["effect"].iloc[0], worse["verdict"].iloc[0]) == (-0.5, "loss")


def test_what_tasks_measure_themselves_is_compared_where_both_have_it(tmp_path):
    accuracies = {"adam": np.linspace(0.8, 0.9, 32), "sgd": np.linspace(0.6, 0.7, 32)}
    held = {
        name: {"measures": {"mean_loss": {"accuracy": values.tolist(), "top": values.tolist()}}}
        for name, values in accuracies.items()
    }
    reached(tmp_path, {"adam": 24, "sgd": 8}, **held)
    reached(tmp_path, {"adam": 24, "sgd": 8}, TASKS[1:2])
    frame = compare(tmp_path, "adam", "sgd", "accuracy")
    assert frame["name"].tolist() == ["all tasks", "classic", TASKS[0]]
    assert frame["effect"].tolist() == pytest.approx([0.2] * 3)
    with pytest.raises(UserError, match="add --better higher or lower"):
        compare(tmp_path, "adam", "sgd", "top")
    assert compare(tmp_path, "adam", "sgd", "top", better="lower")["verdict"].iloc[0] == "loss"
    Store(tmp_path).write(samples.failed(TASKS[0], "lion"))
    with pytest.raises(UserError, match="no task here where both have accuracy"):
        compare(tmp_path, "adam", "lion", "accuracy")


def test_a_failed_cell_loses(tmp_path):
    out = samples.folder(tmp_path / "out", {"sgd": 0.05}, TASKS[:1])
    Store(out).write(samples.failed(TASKS[0], "adam"))
    assert compare(out, "adam", "sgd").iloc[0]["verdict"] == "loss"


@pytest.mark.parametrize(
    ("a", "b", "more", "code"),
    [
        ("adam", "sgd", [], 0),
        ("sgd", "adam", [], 0),
        ("adam", "sgd", ["--expect", "better"], 0),
        ("adam", "twin", ["--expect", "better"], 1),
        ("adam", "twin", ["--expect", "no-worse", "--margin", "0"], 0),
        ("sgd", "adam", ["--expect", "no-worse"], 1),
        ("adam", "sgd", ["--expect", "no-worse", "--tasks", "rosenbrock"], 0),
    ],
)
def test_exit_codes(out, a, b, more, code):
    for arguments in ((a, b, out), (out, a, b)):
        assert invoke(*arguments, *more).exit_code == code


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["adam", "sdg"], "no optimizer 'sdg' here; here: adam, sgd, twin; did you mean 'sgd'"),
        (["adam", "adam"], "cannot be compared with itself"),
        (["adam", "sgd", "--margin", "1"], "says nothing without --expect"),
        (["adam", "sgd", "--expect", "better", "--margin", "-1"], "at least 0, not '-1'"),
        (["adam", "sgd", "--metric", "auc"], "unknown metric 'auc'"),
        (["adam", "sgd", "--metric", "ert_tenth"], "two have no difference: compare by success_tenth, or rank by it"),
        (["adam", "sgd", "--metric", "seconds"], "seconds is one number a cell, so nothing is paired by problem"),
        (
            ["adam", "sgd", "--metric", "final", "--better", "higher"],
            "final is better lower; leave out --better higher",
        ),
    ],
)
def test_mistakes_are_named(out, arguments, refusal):
    result = invoke(*arguments[:2], out, *arguments[2:])
    assert isinstance(result.exception, UserError)
    assert refusal in str(result.exception)


def test_a_folder_has_to_be_given():
    assert "as A B DIR" in str(invoke("adam", "sgd", "nowhere").exception)
    with pytest.raises(UserError, match="cannot expect 'worse'"):
        holds(None, "worse")


class TestColumns:
    """Two tasks of four problems each, all by hand; A is better on the lower of two losses."""

    A = ([1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0])
    B = ([2.0, 2.0, 1.0, 8.0], [2.0, 3.0, 4.0, 5.0])

    @pytest.fixture
    def frame(self, tmp_path):
        store = Store(tmp_path)
        for task, a, b in zip(TASKS, self.A, self.B, strict=False):
            for name, ends in (("adam", a), ("sgd", b)):
                losses = np.ones((4, 21)) * 100
                losses[:, -1] = ends
                record = samples.record(task, name, losses.astype("float32"), budget=samples.Budget(20, 4, 4, 2))
                store.write(record)
        return compare(tmp_path, "adam", "sgd", "final").set_index("name")

    def test_effects_are_ratios_of_geometric_means(self, frame):
        first = (1 / 2 * 2 / 2 * 3 / 1 * 4 / 8) ** (1 / 4)
        second = (2 * 3 * 4 * 5) ** (-1 / 4)
        assert frame.loc[TASKS[0], "effect"] == pytest.approx(first)
        assert frame.loc["all tasks", "effect"] == pytest.approx(np.sqrt(first * second))
        means = [24 ** (1 / 4) / 100, 32 ** (1 / 4) / 100]
        assert frame.loc[TASKS[0], ["a", "b"]].tolist() == pytest.approx(means)

    def test_better_on_counts_problems_and_ties_for_half(self, frame):
        assert frame.loc[TASKS[0], "better_on"] == (1 + 0.5 + 0 + 1) / 4
        assert frame.loc["all tasks", "better_on"] == (2.5 / 4 + 1) / 2
        low, high = frame.loc[TASKS[1], ["better_on_low", "better_on_high"]]
        assert (low, high) == pytest.approx((0.025 ** (1 / 4), 1.0))

    def test_improvement_is_rliables(self, frame):
        from rliable import metrics

        each = [
            metrics.probability_of_improvement(-np.array([a]).T, -np.array([b]).T)
            for a, b in zip(self.A, self.B, strict=True)
        ]
        assert frame.loc[list(TASKS[:2]), "improvement"].tolist() == pytest.approx(each)
        assert frame.loc["all tasks", "improvement"] == pytest.approx(np.mean(each))

    def test_the_median_is_problem_by_problem_and_of_one_task(self, frame):
        assert frame.loc[TASKS[0], "median"] == pytest.approx(np.sqrt(1 / 2 * 1))
        assert np.isnan(frame.loc["all tasks", "median"])

    def test_files_have_every_column_and_the_terminal_some(self, out, tmp_path):
        shown = invoke("adam", "sgd", out).output.splitlines()[0]
        assert "better on [95 %]" in shown
        assert "improvement" not in shown
        assert invoke("adam", "sgd", out, "--out", tmp_path / "c.csv").exit_code == 0
        assert "improvement" in (tmp_path / "c.csv").read_text().splitlines()[0]
