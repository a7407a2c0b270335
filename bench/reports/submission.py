"""What `python -m bench submit` prints: a line per check, then the tables with the new rows in them."""

from __future__ import annotations

from collections.abc import Mapping

from bench.reports.lines import section
from bench.reports.summary import ranking
from bench.reports.task_section import task_section
from bench.running.submission import Submission
from bench.scores.results import of_records


def checks(found: Submission) -> str:
    """`passes  engine  as the reference's`, one line a check."""
    width = max(len(finding.check) for finding in found.findings)
    return "\n".join(
        f"{'passes' if passed else 'fails ':6}  {check:{width}}  {text}" for check, passed, text in found.findings
    )


def tables(found: Submission, metric_of: Mapping[str, str]) -> str:
    """The ranking over all tasks and a table per task, by its metric in the reference (else mean_loss)."""
    together = of_records([*found.reference.values(), *found.cells.values()], mix=True)
    parts = [
        section("All tasks", ranking(together)),
        *(task_section(together, task, metric_of.get(task, "mean_loss")) for task in together.tasks),
    ]
    return "\n\n".join(parts)
