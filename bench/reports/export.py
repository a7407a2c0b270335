"""Stored runs written in the format of another benchmark's viewer."""

from __future__ import annotations

from pathlib import Path

from bench.errors import UserError
from bench.records.files import check_folder, write_bytes
from bench.reports import coco, ioh
from bench.reports.viewers import curves_of, folder_names
from bench.scores import metrics
from bench.scores.results import Results, finished

VIEWERS = {"ioh": ioh.VIEWER, "coco": coco.VIEWER}
MOST_PROBLEMS = 65535
"""Viewers count instances in 16 bits."""


def export(results: Results, form: str, out: Path, tuned_for: str = "mean_loss") -> list[str]:
    """Write the runs of `results` for the viewer `form` into the new or empty folder `out` -> what was left out.

    Shown are the runs tuned for the metric `tuned_for`, or "default": untuned ones. Raises UserError.
    """
    viewer, tasks, left_out = VIEWERS[form], *_whole(results)
    _check(results, tasks, form, tuned_for)
    if out.is_dir() and any(out.iterdir()):
        raise UserError(f"{out} is not empty; give --out a new folder, so that a viewer finds only this export")
    numbers, names = {task: i for i, task in enumerate(tasks, 1)}, folder_names(results.optimizers)
    check_folder(out)
    for optimizer in results.optimizers:
        found = [r for r in results.of_optimizer(optimizer) if finished(r) and r.cell.task in numbers]
        left_out += [f"{optimizer} on {r.cell.task}: {r.error}" for r in results.of_optimizer(optimizer) if r.error]
        curves = [curves_of(record, numbers[record.cell.task], tuned_for) for record in found]
        _write(out, viewer.files(curves, names[optimizer]) if curves else {})
    _write(out, viewer.notes(tasks))
    return left_out


def _whole(results: Results) -> tuple[list[str], list[str]]:
    """Tasks whose losses mean something, and why others are left out."""
    void = {fault.task: str(fault) for fault in results.faults if fault.void}
    return [task for task in results.tasks if task not in void], list(void.values())


def _check(results: Results, tasks: list[str], form: str, tuned_for: str) -> None:
    if tuned_for != "default":
        metrics.get(tuned_for)
    if len(tasks) > VIEWERS[form].most_tasks:
        raise UserError(
            f"{form} takes at most {VIEWERS[form].most_tasks} tasks, not {len(tasks)}; "
            "narrow them with --tasks or --family"
        )
    problems = max(map(results.problems, tasks), default=0)
    if problems > MOST_PROBLEMS:
        raise UserError(f"{form} takes at most {MOST_PROBLEMS} problems, not {problems}; give --budget seeds=…")
    if not any(map(finished, results.records.values())):
        raise UserError("no finished cell is left to export; see python -m bench leaderboard for what failed")


def _write(out: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        write_bytes(out / path, content.encode())
