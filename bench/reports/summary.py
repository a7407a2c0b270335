"""What a run prints at its end, in 100 columns: who is ahead, what the probes found, what it cost.

Puts words around the frames of `leaderboard` and the readings of the probes; computes no scores itself.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.probes.catalog import PROBES
from bench.records.files import read_json, write_bytes
from bench.records.record import Budget
from bench.reports.costs import break_even_grid, ledger
from bench.reports.overview import by_learned, by_task
from bench.reports.pictures.curves import plot_curves
from bench.reports.tables import MANY_TASKS, Grid, grid, markdown, settings, text
from bench.scores import homes
from bench.scores.leaderboard import leaderboard, task_table, verdicts
from bench.scores.metrics import METRICS, get
from bench.scores.numbers import number, rank_range, share_interval, with_interval
from bench.scores.results import Results, finished, load, task_scores
from bench.scores.scale import mean_name

__all__ = ["brief", "plot_curves", "readings_text", "summary", "write"]

WIDTH = 100


def write(
    out: Path | str, metric_for_task: Mapping[str, str] | None = None, preferred: Mapping[str, Budget] | None = None
) -> str:
    """Put summary.txt, leaderboard.md and curves.png into the run's folder -> the summary. Raises UserError.

    `preferred`: the budget of each task to show, where the folder holds several.
    """
    out = Path(out)
    results = load(out, preferred=preferred)
    printed = summary(out, metric_for_task, results)
    write_bytes(out / "summary.txt", printed.encode() + b"\n")
    write_bytes(out / "leaderboard.md", markdown(grid(leaderboard(results))).encode() + b"\n")
    plot_curves(results, out / "curves.png")
    return printed if len(results.tasks) <= MANY_TASKS else brief(out, metric_for_task, results)


def summary(out: Path | str, metric_for_task: Mapping[str, str] | None = None, results: Results | None = None) -> str:
    """Leaderboard over all tasks, a table per task by its metric (mean_loss), verdicts, probes, ledger, paths."""
    results, metric_of = load(results or out), dict(metric_for_task or {})
    parts = [
        _section("All tasks", _ranking(results)),
        *(_task_section(results, task, metric_of.get(task, "mean_loss")) for task in results.tasks),
        _section("Learned optimizers at home, against the best hand-designed", _at_home(results, metric_of)),
        _section("Learned optimizers elsewhere", _elsewhere(results, metric_of)),
        _section("What the probes found", _probe_lines(Path(out))),
        _section("What it cost", _costs(results, metric_of)),
        _section("Where things are", _paths(Path(out))),
    ]
    return "\n\n".join(part for part in parts if part)


def brief(out: Path | str, metric_for_task: Mapping[str, str] | None = None, results: Results | None = None) -> str:
    """`summary` of many tasks in one page: a line per task and a line per learned entry."""
    results, metric_of = load(results or out), dict(metric_for_task or {})
    parts = [
        _section("All tasks", _ranking(results)),
        _section("Task by task", text(by_task(results, metric_of), WIDTH)),
        _section("Learned against the best hand-designed", _printed(by_learned(results, metric_of))),
        _section("What the probes found", _probe_lines(Path(out))),
        _section("What it cost", ledger(results)),
        _section("Where things are", _paths(Path(out))),
    ]
    return "\n\n".join(part for part in parts if part)


def _ranking(results: Results) -> str:
    """The leaderboard, without what is the same in all its rows, and then without what does not fit in WIDTH."""
    ranked = leaderboard(results).drop(columns=[*results.tasks, "trained_on"])
    ranked.attrs["notes"].append("Each column shows the runs tuned for that metric.")
    if not ranked["missing"].any():
        ranked = ranked.drop(columns=["tasks", "missing"])
    for spare in ([], ["kind"], ["low_tasks", "high_tasks"], ["trials"], ["low_trials", "high_trials"]):
        ranked = ranked.drop(columns=spare)
        printed = text(grid(ranked), WIDTH)
        if max(map(len, printed.splitlines())) <= WIDTH:
            break
    return printed


def readings_text(optimizer: str, task: str, readings: Mapping[str, Any], numbers: bool = True) -> str:
    """Readings of one optimizer on one task, a paragraph per probe, with all `numbers` or the sentence only; no claim
    where a control failed.
    """
    lines = [f"{optimizer} on {task}"]
    for name, reading in readings.items():
        if isinstance(reading, Mapping):
            title = name.replace("_", " ")
            lines += _wrapped(f"{title}: {_claim(name, reading, numbers)}", "  ")
    return "\n".join(lines)


def _section(title: str, body: str) -> str:
    return f"{title}\n{'=' * len(title)}\n{body}" if body else ""


def _task_section(results: Results, task: str, metric: str) -> str:
    """Entries × metrics, the task's own first with its interval; then what tuning chose for it."""
    frame = task_table(results, task, metric)
    budget = next(r.cell.budget for r in results.records.values() if r.cell.task == task)
    size = f"{budget.steps} gradient evaluations a run, {budget.seeds} problems"
    tuned = [f"{row.optimizer}: {settings(row.theta)}" for row in frame.itertuples() if row.theta]
    table = _within(task_grid(results, frame, task, metric), WIDTH)
    lines = [
        *_wrapped(f"{metric}: {get(metric).better} is better; {size}."),
        text(table._replace(notes=[]), WIDTH),
        *(line for note in table.notes for line in _wrapped(note)),
        *failures(results, task),
        *(_wrapped(f"Tuned for {metric}: " + "; ".join(tuned)) if tuned else []),
    ]
    return _section(task, "\n".join(lines))


