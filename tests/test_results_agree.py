"""One question has one answer: what the committed files say of a learned optimizer against a tuned baseline."""

import itertools
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from bench.records import sealed
from bench.scores.metrics import METRICS
from bench.scores.results import load, task_scores
from bench.scores.scale import leveled, shown

REFERENCE = Path("results/reference")
ASKED = {"mean_loss": "ratio", "mean_log": "log10"}
"""Metrics by which several files compare, and what the columns of `generalise` call them."""
HOME = ("linear-regression", "rosenbrock", "two-moons-small")


class Question(NamedTuple):
    """Mean score of `learned` over that of the tuned `baseline`, or the difference of those that are logarithms."""

    task: str
    learned: str
    baseline: str
    metric: str


def effect(learned, baseline, metric):
    return learned - baseline if METRICS[metric].differs else learned / baseline


def of_run(folder=REFERENCE / "quick"):
    results, found = load(folder), {}
    for task, metric in itertools.product(results.tasks, ASKED):
        means = dict(zip(results.optimizers, task_scores(results, task, METRICS[metric]).mean(axis=1), strict=True))
        learned = [name for name in means if results.kind(name) == "learned"]
        for name, other in itertools.product(learned, set(means) - set(learned)):
            found[Question(task, name, other, metric)] = effect(means[name], means[other], metric)
    return found


def of_targets(path=REFERENCE / "targets" / "targets.csv"):
    rows = pd.read_csv(path)
    rows = rows[~rows["quick"] & rows["task"].isin(HOME) & rows["metric"].isin(ASKED) & (rows["how"] != "wins")]
    return {Question(r.task, r.weights, r.against, r.metric): r.value for r in rows.itertuples()}


def of_generalise(path=REFERENCE / "generalisation" / "table.csv"):
    rows = pd.read_csv(path)
    rows = rows[(rows["change"] == "as it is") & rows["task"].isin(HOME) & (rows["meta_seeds"] == 1)]
    return {
        Question(row["task"], row["entry"], row[f"{column}_best"], metric): row[column]
        for row in rows.to_dict("records")
        for metric, column in ASKED.items()
    }


def of_paper(folder=REFERENCE / "paper" / "races"):
    """The baselines of the paper's claims are tuned for the mean loss."""
    means = defaultdict(dict)
    for path in folder.glob("*.json"):
        name, task = path.stem.split("@")
        means[task][name] = float(np.mean(sealed.demand(path, "")["scores"]["mean_loss"]))
    return {
        Question(task, name, other, "mean_loss"): effect(of[name], of[other], "mean_loss")
        for task, of in means.items()
        for name, other in itertools.product(of, ("momentum", "rmsprop", "adam"))
        if name not in ("momentum", "rmsprop", "adam")
    }


def disagreements(sources, tolerance=1e-3):
    """A line for every question that two sources answer otherwise, both named."""
    lines = []
    for (one, mine), (other, theirs) in itertools.combinations(sources.items(), 2):
        lines += [
            f"{q.learned} to {q.baseline} on {q.task} by {q.metric}: {mine[q]:.4g} in {one}, {theirs[q]:.4g} in {other}"
            for q in sorted(mine.keys() & theirs.keys())
            if abs(mine[q] - theirs[q]) > tolerance * max(abs(mine[q]), abs(theirs[q]))
        ]
    return lines


SOURCES = {"quick": of_run, "targets": of_targets, "generalisation": of_generalise, "paper": of_paper}


def test_pairs_that_differ_are_named():
    asked = Question("linear-regression", "gru", "momentum", "mean_loss")
    said = disagreements({"quick": {asked: 0.654}, "targets": {asked: 0.677}, "paper": {asked: 0.654}})
    expected = "gru to momentum on linear-regression by mean_loss: "
    assert said == [f"{expected}0.654 in quick, 0.677 in targets", f"{expected}0.677 in targets, 0.654 in paper"]


@pytest.mark.parametrize("name", list(SOURCES)[1:])
def test_every_file_answers_a_question_of_the_run(name):
    shared = of_run().keys() & SOURCES[name]().keys()
    assert Question("linear-regression", "gru-linear-regression", "momentum", "mean_loss") in shared


def test_the_committed_files_agree():
    assert disagreements({name: read() for name, read in SOURCES.items()}) == []


@pytest.mark.parametrize("task", HOME)
def test_the_anatomies_have_the_scores_of_the_boards(task):
    """Of the specialist and of its three tuned baselines: the mean on the metric's scale, as leaderboards show it."""
    found = sealed.demand(REFERENCE / "anatomy" / f"gru-{task}" / "anatomy.json", "")
    results, metric = load(REFERENCE / "quick"), METRICS[found["metric"]]
    boards = shown(metric, leveled(metric, task_scores(results, task, metric)).mean(axis=1))
    of = dict(zip(results.optimizers, boards, strict=True))
    assert len(found["curves"]) == 4
    for curve in found["curves"]:
        assert curve["score"] == pytest.approx(of[curve["name"]], rel=1e-4)
        assert curve["score_low"] < curve["score"] < curve["score_high"]
