"""What the momentum probe says in one sentence."""

from __future__ import annotations

from typing import Any

from bench.probes.reading import ABSENT, UNDECIDED
from bench.scores.numbers import percent, significant


def no_rest(stability: str | None) -> str:
    """Why there is no reading without a stable resting state."""
    if stability is None:
        return "there is no fixed point at zero gradient"
    article = "an" if stability[0] in "aeiou" else "a"
    return f"there is only {article} {stability} fixed point at zero gradient"


def at_visited(visited: dict[str, Any], none: float) -> str:
    """What can still be said from the states it met, where it has no kernel at rest."""
    alpha, beta, kept = (visited[f"{n}_visited"]["value"] for n in ("alpha", "beta", "memory"))
    if kept is None:
        return ""
    if kept < none:
        return "; at visited states it has no memory"
    return f"; at visited states it is near {significant(alpha)}·{significant(beta)}^j"


def sentence(verdict: str, values: dict[str, Any]) -> str:
    total, kept, carried = (values[n]["value"] for n in ("gain", "memory", "lasting"))
    late = f"{percent(kept)} of the response comes after the first step"
    if verdict == ABSENT and total < 0:
        return f"momentum: none; {late}, and a lasting gradient is climbed (gain {significant(total)})"
    if verdict == ABSENT and carried < 0:
        return f"momentum: none; {late}, but is taken back from the step"
    if verdict == ABSENT:
        return f"momentum: none; {late}"
    kernel = f"{_shape(values)}, total gain {significant(total)}"
    if verdict == UNDECIDED:
        return f"momentum: undecided; {late}, kernel {kernel}"
    return f"momentum: kernel {kernel}{_beyond(values)}"


def _shape(values: dict[str, Any]) -> str:
    alpha, beta, r2 = (values[n]["value"] for n in ("alpha", "beta", "r2"))
    single = f"{significant(alpha)}·{significant(beta)}^j (R² {r2:.3f})"
    shape = values["shape"]
    if "oscillation_r2" not in values:
        return single
    decay, period, fitted = (values[f"oscillation_{n}"]["value"] for n in ("decay", "period", "r2"))
    if shape == "oscillation":
        wave = f"an oscillation of period {significant(period)}, decay {significant(decay)} (R² {fitted:.3f})"
        return f"is {wave}, nearest exponential {single}"
    names = {"critical": "a repeated pole", "two exponentials": "the slower of two exponentials"}
    pole = f"{names[shape]} of decay {significant(decay)} (R² {fitted:.3f})"
    return f"is not one exponential, nearest {single}, better {pole}"


def _beyond(values: dict[str, Any]) -> str:
    ratio = values.get("limit_ratio", {}).get("value")
    if ratio is None or ratio <= 1:
        return ""
    return f"; the task's largest curvature is {significant(ratio)} times what small gradients bear"
