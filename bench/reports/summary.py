"""What a run prints at its end, in 100 columns: who is ahead, what the probes found, what it cost.

Puts words around the frames of `leaderboard` and the readings of the probes; computes no scores itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench import waiting
from bench.records.files import write_bytes
from bench.records.record import Budget
from bench.reports.costs import break_even_grid, ledger
from bench.reports.learned import at_home, elsewhere
from bench.reports.lines import WIDTH, printed, section, wrapped
from bench.reports.overview import by_learned, by_task
from bench.reports.pictures.curves import plot_curves
from bench.reports.readings import probe_lines
from bench.reports.tables import MANY_TASKS, grid, markdown, text
from bench.reports.task_section import task_section
from bench.scores.leaderboard import leaderboard
from bench.scores.results import Results, load
from bench.terminal import hanging, room, unbounded

__all__ = ["brief", "summary", "write"]


def write(
    out: Path | str, metric_for_task: Mapping[str, str] | None = None, preferred: Mapping[str, Budget] | None = None
) -> str:
    """Put summary.txt, leaderboard.md and curves.png into the run's folder -> the summary. Raises UserError.

    `preferred`: the budget of each task to show, where the folder holds several.
    """
    out = Path(out)
    with waiting.doing("reading cells"):
        results = load(out, preferred=preferred, mix=True)
    with waiting.doing("making tables"), unbounded():
        printed = summary(out, metric_for_task, results)
    write_bytes(out / "summary.txt", printed.encode() + b"\n")
    write_bytes(out / "leaderboard.md", markdown(grid(leaderboard(results))).encode() + b"\n")
    with waiting.doing("drawing curves"):
        plot_curves(results, out / "curves.png")
    if len(results.tasks) > MANY_TASKS:
        return brief(out, metric_for_task, results)
    return printed if room(WIDTH) == WIDTH else summary(out, metric_for_task, results)


def summary(out: Path | str, metric_for_task: Mapping[str, str] | None = None, results: Results | None = None) -> str:
    """Leaderboard over all tasks, a table per task by its metric (mean_loss), verdicts, probes, ledger, paths."""
    results, metric_of = load(results or out), dict(metric_for_task or {})
    parts = [
        section("All tasks", ranking(results)),
        *(task_section(results, task, metric_of.get(task, "mean_loss")) for task in results.tasks),
        section("Learned optimizers at home, against the best hand-designed", at_home(results, metric_of)),
        section("Learned optimizers elsewhere", elsewhere(results, metric_of)),
        section("What the probes found", probe_lines(Path(out))),
        section("What it cost", _costs(results, metric_of)),
        section("Where things are", _paths(Path(out))),
    ]
    return "\n\n".join(part for part in parts if part)


def brief(out: Path | str, metric_for_task: Mapping[str, str] | None = None, results: Results | None = None) -> str:
    """`summary` of many tasks in one page: a line per task and a line per learned entry."""
    results, metric_of = load(results or out), dict(metric_for_task or {})
    parts = [
        section("All tasks", ranking(results)),
        section("Task by task", text(by_task(results, metric_of), WIDTH)),
        section("Learned against the best hand-designed", printed(by_learned(results, metric_of))),
        section("What the probes found", probe_lines(Path(out))),
        section("What it cost", ledger(results)),
        section("Where things are", _paths(Path(out))),
    ]
    return "\n\n".join(part for part in parts if part)


def ranking(results: Results) -> str:
    """The leaderboard, without what is the same in all its rows, and then without what does not fit in WIDTH."""
    ranked = leaderboard(results).drop(columns=[*results.tasks, "trained_on"])
    ranked.attrs["notes"].append("Each column shows the runs tuned for that metric.")
    if not ranked["missing"].any():
        ranked = ranked.drop(columns=["tasks", "missing"])
    for spare in ([], ["kind"], ["low_tasks", "high_tasks"], ["trials"], ["low_trials", "high_trials"]):
        ranked = ranked.drop(columns=spare)
        with unbounded():
            wide = max(map(len, text(grid(ranked), WIDTH).splitlines()))
        if wide <= room(WIDTH):
            break
    return text(grid(ranked), WIDTH)


def _costs(results: Results, metric_of: Mapping[str, str]) -> str:
    paid = break_even_grid(results, metric_of)
    return "\n\n".join([ledger(results), *([text(paid, WIDTH)] if paid.rows else [])])


def _paths(out: Path) -> str:
    held = [
        ("cells/", "one file per cell: runs, θ, trials, ledger, provenance"),
        ("readings/", "what the probes found, with their controls"),
        ("summary.txt, leaderboard.md, curves.png", "this text, the leaderboard, the picture"),
    ]
    there = [(name, about) for name, about in held if name != "readings/" or (out / name).exists()]
    return "\n".join([*wrapped(f"{out}/", ""), *hanging(there, "  ")])
