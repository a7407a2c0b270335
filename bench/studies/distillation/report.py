"""What `distill` found, as text, as JSON, and as files of weights."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.engine import process
from bench.lookup import plugins
from bench.records.files import strict
from bench.reports.tables import columns
from bench.studies.distillation import formula
from bench.studies.distillation.measure import Found
from bench.studies.distillation.scores import Score
from optimizers import learned, shipped, weights_file
from optimizers.learned.borrowed import Borrowed

WEIGHTING = (
    "R² one step ahead on held-out runs; errors of a step are divided by the size of updates around it, so each step "
    "has the same weight; unweighted: without this division"
)


def to_json(found: Found) -> dict[str, Any]:
    """Plain numbers and strings."""
    rungs = [
        {
            "name": rung.name,
            "constants": len(rung.free),
            "r2": dict(rung.agreement),
            "values": formula.constants(rung.theta),
            "theta": dict(rung.theta),
            "text": formula.text(rung.theta),
            "latex": formula.latex(rung.theta),
            "races": {name: scores[i + 1].to_json() for name, scores in found.races.items()},
        }
        for i, rung in enumerate(found.rungs)
    ]
    teacher = {name: scores[0].to_json() for name, scores in found.races.items()}
    return strict(
        {
            "optimizer": found.optimizer,
            "task": found.task,
            **found.asked._asdict(),
            "modes": found.distilled.architecture.modes,
            "weighting": WEIGHTING,
            "teacher": teacher,
            "rungs": rungs,
            "reverse": [
                {
                    **v._asdict(),
                    "against_plain": v.against_plain.to_json(),
                    "against_teacher": v.against_teacher.to_json(),
                }
                for v in found.variants
            ],
            "seconds": found.seconds,
        }
    )


def save(found: Found, out: Path, given: str) -> None:
    """The fitted form at `out`, the refined one and the borrowing bases beside it, each with its card.

    `given`: the teacher as the user named it, which may be a weights file.
    """
    for name, architecture, theta, about in _entries(found):
        path = out.with_name(f"{out.stem}{name}.npz")
        arrays = {key: np.asarray(value, "float32") for key, value in theta.items()}
        shipped.save(path, arrays, {**_card(found, out, given), "architecture": architecture, **about})


def _entries(found: Found):
    """(suffix, architecture, θ, more for the card) of every entry that comes out."""
    spelled = learned.spell(found.distilled.architecture)
    for rung in found.rungs:
        if rung in (found.fitted, found.rungs[-1]):
            about = {"formula": formula.text(rung.theta), "r2": strict(dict(rung.agreement))}
            yield ("" if rung is found.fitted else "-refined"), spelled, rung.theta, about
    for base in dict.fromkeys(v.base for v in found.variants):
        borrowing = [v for v in found.variants if v.base == base and v.given != "nothing"]
        if borrowing:
            best = min(borrowing, key=lambda v: v.against_plain.mean_loss)
            yield f"-{base}", learned.spell(Borrowed(base)), best.theta, {"borrowed": best.given}


def _card(found: Found, out: Path, given: str) -> dict[str, Any]:
    return {
        "tasks": [found.task],
        "teacher": found.optimizer,
        "command": _command(found, out, given),
        "gradients": found.distilled.gradients,
        "seconds": round(found.seconds, 1),
        "versions": process.versions(),
        **process.provenance(),
    }


def _command(found: Found, out: Path, given: str) -> str:
    """The command line that makes these weights."""
    asked = {"task": found.task, "out": out, **found.asked._asdict()}
    options = [f"--{name} {shlex.quote(str(value))}" for name, value in asked.items()]
    files = [f"--import {shlex.quote(file)}" for file in plugins.files_of(given, _architecture(given), found.task)]
    return " ".join(["python -m bench distill", shlex.quote(given), *options, *files])


def _architecture(given: str) -> str:
    """What a weights file is of, which a plug-in may have made known."""
    return str(weights_file.read_card(Path(given)).get("architecture", "")) if given.endswith(".npz") else ""


def render(found: Found) -> str:
    """Formula, ladder with R² and races side by side, the races out of distribution, the reverse."""
    lines = [f"{found.optimizer} on {found.task}, distilled", "", formula.text(found.fitted.theta)]
    lines += ["", "LaTeX:", formula.latex(found.fitted.theta), "", WEIGHTING, ""]
    lines += columns(_ladder(found))
    for name in list(found.races)[1:]:
        lines += ["", f"{name}:", *columns(_raced(found, name))]
    if found.variants:
        lines += ["", "the reverse, tuned again:", *columns(_reversed(found))]
    return "\n".join([*lines, "", f"{found.seconds:.0f} s"])


_RACED = ("mean_loss", "ratio to teacher", "mean_log", "difference", "diverged")


def _ladder(found: Found) -> list[list[str]]:
    head = ["rung", "constants", "R²", "early", "late", "unweighted", *_RACED]
    scores = next(iter(found.races.values()))
    rows = [["teacher", *[""] * 5, *_score(scores[0], base=True)]]
    for rung, score in zip(found.rungs, scores[1:], strict=True):
        r2 = (rung.agreement[n] for n in ("r2", "early", "late", "unweighted"))
        rows.append([rung.name, str(len(rung.free)), *(f"{v:.4f}" for v in r2), *_score(score)])
    return [head, *rows]


def _raced(found: Found, name: str) -> list[list[str]]:
    scores = found.races[name]
    rows = [["teacher", *_score(scores[0], base=True)]]
    pairs = zip(found.rungs, scores[1:], strict=True)
    return [["rung", *_RACED], *rows, *([rung.name, *_score(score)] for rung, score in pairs)]


def _reversed(found: Found) -> list[list[str]]:
    head = ["base", "given", "mean_loss", "ratio to plain", "ratio to teacher"]
    head += ["mean_log", "difference from plain", "from teacher"]
    rows = []
    for v in found.variants:
        plain, teacher = v.against_plain, v.against_teacher
        ratios = [_interval(plain.ratio), _interval(teacher.ratio)]
        apart = [_interval(plain.difference), _interval(teacher.difference)]
        rows.append([v.base, v.given, formula.four(plain.mean_loss), *ratios, f"{plain.mean_log:.3f}", *apart])
    return [head, *rows]


def _score(score: Score, base: bool = False) -> list[str]:
    ratio, apart = ("", "") if base else (_interval(score.ratio), _interval(score.difference))
    return [formula.four(score.mean_loss), ratio, f"{score.mean_log:.3f}", apart, str(score.diverged)]


def _interval(interval: Mapping[str, float]) -> str:
    low, high = formula.four(interval["low"]), formula.four(interval["high"])
    return f"{formula.four(interval['value'])} [{low}, {high}]"
