"""`anatomy.html`: five figures, what the readings say of each, controls and numbers, all in one file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from html import escape

import numpy as np

from bench.probes.catalog import PROBES
from bench.records.record import Budget
from bench.reports.tables import settings
from bench.scores.numbers import number, with_interval
from bench.studies.anatomy.drawing import Measured
from bench.terminal import counted

TITLES = {
    "1-curves": "Curves against tuned baselines",
    "2-dynamics": "State space, eigenvalues and kernel",
    "3-update": "Update curves over the density of gradients",
    "4-schedule": "Rate without gradients",
    "5-adaptation": "Fixed points under constant gradients, and the rates there",
}
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin-bottom: .3rem } h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem }
img { width: 100%; height: auto } p { margin: .5rem 0 } .small { color: #444; font-size: .87rem }
table { border-collapse: collapse; font-size: .87rem; margin: .6rem 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .15rem 1.1rem .15rem 0; border-bottom: 1px solid #ddd; vertical-align: top }
code { overflow-wrap: anywhere } .scroll { overflow-x: auto }
@media print { body { margin: 0; max-width: none; font-size: 11px } section { break-inside: avoid } }
"""


def page(found: Measured, pictures: Mapping[str, bytes]) -> str:
    """The whole page; `pictures` are PNGs by figure."""
    title = f"{found['optimizer']} on {found['task']}"
    said = sentences(found)
    names = sections_of(found)
    sections = "".join(_section(i, name, found, said[name], pictures.get(name)) for i, name in enumerate(names, 1))
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n{_head(found)}{sections}"
        f"<p class=small>The figures follow Maheswaranathan et al., Reverse engineering learned optimizers, 2021. "
        f"Every number drawn is in anatomy.json.</p>\n</body></html>\n"
    )


def sections_of(found: Measured) -> dict[str, tuple[str, ...]]:
    """{section: its probes} in order: the figures, then each probe that has been read and stands under none."""
    figures = {name: tuple(probe.name for probe in PROBES.values() if probe.figure == name) for name in TITLES}
    others = [name for name in found["readings"] if PROBES[name].figure not in TITLES]
    return figures | {name: (name,) for name in others}


def sentences(found: Measured) -> dict[str, str]:
    """What is said of each figure: the outcome of the race, and the probes' sentences."""
    said = {"1-curves": _outcome(found)}
    for name, probes in sections_of(found).items():
        if name in said:
            continue
        texts = [found["readings"][p]["sentence"] for p in probes if p in found["readings"]]
        said[name] = ". ".join(texts) + "." if texts else f"not probed: {found['reason']}"
    return said


def _outcome(found: Measured) -> str:
    first, other = found["curves"][0], found["comparison"]
    best = next(curve for curve in found["curves"] if curve["name"] == other["baseline"])
    budget = found["budget"]
    effect = f"{other['kind']} {_bounded(other['effect'], other['low'], other['high'])}, paired by problem"
    runs = f"{counted(budget['seeds'], 'problem')} of {counted(budget['steps'], 'step')}"
    return (
        f"{found['metric']} {_score(first)} over {runs}: "
        f"{other['word']} tuned {best['name']}, {_score(best)}, the best of the tuned baselines "
        f"({other['better']} is better; {effect}). "
        f"A score is the {other['mean']} over problems, with its 95 % interval."
    )


def _score(curve: Measured) -> str:
    return _bounded(curve["score"], curve["score_low"], curve["score_high"])


def _bounded(value: float, low: float | None, high: float | None) -> str:
    """Without an interval where there is a single problem."""
    return number(value) if low is None or high is None else with_interval(value, low, high)