def task_grid(results: Results, frame: pd.DataFrame, task: str, metric: str) -> Grid:
    """`frame`, a task's table by `metric`, with the means of the other metrics beside it."""
    mean, others = mean_name(get(metric)), [name for name in METRICS if name != metric]
    raw = [metric] if "mean" in frame else []
    columns = [task_scores(results, task, get(name)).mean(axis=1) for name in others]
    there = [(task, name) in results.records for name in results.optimizers]
    means = dict(zip(results.optimizers, np.where(np.transpose([there]), np.transpose(columns), np.nan), strict=True))
    rows = [
        [
            rank_range(row.rank_low, row.rank_high),
            str(row.optimizer),
            with_interval(row.score, row.low, row.high),
            share_interval(row.diverged, row.diverged_low, row.diverged_high),
            *([with_interval(row.mean, row.mean_low, row.mean_high)] if raw else []),
            *map(number, means[row.optimizer]),
        ]
        for row in frame.itertuples()
    ]
    headers = ["rank", "optimizer", f"{metric} [95 %]", "diverged [95 %]", *(["mean [95 %]"] if raw else []), *others]
    first = f"{metric} [95 %]: {mean} over problems; the other columns: arithmetic means of the same problems."
    said = frame.attrs["notes"][1:] if frame["rank"].notna().any() else frame.attrs["notes"]
    return Grid(headers, rows, [first, *said, *_standing_notes(frame)])


def _within(table: Grid, width: int) -> Grid:
    """`table` without the columns to the right of what fits; the interval of a mean goes first."""
    if "mean [95 %]" in table.headers:
        at = table.headers.index("mean [95 %]")
        table = table._replace(
            headers=[*table.headers[:at], "mean", *table.headers[at + 1 :]],
            rows=[[*row[:at], row[at].split(" [")[0], *row[at + 1 :]] for row in table.rows],
        )
    while max(map(len, text(table._replace(notes=[])).splitlines())) > width and len(table.headers) > 4:
        table = table._replace(headers=table.headers[:-1], rows=[row[:-1] for row in table.rows])
    return table


def _standing_notes(frame: pd.DataFrame) -> list[str]:
    """Who had how many trials on a task, and who is not ranked there and why."""
    tuned = frame[frame["standing"] == "tuned"]
    counts = {count: list(of["optimizer"]) for count, of in tuned.groupby("trials", sort=False)}
    trials = [f"{count} ({', '.join(names)})" if len(counts) > 1 else count for count, names in counts.items()]
    said = {
        "home": "At home (meta-trained on this task, not tuned)",
        "generalist": "Generalists (meta-trained on several tasks, not on this one, not tuned), not ranked",
        "foreign": "Foreign (not tuned here, not trained here), not ranked",
    }
    whose = {name: ", ".join(frame["optimizer"][frame["standing"] == name]) for name in said}
    notes = [f"{words}: {whose[name]}." for name, words in said.items() if whose[name]]
    return [*([f"Tuning trials: {'; '.join(trials)}."] if trials else []), *notes]


def failures(results: Results, task: str) -> list[str]:
    """Lines on what failed on a task and what was not run."""
    failed = [r for r in results.of_task(task) if r is not None and not finished(r)]
    missing = [
        name
        for name, record in zip(results.optimizers, results.of_task(task), strict=True)
        if record is None and results.applies(task, name)
    ]
    lines = [line for r in failed for line in _wrapped(f"Failed: {r.cell.optimizer}: {r.error}")]
    return lines + (_wrapped(f"Not run: {', '.join(missing)}") if missing else [])


def _printed(table: Grid) -> str:
    return text(table, WIDTH) if table.rows else ""


def _at_home(results: Results, metric_of: Mapping[str, str]) -> str:
    return _printed(verdict_grid(results, metric_of, ("home", "tuned", "as it comes")))


def _elsewhere(results: Results, metric_of: Mapping[str, str]) -> str:
    found = verdict_grid(results, metric_of, ("foreign", "generalist"))
    said = "Not tuned there and not trained there, or trained on several other tasks too: of no rank, and no claim."
    return _printed(found._replace(notes=[said, *found.notes]))


def _costs(results: Results, metric_of: Mapping[str, str]) -> str:
    paid = break_even_grid(results, metric_of)
    return "\n\n".join([ledger(results), *([text(paid, WIDTH)] if paid.rows else [])])


