"""What it would take for a reading to change its mind, in one plain sentence with the thresholds that decide."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bench.probes.dynamics.fixed_points import MARGINAL
from bench.probes.mechanisms import clipping, momentum, rate_changes, schedule
from bench.probes.reading import ABSENT, PRESENT, Reading
from bench.scores.numbers import percent, significant

OTHERWISE = "The probe cannot decide this while the reason above holds."


def would_change(name: str, reading: Reading) -> str:
    """The sentence for a reading of the probe `name`; OTHERWISE where it is undecided for want of a number."""
    write = _MINDS.get(name)
    return (write(reading.verdict, reading.values) if write else "") or OTHERWISE


def _momentum(verdict: str, values: Mapping[str, Any]) -> str:
    later, adds = _value(values, "memory"), _value(values, "lasting")
    if later is None or adds is None:
        return ""
    least, most = percent(momentum.NONE), percent(momentum.SOME)
    now = f"({percent(later)} comes later, {percent(adds)} adds)"
    if verdict == PRESENT:
        return f"It would be absent if less than {least} of the response came after the first step, or undid it {now}."
    if verdict == ABSENT:
        return (
            f"It would be present if more than {most} of the response came after the first step and added to it {now}."
        )
    return f"It would be present above {most} of the response after the first step, absent below {least} {now}."


def _clipping(verdict: str, values: Mapping[str, Any]) -> str:
    knee, exponent = _value(values, "knee"), _value(values, "history_exponent")
    fixed, follows = significant(clipping.FIXED), significant(clipping.FOLLOWS)
    if verdict == PRESENT:
        return (
            f"It would be absent if no gradient had reached {significant(knee)}, or if that knee followed the "
            f"gradients before it by an exponent above {follows} (it is {significant(exponent)})."
        )
    if verdict == ABSENT:
        return (
            "It would be present if a gradient that it met lay beyond a knee, and that knee followed the gradients "
            f"before it by an exponent below {fixed} (it is {significant(exponent)})."
        )
    if exponent is None or not math.isfinite(exponent):
        return ""
    return (
        f"It would be present if its knee followed the gradients before it by an exponent below {fixed}, absent above "
        f"{follows} (it is {significant(exponent)})."
    )


def _schedule(verdict: str, values: Mapping[str, Any]) -> str:
    varies = _value(values, "variation")
    if varies is None:
        return ""
    least, most, now = percent(schedule.NONE), percent(schedule.SOME), f"(it changes by {percent(varies)})"
    if verdict == PRESENT:
        return f"It would be absent if the rate without gradients changed by less than {least} of its maximum {now}."
    if verdict == ABSENT:
        return f"It would be present if the rate without gradients changed by more than {most} of its maximum {now}."
    return f"It would be present if the rate changed by more than {most} of its maximum, absent below {least} {now}."


def _fixed_points(verdict: str, values: Mapping[str, Any]) -> str:
    radius, (below, above) = _value(values, "spectral_radius"), MARGINAL
    now = f" (it is {_told_apart(radius)})" if radius is not None else ""
    if verdict == PRESENT:
        return f"It would be undecided if the spectral radius there reached {below:.3f}, absent beyond {above}{now}."
    if verdict == ABSENT:
        stays = "a state stayed where it is without gradients"
        return f"It would be present if {stays}, with a spectral radius below {below:.3f}{now}."
    return f"It would be present if the spectral radius were below {below:.3f}, absent if it were above {above}{now}."


def _told_apart(radius: float) -> str:
    """Three digits, or as many as tell it from the bounds of a verdict."""
    close = any(significant(radius) == significant(bound) for bound in MARGINAL)
    return significant(radius, 6 if close else 3)


def _adaptation(verdict: str, values: Mapping[str, Any]) -> str:
    change = _value(values, "change")
    if change is None:
        return ""
    none, some, most = (significant(factor) for factor in (rate_changes.NONE, rate_changes.SOME, change))
    if verdict == PRESENT:
        return f"It would be absent if one of its four rates stayed within ×{none} of rest under every gradient."
    present = f"its four rates changed alike by a factor of {some} or more over a whole decade of gradients"
    if verdict == ABSENT:
        return f"It would be present if {present} (nowhere do they share more than ×{most})."
    return (
        f"It would be present if {present} (at a single gradient they share ×{most}), absent if they shared less than "
        f"a factor of {none} at every gradient, and the two of each sign alone less than {some}."
    )


def _value(values: Mapping[str, Any], name: str) -> float | None:
    quantity = values.get(name)
    return quantity.get("value") if isinstance(quantity, Mapping) else None


_MINDS = {
    "fixed_points": _fixed_points,
    "momentum": _momentum,
    "clipping": _clipping,
    "schedule": _schedule,
    "adaptation": _adaptation,
}