def _head(found: Measured) -> str:
    budget = found["budget"]
    kind = f"{found['optimizer']} is {found['kind']}"
    disclosed = "; ".join(found["discloses"])
    tuned = "; its own settings were tuned the same way" if found["tuned"] else ""
    shown = f"{kind}; {disclosed}." if disclosed else f"{kind}."
    return (
        f"<p><b>Task.</b> {escape(found['formula'])}<br>"
        f"<span class=small><code>{escape(found['task_settings'])}</code>; "
        f"{escape(found['reference'] or 'no reference given')}</span></p>\n"
        f"<p><b>Optimizer.</b> {escape(shown)}</p>\n"
        f"<p><b>Baselines.</b> Quasi-random: {Budget(**{'finalists': 0, **budget}).tuning_words}, best by "
        f"{escape(found['metric'])}{tuned}; curves are of {budget['seeds']} other problems.</p>\n"
    )


def _section(i: int, name: str, found: Measured, said: str, picture: bytes | None) -> str:
    title = TITLES.get(name) or name.replace("_", " ").capitalize()
    image = _image(f"{title}: {said}", picture) if picture else ""
    body = _scores(found) if name == "1-curves" else "".join(_probed(*held) for held in _readings(name, found))
    return f"<section><h2>{i} · {title}</h2>\n{image}<p>{escape(said)}</p>\n{body}</section>\n"


def _image(about: str, picture: bytes) -> str:
    data = base64.b64encode(picture).decode()
    return f'<img alt="{escape(about, quote=True)}" src="data:image/png;base64,{data}">\n'


def _readings(name: str, found: Measured) -> list[tuple[str, Measured]]:
    return [(probe, found["readings"][probe]) for probe in sections_of(found)[name] if probe in found["readings"]]


def _scores(found: Measured) -> str:
    steps = np.asarray(found["curves"][0]["steps"])
    shown = np.unique(np.linspace(0, len(steps) - 1, 5).round().astype(int))[1:]
    heads = ["optimizer", found["metric"], *(f"median loss, step {steps[i]}" for i in shown), "diverged", "settings"]
    rows = [
        [
            curve["name"],
            _score(curve),
            *(_quartiles(curve, i) for i in shown),
            str(curve["diverged"]),
            settings({k: v for k, v in curve["theta"].items() if v is not None}) or "its weights",
        ]
        for curve in found["curves"]
    ]
    return _table(heads, rows)


def _quartiles(curve: Measured, i: int) -> str:
    """Median, and 25 and 75 %, of the loss above the floor as a share of the initial one."""
    low, middle, high = (number(curve[name][i]) for name in ("low", "median", "high"))
    return f"{middle} [{low}, {high}]"


def _probed(probe: str, reading: Measured) -> str:
    controls = reading["controls"]
    failed = [str(control["name"]) for control in controls if not control["passed"]]
    names = ", ".join(str(control["name"]) for control in controls)
    passed = f"controls passed: {len(controls) - len(failed)} of {len(controls)} ({names})"
    text = f"{passed}; failed: {', '.join(failed)}" if failed else passed if controls else "no controls were run"
    title = f"<b>{escape(probe.replace('_', ' ').capitalize())}: {escape(reading['verdict'])}</b>"
    return f"<p class=small>{title}; {escape(text)}.</p>\n{_numbers(probe, reading['values'])}"


def _numbers(probe: str, values: Measured) -> str:
    shown = [
        (name.replace("_", " "), _quantity(values[name]))
        for name in PROBES[probe].listed
        if isinstance(values.get(name), Mapping) and values[name].get("value") is not None
    ]
    if not shown:
        return ""
    return _table([name for name, _ in shown], [[text for _, text in shown]])


def _quantity(quantity: Measured) -> str:
    value = quantity["value"]
    low, high = (quantity.get(side, value) for side in ("low", "high"))
    if isinstance(value, int) or low == high or low is None or high is None:
        return str(value) if isinstance(value, int) else number(value)
    return with_interval(value, low, high)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>\n" for row in rows)
    return f"<div class=scroll><table><tr>{head}</tr>\n{body}</table></div>\n"
