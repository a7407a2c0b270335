"""A study as text, Markdown, CSV or JSON."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

from bench.records.files import csv_text, dumps
from bench.reports.lines import wrapped
from bench.reports.tables import columns, piped
from bench.scores.metrics import METRICS as SCORED
from bench.scores.numbers import significant
from bench.studies.ablation import analyze
from bench.studies.ablation.measure import Study
from bench.studies.ablation.plan import METRICS
from bench.terminal import counted, hanging

FORMATS = ("text", "md", "json", "csv")
_shown = functools.partial(significant, missing=None)


def report(study: Study) -> dict[str, Any]:
    """Everything a study says, as plain data."""
    of = analyze.logs(study)
    return {
        "optimizer": study.optimizer,
        "task": study.task,
        "metric": study.metric,
        "seeds": study.seeds,
        "steps": study.steps,
        "seconds": round(study.seconds, 1),
        "rest": study.rest,
        "entries": analyze.table(study, of),
        "mechanisms": analyze.mechanisms(study, of),
        "interactions": analyze.interactions(of),
        "ladder": analyze.ladder(study, of),
    }


def render(report: dict[str, Any], form: str) -> str:
    """`form` is one of FORMATS; CSV holds the raced entries only."""
    if form == "json":
        return dumps(report, indent=1)
    if form == "csv":
        return _csv(report["entries"])
    head = _head(report, form == "md")
    parts = [head if form == "md" else "\n".join(wrapped(head))]
    for title, header, rows in _tables(report):
        shown = "\n".join(piped(header, rows) if form == "md" else _plain(header, rows))
        parts.append(f"{'## ' if form == 'md' else ''}{title}\n\n{shown}")
    said = _ladder_sentence(report["ladder"])
    return "\n\n".join([*parts, said if form == "md" else "\n".join(wrapped(said))])


def _plain(header: list[str], rows: list[list[str]]) -> list[str]:
    return (hanging if header[-1] == "why" else columns)([header, *rows])


def _head(report: dict[str, Any], heading: bool) -> str:
    metric = report["metric"]
    differs = metric in SCORED and SCORED[metric].differs
    what = f"10^(difference of {metric} from the original)" if differs else f"ratios of {metric} to the original"
    runs = f"{counted(report['seeds'], 'problem')}, {counted(report['steps'], 'step')}"
    about = (
        f"{report['optimizer']} on {report['task']}: {runs}, {what} with 95 % intervals, paired; {report['seconds']} s"
    )
    return f"{'# ' if heading else ''}Causal tests of {about}"


def _tables(report: dict[str, Any]) -> Iterable[tuple[str, list[str], list[list[str]]]]:
    scores = [*METRICS, "diverged"]
    yield (
        "Entries",
        ["entry", "step", *scores, "ratio", "interval"],
        [
            [_label(line), _step(line), *(_shown(line[name]) for name in scores), *_interval(line["ratio"])]
            for line in report["entries"]
            if line["role"] != "control"
        ],
    )
    yield (
        "Mechanisms (steps re-tuned)",
        ["removed", "effect", "interval", "random", "verdict", "why"],
        [
            [
                m["mechanism"],
                *_interval([m["ratio"], *m["effect"]]),
                f"[{', '.join(_shown(bound) for bound in m['control'])}]",
                m["verdict"],
                m["reason"],
            ]
            for m in report["mechanisms"]
        ],
    )
    yield (
        "Pairs: together over the product of both alone",
        ["removed", "together", "interaction", "interval"],
        [[" + ".join(p["pair"]), _shown(p["ratio"][0]), *_interval(p["interaction"])] for p in report["interactions"]],
    )
    yield (
        "Sufficiency ladder (steps re-tuned)",
        ["rung", *scores, "over the rung below", "interval"],
        [
            [rung["rung"], *(_shown(rung[name]) for name in scores), *_interval(rung["over_below"])]
            for rung in report["ladder"]["rungs"]
        ],
    )


def _ladder_sentence(ladder: dict[str, Any]) -> str:
    if ladder["decomposable"]:
        return "The ladder holds: every rung is at least as good as the one below."
    return f"Not decomposable: {ladder['reason']}."


def _label(line: dict[str, Any]) -> str:
    return f"{line['label']}{', step re-tuned' if line['step_tuned'] else ''}"


def _step(line: dict[str, Any]) -> str:
    return f"{_shown(line['step'])}{' (end of grid)' if line['step_at_edge'] else ''}"


def _interval(values: Sequence[float]) -> list[str]:
    value, low, high = values
    return [_shown(value), f"[{_shown(low)}, {_shown(high)}]"]


def _csv(entries: list[dict[str, Any]]) -> str:
    plain = []
    for line in entries:
        value, low, high = line["ratio"]
        plain.append({**line, "ratio": value, "low": low, "high": high})
    return csv_text(list(plain[0]), (line.values() for line in plain)).rstrip("\n")
