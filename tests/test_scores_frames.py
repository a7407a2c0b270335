"""Tidy frames, selections and groups: the right rows, by value, in every file format."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import samples
from click.testing import CliRunner

import bench
from bench.commands import group
from bench.errors import UserError
from bench.records.store import Store
from bench.scores import choose, frames
from bench.scores.grouped import boards, quantile_curves, weighted_quantile
from bench.scores.leaderboard import leaderboard
from bench.scores.measures import TARGETS
from bench.scores.metrics import METRICS
from bench.scores.results import load

TASKS = ("rosenbrock", "linear-regression", "quadratic-ill")


@pytest.fixture
def out(tmp_path):
    return samples.folder(tmp_path / "out", tasks=TASKS)


def invoke(*arguments):
    return CliRunner().invoke(group.main, [str(a) for a in arguments])


def test_a_row_per_run_with_every_metric(out):
    frame = frames.scores(out)
    steps = [f"steps_{name}" for name in TARGETS]
    assert frame.columns.tolist() == ["task", "optimizer", "kind", "tuned_for", "seed", *METRICS, *steps, "diverged_at"]
    assert len(frame) == 3 * (2 * 6 + 1) * 16
    row = frame.query("task == 'rosenbrock' and optimizer == 'sgd' and tuned_for == 'final' and seed == 3").iloc[0]
    losses = samples.curves(0.05)[3].astype("float64")
    assert row["final"] == pytest.approx(losses[-1] / losses[0], rel=1e-6)
    assert row["diverged_at"] == -1


def test_measures_of_a_task_are_columns(tmp_path):
    measures = {"default": {"accuracy": [0.25 * (i % 2) for i in range(16)]}}
    Store(tmp_path).write(samples.record("bowl", "gru-a", measures=measures))
    assert frames.scores(tmp_path)["accuracy"].tolist() == measures["default"]["accuracy"]


def test_failed_cells_have_no_rows(tmp_path):
    Store(tmp_path).write(samples.failed())
    assert len(frames.scores(tmp_path)) == 0
    assert frames.trials(tmp_path).columns.tolist()[:3] == ["task", "optimizer", "trial"]


def tried(**columns):
    return {
        **{name: [-3.0 * of.sign, -1.0 * of.sign, -2.0 * of.sign] for name, of in METRICS.items()},
        "trial": [0, 1, 2],
        **columns,
    }


def test_a_row_per_trial_with_what_it_was_chosen_for(tmp_path):
    store = Store(tmp_path)
    thetas = {"default": {"learning_rate": 0.1}, **{name: {"learning_rate": 0.2} for name in METRICS}}
    store.write(samples.record("bowl", "sgd", trials=tried(learning_rate=[0.1, 0.2, 0.3]), thetas=thetas))
    store.write(samples.record("bowl", "adam", trials=tried(amsgrad=[True, None, "x"], learning_rate=[1.0, 2.0, 3.0])))
    frame = frames.trials(tmp_path).set_index(["optimizer", "trial"])
    assert frame.loc[("sgd", 1), "chosen_for"] == ",".join(METRICS)
    assert frame.loc[("sgd", 0), "chosen_for"] == ""
    assert frame.loc[("adam", 2), "learning_rate"] == 3.0
    assert frame.loc["adam"]["amsgrad"].fillna("none").tolist() == ["true", "none", "x"]
    assert json.loads(frame.loc[("adam", 1), "theta"]) == {"amsgrad": None, "learning_rate": 2.0}


@pytest.mark.parametrize("verb", ["scores", "trials", "curves"])
def test_csv_and_parquet_hold_the_same(out, tmp_path, verb):
    csv = invoke(verb, out)
    assert csv.exit_code == 0, csv.output
    assert invoke(verb, out, "--out", tmp_path / "x.parquet").exit_code == 0
    one, two = pd.read_csv(io.StringIO(csv.stdout)), pd.read_parquet(tmp_path / "x.parquet")
    assert one.columns.tolist() == two.columns.tolist()
    assert len(one) == len(two)
    number = two.select_dtypes("number").columns
    assert np.allclose(one[number].astype(float), two[number].astype(float), equal_nan=True)


def test_an_ending_that_is_no_format_is_refused(out):
    result = invoke("scores", out, "--out", "x.xlsx")
    assert isinstance(result.exception, UserError)
    assert "end it in .csv, .parquet, .json" in str(result.exception)


@pytest.mark.parametrize(
    ("selected", "left"),
    [
        ({"chosen_tasks": ["rosenbrock"]}, ["rosenbrock"]),
        ({"chosen_tasks": ["*r*"]}, ["linear-regression", "quadratic-ill", "rosenbrock"]),
        ({"chosen_tasks": ["tag:nonconvex"]}, ["rosenbrock"]),
        ({"families": ["quadratic"]}, ["linear-regression", "quadratic-ill"]),
        ({"families": ["classic"], "chosen_tasks": ["tag:paper"]}, ["rosenbrock"]),
    ],
)
def test_tasks_are_chosen(out, selected, left):
    assert choose.narrow(load(out), **selected).tasks == left


def test_optimizers_are_chosen(out):
    results = load(out)
    assert choose.narrow(results, chosen_optimizers=["kind:learned", "s*"]).optimizers == ["gru-a", "sgd"]
    assert choose.narrow(results) == results


@pytest.mark.parametrize(
    ("selected", "refusal"),
    [
        ({"chosen_tasks": ["rosenbrok"]}, "no task here matches 'rosenbrok'; .*did you mean 'rosenbrock'"),
        ({"chosen_optimizers": ["kind:oracle"]}, "no optimizer here matches 'kind:oracle'; here: adam, gru-a, sgd"),
        ({"families": ["quad"]}, "no task here is of family 'quad'; families here: classic, quadratic"),
        ({"families": ["classic"], "chosen_tasks": ["quadratic-ill"]}, "nothing is left"),
    ],
)
def test_what_means_nothing_is_refused(out, selected, refusal):
    with pytest.raises(UserError, match=refusal):
        choose.narrow(load(out), **selected)


def test_a_task_of_a_file_not_given_is_of_unknown_family(tmp_path):
    results = load(samples.folder(tmp_path, tasks=("nobody-registered-this",)))
    assert choose.groups(results.tasks, "family") == {"unknown": ["nobody-registered-this"]}
    with pytest.raises(UserError, match="--import"):
        choose.narrow(results, families=["classic"])


def test_a_board_by_family_is_the_board_of_its_tasks(out):
    whole = boards(out, "final", "family")
    assert whole.columns[0] == "family"
    assert whole["family"].tolist() == ["classic"] * 3 + ["quadratic"] * 3
    alone = leaderboard(choose.narrow(load(out), families=["quadratic"]), "final")
    for column in ("rank", "optimizer", "score", "low", "high"):
        assert whole[whole["family"] == "quadratic"][column].tolist() == alone[column].tolist()


def test_the_command_narrows_and_groups(out):
    rows = json.loads(invoke("leaderboard", out, "--tasks", "rosenbrock", "--by", "tag", "--format", "json").stdout)
    assert {row["tag"] for row in rows} == {"nonconvex", "paper"}
    shown = invoke("leaderboard", out, "--family", "classic", "--optimizers", "sgd,adam").stdout
    assert "gru-a" not in shown
    assert "quadratic-ill" not in shown


def test_quartiles_of_a_family_weigh_tasks_alike(out):
    frame = quantile_curves(out, "family").query("family == 'quadratic' and optimizer == 'adam' and step == 20")
    curves = [samples.curves(0.2, stream=stream) for stream in (1, 2)]
    last = np.concatenate([c[:, -1] / c[:, 0] for c in curves]).astype("float64")
    expected = np.quantile(last, [0.25, 0.5, 0.75], method="inverted_cdf")
    assert frame[["low", "median", "high"]].to_numpy()[0] == pytest.approx(expected, rel=1e-5)
    assert frame["runs"].item() == 32


def test_quartiles_by_hand():
    values, weights = np.array([[3.0], [1.0], [2.0]]), np.array([1.0, 1.0, 2.0])
    assert [weighted_quantile(values, weights, share)[0] for share in (0.25, 0.5, 0.75, 0.76)] == [1, 2, 2, 3]


def test_the_floor_is_subtracted_from_curves(tmp_path):
    losses = samples.curves(0.2) + np.float32(5)
    Store(tmp_path).write(samples.record("bowl", "sgd", losses, floor=5.0))
    shown = quantile_curves(tmp_path).query("step == 20")["median"].item()
    plain = samples.curves(0.2)
    expected = np.quantile(plain[:, -1] / plain[:, 0], 0.5, method="inverted_cdf")
    assert shown == pytest.approx(expected, rel=1e-3)


def test_the_package_of_scores_is_called_as_the_public_face_says(tmp_path):
    out = samples.folder(tmp_path / "out")
    for frame in (bench.scores(out), bench.scores_of(out)):
        pd.testing.assert_frame_equal(frame, frames.scores(out))


def test_winners_on_every_set_of_problems(tmp_path):
    trials = {"trial": [0, 1, 2, 3], "learning_rate": [0.1, 0.2, 0.3, 0.4]}
    trials |= {name: [of.sign * -score for score in (0.3, 0.2, 0.4, 0.9)] for name, of in METRICS.items()}
    trials |= {"anytime": [0.3, 0.2, 0.4, 0.1]}
    thetas = {name: {"learning_rate": 0.1} for name in METRICS} | {"anytime": {"learning_rate": 0.3}}
    recheck = {"trial": [0, 1, 2], **{name: [0.25, 0.9, 0.9] for name in METRICS}}
    record = samples.record("bowl", "sgd")
    cell = replace(record.cell, budget=replace(record.cell.budget, tuning_seeds=4, finalists=2, recheck_seeds=4))
    record = record._replace(cell=cell, trials=trials, thetas=thetas, recheck=recheck)
    record = record._replace(runs={name: next(iter(record.runs.values())) for name in ("default", *METRICS)})
    Store(tmp_path).write(record)
    rows = frames.winners(tmp_path).set_index("metric")
    loss = rows.loc["mean_loss"]
    assert loss[["trials", "raced_again", "trial"]].tolist() == [4, 3, 0]
    assert loss[["tuning", "recheck", "best_trial"]].tolist() == [0.3, 0.25, 0.2]  # a better one lost on fresh problems
    assert loss["report"] == pytest.approx(METRICS["mean_loss"].score(record.runs["default"], record.floor).mean())
    assert np.isnan(loss["best_trial_low"])  # of four trials nothing is known
    assert rows.loc["anytime", ["trial", "recheck"]].tolist() == [2, 0.9]
    tried = frames.trials(tmp_path)
    assert tried["recheck_mean_loss"].tolist()[:3] == [0.25, 0.9, 0.9]
    assert np.isnan(tried["recheck_mean_loss"][3])
