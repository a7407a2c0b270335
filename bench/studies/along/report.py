"""`along.md`: the claim with its verdict, what the growth gains, and the numbers at three ages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.records.files import csv_text
from bench.scores.numbers import percent, significant
from bench.studies.ablation.analyze import MARGIN
from bench.studies.along import claim
from bench.studies.along.row import Numbers

_LABELS = {
    "score": "score",
    "alpha": "leading mode α",
    "beta": "leading mode β",
    "knee": "knee",
    "beyond": "share beyond it",
    "peak": "schedule, peak / end",
    "change": "large constant g",
    "centred": "what the largest slope shares",
    "rise": "any constant g, at most",
    "constant": "after one sign, typical g",
    "alternating": "after alternating signs, typical g",
    "gaussian": "after Gaussian gradients, typical g",
    "constant_large": "after one sign, large g",
    "alternating_large": "after alternating signs, large g",
    "gaussian_large": "after Gaussian gradients, large g",
}


def text(found: Mapping[str, Any]) -> str:
    """Markdown."""
    series = found["series"]
    said = "; ".join(f"{one['name']} {one['young']} and {one['grown']}" for one in series)
    head = (
        f"# Along training: {found['task']}\n\n"
        f"![every number against iterations](along.png)\n\n"
        f"One series for each meta-seed, {len(series)} here. Score: mean of loss / initial loss over "
        f"{found['steps']} steps, geometric mean over {found['problems']} held-out problems. Young and grown are the "
        f"first and the last kept weights whose score is at most twice the best of their series: {said} iterations. "
        f"Runs are of {found['steps']} gradients of size {significant(found['typical'])}, the 90 % quantile of what "
        "the first series' grown weights meet, or, large, ten times that. docs/along.md defines the numbers.\n"
    )
    return "\n".join([head, _claim(found), _cause(found), _ages(found)])


def table(found: Mapping[str, Any]) -> str:
    """Every number of every kept network, as CSV."""
    columns = ("task", "series", "seed", "iteration", *Numbers._fields)
    rows = [
        (found["task"], one["name"], one["seed"], row["iteration"], *(row[name] for name in Numbers._fields))
        for one in found["series"]
        for row in one["rows"]
    ]
    return csv_text(columns, rows)


def sentences(found: Mapping[str, Any]) -> list[str]:
    """What was found, in a line each."""
    parts = claim.parts(rows_of(found))
    said = [f"{part.what}: {_interval(part)}, {part.verdict}" for part in parts if part.name in claim.CLAIMED]
    whole = f"falls under large gradients when young, sign agreement when grown: {claim.together(parts)}"
    return [whole, *said, *([_verdict(found).replace("**", "")] if found["lost"] else [])]


def rows_of(found: Mapping[str, Any]) -> list[dict[int, Numbers]]:
    """{iteration: numbers} of every series as they stand in along.json."""
    return [
        {row["iteration"]: Numbers(**{k: v for k, v in row.items() if k != "iteration"}) for row in one["rows"]}
        for one in found["series"]
    ]


def _claim(found: Mapping[str, Any]) -> str:
    parts = claim.parts(rows_of(found))
    rows = [
        [part.what, "above 1" if part.rises else "below 1", _list(part.values), _interval(part), part.verdict]
        for part in parts
        if part.name in claim.CLAIMED
    ]
    beside = [
        [part.what, "", _list(part.values), _interval(part), ""] for part in parts if part.name not in claim.CLAIMED
    ]
    heads = ["factor of the rate at rest", "claimed", "by seed", "mean over seeds [95 %]", "verdict"]
    return (
        "## Falls under large gradients when young, sign agreement when grown\n\n"
        f"**{claim.together(parts).capitalize()}** on {found['task']}. Held: by ×{claim.SOME:g} on average, the "
        f"interval beyond 1; not held: the interval short of ×{claim.NONE:g}. Rows without a verdict are for "
        "comparison.\n\n"
        f"{_table(heads, [*rows, *beside])}"
    )


def _cause(found: Mapping[str, Any]) -> str:
    if not found["lost"]:
        return "## Does the new mechanism help?\n\nNo network here changed after it was young.\n"
    heads = ["score of", "over that of", *(f"seed {one['seed']} [95 %]" for one in found["lost"]), "mean [95 %]"]
    rows = []
    for pairs in zip(*(one["pairs"] for one in found["lost"]), strict=True):
        each = [f"{_bracket(p['ratio'], p['low'], p['high'])}{', step at an end' * p['edge']}" for p in pairs]
        rows.append(
            [pairs[0]["variant"], pairs[0]["beside"], *each, _bracket(*claim.mean_of([p["ratio"] for p in pairs]))]
        )
    return (
        f"## Does the new mechanism help?\n\n{_verdict(found)} Every variant with its own best step; paired on "
        f"{found['problems']} problems; above 1 is worse. *No rise*: the grown network, its rate never above "
        "what it is without gradients; *beyond the young*: never above what gradients make of the young one's; *no "
        f"adaptation*: a gradient acts as if there were no earlier ones.\n\n{_table(heads, rows)}"
    )


def _verdict(found: Mapping[str, Any]) -> str:
    """Of the grown network without what raises its rate."""
    pairs = [_pair(one, "no rise", "grown") for one in found["lost"]]
    worse = sum(p["low"] > MARGIN for p in pairs)
    better, count = sum(p["high"] < 1 / MARGIN for p in pairs), len(pairs)
    said = "seeds disagree on whether the rise is needed"
    if worse in (0, count):
        said = "the rise is needed" if worse else "the rise is not needed"
    shares = ", ".join(_share(one) for one in found["lost"])
    return (
        f"**{said.capitalize()}**: without it the grown network is worse by ×{MARGIN:g} or more in {worse} of {count}"
        f" {'seed' if count == 1 else 'seeds'} and better in {better}. It loses {shares} of its lead over the young"
        " network."
    )


def _share(one: Mapping[str, Any]) -> str:
    """Loss of the graft over the gain of growing, in logarithms; above 100 %, it is worse than the young network."""
    gained = math.log(_pair(one, "young", "grown")["ratio"])
    return percent(math.log(_pair(one, "no rise", "grown")["ratio"]) / gained) if gained > 0 else "nothing"


def _pair(one: Mapping[str, Any], variant: str, beside: str) -> Mapping[str, Any]:
    return next(pair for pair in one["pairs"] if (pair["variant"], pair["beside"]) == (variant, beside))


def _ages(found: Mapping[str, Any]) -> str:
    heads = ["", *(f"{one['name']} {one[age]}" for one in found["series"] for age in ("young", "grown"))]
    rows = rows_of(found)
    shown = [
        [_LABELS[name]]
        + [
            significant(getattr(each[one[age]], name))
            for one, each in zip(found["series"], rows, strict=True)
            for age in ("young", "grown")
        ]
        for name in Numbers._fields
        if name in _LABELS
    ]
    return f"## Numbers\n\nAll iterations are in along.csv.\n\n{_table(heads, shown)}"


def _interval(part: claim.Part) -> str:
    return "–" if part.value is None else _bracket(part.value, part.low, part.high)


def _bracket(value: float, low: float | None, high: float | None) -> str:
    ends = "" if low is None or high is None else f" [{significant(low)}, {significant(high)}]"
    return f"{significant(value)}{ends}"


def _list(values: Sequence[float | None]) -> str:
    return ", ".join(significant(value) for value in values)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