def verdict_grid(results: Results, metric_of: Mapping[str, str], standings: tuple[str, ...] = ()) -> Grid:
    """Each learned entry against the hand-designed one that tuning found best, where it is of one of `standings`.

    Without, everywhere, and the standing is a column. Missing cells have no row.
    """
    frame, rows = verdicts(results, metric_of), []
    for row in frame.itertuples():
        standing = homes.standing(results, row.optimizer, [row.task])
        if (row.task, row.optimizer) in results.records and standing in (standings or homes.STANDINGS):
            about = [str(row.task), str(row.optimizer), *([] if standings else [standing])]
            rows.append([*about, f"{_AHEAD[str(row.word)]} {row.baseline}", str(row.metric), _effect(row)])
    headers = ["task", "optimizer", *([] if standings else ["standing"]), "verdict", "metric", "effect [95 %]"]
    return Grid(headers, rows, _verdict_notes(results, frame))


_AHEAD = {"ahead": "ahead of", "behind": "behind", "tie": "ties with"}


def _effect(row: Any) -> str:
    """The ratio or difference of means with its interval, or of medians where no interval of means would cover."""
    if math.isfinite(row.low):
        return with_interval(row.effect, row.low, row.high)
    return f"median {with_interval(row.median, row.median_low, row.median_high)}"


def _verdict_notes(results: Results, frame: pd.DataFrame) -> list[str]:
    logs = ", ".join(metric.name for metric in METRICS.values() if metric.in_logs)
    differing = ", ".join(metric.name for metric in METRICS.values() if metric.differs)
    notes = [
        f"Effect: ratio of mean scores (geometric means of {logs}), of {differing} the difference; paired by problem.",
        "The rival is the hand-designed optimizer that scored best on the tuning problems.",
    ]
    if frame["low"].isna().any() and frame["median_low"].notna().any():
        notes.append("median: over the problems of a task, where a few of them decide the mean.")
    without = [task for task in results.tasks if task not in set(frame["task"])]
    if without and "learned" in map(results.kind, results.optimizers):
        notes.append(f"No rival could be picked by tuning on {', '.join(without)}; name one: compare A B DIR.")
    return notes


def _probe_lines(out: Path) -> str:
    held = readings_in(out).values()
    return "\n".join(readings_text(str(h.get("optimizer")), str(h.get("task")), h["readings"], False) for h in held)


def readings_in(out: Path) -> dict[Path, dict[str, Any]]:
    """{file: what it holds} of a run's readings: optimizer, task, and the readings by probe."""
    held = {path: read_json(path) for path in sorted((out / "readings").glob("*.json"))}
    return {p: h for p, h in held.items() if isinstance(h, dict) and isinstance(h.get("readings"), dict)}


def _claim(probe: str, reading: Mapping[str, Any], numbers: bool) -> str:
    """Verdict, sentence and numbers; instead, what is amiss with the controls if anything is."""
    controls = reading.get("controls") or []
    if amiss := doubt(controls):
        return f"no claim is made, {amiss}"
    given = {
        name: quantity
        for name, quantity in (reading.get("values") or {}).items()
        if numbers and isinstance(quantity, Mapping) and "value" in quantity
    }
    headline = PROBES[probe].headline if probe in PROBES else ()
    shown = [name for name in headline if name in given] or list(given)
    values = [f"{name} {value_text(given[name])}" for name in shown]
    verdict = str(reading.get("verdict", "undecided")).upper()
    parts = [verdict, sentence(probe, reading), ", ".join(values)]
    return "; ".join(part for part in parts if part) + f" (controls passed: {len(controls)})"


def sentence(probe: str, reading: Mapping[str, Any]) -> str:
    """What a reading says, without the name of the probe and without its verdict."""
    said = str(reading.get("sentence") or "").removeprefix(f"{probe.replace('_', ' ')}: ")
    return said.removeprefix(f"{reading.get('verdict')}; ")


def doubt(controls: list[Mapping[str, Any]]) -> str:
    """Which controls failed; empty when some were run and all passed."""
    failed = [control for control in controls if not control.get("passed")]
    missed = "; ".join(
        f"{c.get('name')}, expected {short(c.get('expected'))}, measured {short(c.get('measured'))}" for c in failed
    )
    if not controls:
        return "no controls were run"
    return f"{len(failed)} of {len(controls)} controls failed: {missed}" if failed else ""


def value_text(quantity: Mapping[str, Any]) -> str:
    value, low, high = (_float(quantity.get(key)) for key in ("value", "low", "high"))
    return number(value) if low == high else with_interval(value, low, high)


def _float(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan


def short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {short(item)}" for key, item in value.items())
    return number(value) if isinstance(value, float) else str(value)


def _paths(out: Path) -> str:
    held = [
        ("cells/", "one file per cell: runs, θ, trials, ledger, provenance"),
        ("readings/", "what the probes found, with their controls"),
        ("summary.txt, leaderboard.md, curves.png", "this text, the leaderboard, the picture"),
    ]
    return "\n".join(_wrapped(f"{out}/", "") + [f"  {name:40} {about}" for name, about in held])


def _wrapped(line: str, indent: str = "") -> list[str]:
    """`line` in WIDTH columns, what follows the first indented by two more."""
    return textwrap.wrap(line, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)
