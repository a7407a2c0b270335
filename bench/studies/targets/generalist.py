"""The generalist beside Adam with its published defaults, family by family.

Every task of the suite `core` at the suite's budget; the score is the mean over the run of log10(loss / initial loss),
which can be averaged over tasks. A family's score is the mean over its tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from bench.lookup.resolve import named_task
from bench.reports.tables import pipes
from bench.scores.metrics import METRICS
from bench.scores.statistics import Interval, generator, interval, resampled_means
from bench.suites.find import get

ENTRY, AGAINST, METRIC = "rnnprop-mixture", "adam", "mean_log"
_HEAD = """# The generalist

Measured by `python -m bench generalist`: `{entry}` beside `{against}` with its published defaults, nothing
tuned, on the tasks of the suite `core` at its steps and report problems. The number is the mean over the run of
log10(loss / initial loss) of `{entry}` less that of `{against}`: −1 is a loss ten times lower. In brackets the paired
95 % bootstrap interval over problems. Ahead or behind: the whole interval lies on that side of 0. A low bar: at its
default rate Adam moves a parameter by at most about 0.001 a step. Trained on, all `randomly-scaled[…]`: {seen}.

"""


class Difference(NamedTuple):
    """A task, or the mean of a family's tasks: the difference, and the word for it."""

    family: str
    task: str
    learned: float
    against: float
    difference: Interval

    @property
    def word(self) -> str:
        _, low, high = self.difference
        return "ahead" if high < 0 else "behind" if low > 0 else "level"


def measure(
    tasks: Iterable[str], entry: str = ENTRY, progress: Callable[[str], None] = lambda text: None
) -> list[Difference]:
    """A row a task, after them one a family."""
    scores: dict[str, dict[str, tuple[np.ndarray, np.ndarray]]] = {}
    for task in tasks:
        progress(task)
        pair = _scores(task, entry), _scores(task, AGAINST)
        scores.setdefault(_family(task), {})[task] = pair
    single = [_row(f, task, [pair]) for f, those in scores.items() for task, pair in those.items()]
    return [*single, *(_row(f, f"all {len(t)}", list(t.values())) for f, t in scores.items())]


def table(rows: list[Difference], seen: Iterable[str]) -> str:
    """Markdown: how many families and tasks, then families, then tasks."""
    families = [row for row in rows if row.task.startswith("all ")]
    single = [row for row in rows if row not in families]
    lines = [
        _HEAD.format(entry=ENTRY, against=AGAINST, seen=_inner(seen)),
        f"Families: {_count(families)}. Tasks: {_count(single)}.\n\n",
        f"| family | task | {ENTRY} | {AGAINST} | difference | |\n|---|---|---|---|---|---|\n",
        *(_line(row) for row in families),
        *(_line(row) for row in single),
    ]
    return "".join(lines)


def _family(task: str) -> str:
    return named_task(task).task.tags[0]


def _scores(task: str, name: str) -> np.ndarray:
    """(problems,) on the report problems of `core`, of the entry's defaults."""
    from bench.engine.problems import Problems
    from bench.engine.race import race
    from bench.lookup.resolve import entry, named_task

    subject, optimizer, budget = named_task(task), entry(name), get("core").budget_for(task)
    runs = race(
        optimizer, [dict(optimizer.defaults)], Problems(subject, "report", range(budget.seeds), budget.steps)
    ).runs
    return METRICS[METRIC].score(runs, subject.task.floor)[0]


def _row(family: str, task: str, pairs: list[tuple[np.ndarray, np.ndarray]]) -> Difference:
    """Mean over the pairs (problems,) of learned less other; problems of every task resampled by themselves."""
    rng = generator()
    differences = [learned - other for learned, other in pairs]
    replicates = np.mean([resampled_means(d[None], rng)[:, 0] for d in differences], axis=0)
    means = np.mean([[learned.mean(), other.mean()] for learned, other in pairs], axis=0)
    learned, other = map(float, means)
    return Difference(family, task, learned, other, interval(means[0] - means[1], replicates))


def _inner(trained_on: Iterable[str]) -> str:
    """The tasks that were scaled at random, by their names."""
    return ", ".join(name.partition("task=")[2].strip('"]') or name for name in trained_on)


def _count(rows: list[Difference]) -> str:
    words = [row.word for row in rows]
    return f"ahead in {words.count('ahead')} of {len(rows)}, behind in {words.count('behind')}"


def _line(row: Difference) -> str:
    value, low, high = row.difference
    difference = f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
    return pipes([row.family, row.task, f"{row.learned:.3f}", f"{row.against:.3f}", difference, row.word]) + "\n"
