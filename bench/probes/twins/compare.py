"""A reading beside those of its untrained twins: what is there in all of them was not found by training.

*present*: the mechanism is there. *discovered*: present, and beyond its twins. A twin reaches a network when it reads
present too and the number that decides is at least as much as the network's; a network is beyond its twins when so few
of them reach it that one drawn as they are would be there with a chance of at most LEVEL.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bench.probes.catalog import PROBES, Deciding
from bench.probes.reading import ABSENT, PRESENT, UNDECIDED, Reading
from bench.scores.numbers import significant, whole_percent

LEVEL = 0.05
RARE = 0.01
"""Share of all untrained networks that reach a network for which the power is stated."""
BOUNDS = (0.025, 0.5, 0.975)


def beside(name: str, reading: Reading, twins: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the `twins` field of a reading holds.

    count; verdicts: how many say each; share: that say the reading's own verdict; present: that say present;
    quantiles: {main number: {"low", "median", "high", "below"}}, 2.5, 50 and 97.5 % of the twins' and the share of them
    below the reading's; number, direction: what decides; reached: twins that are present with at least as much; p: the
    chance of one drawn as they are to be reached by as few; beyond: whether p ≤ LEVEL, None where that cannot be told;
    power: the chance of a network to be found beyond them that RARE of all untrained ones reach; sentence.
    """
    verdicts = {word: sum(twin["verdict"] == word for twin in twins) for word in (PRESENT, ABSENT, UNDECIDED)}
    count, deciding = len(twins), PROBES[name].deciding
    found: dict[str, Any] = {
        "count": count,
        "verdicts": verdicts,
        "share": verdicts[reading.verdict] / count,
        "present": verdicts[PRESENT] / count,
        "quantiles": {number: _quantiles(reading, twins, number) for number in PROBES[name].main},
        "number": deciding and deciding.number,
        "direction": deciding and deciding.direction,
        **(_beyond(reading, twins, deciding) if deciding else dict.fromkeys(("reached", "p", "beyond"))),
        "power": power(count),
    }
    return {**found, "sentence": _sentence(reading, found, deciding)}


def most(count: int) -> int:
    """How many of `count` twins may reach a network that is beyond them; −1 where there are too few to tell."""
    return math.floor(LEVEL * (count + 1) + 1e-9) - 1


def power(count: int) -> float:
    """The chance that at most `most` of `count` twins reach a network that RARE of all untrained ones reach."""
    return sum(math.comb(count, k) * RARE**k * (1 - RARE) ** (count - k) for k in range(most(count) + 1))


def _quantiles(reading: Reading, twins: Sequence[Mapping[str, Any]], number: str) -> dict[str, Any]:
    """Over the twins that have the number; None where none has."""
    known = np.array([v for twin in twins if _finite(v := twin["values"].get(number))], float)
    own = _own(reading, number)
    low, median, high = np.quantile(known, BOUNDS).tolist() if len(known) else (None, None, None)
    below = float(np.mean(known < own)) if len(known) and own is not None else None
    return {"low": low, "median": median, "high": high, "below": below}


def _beyond(reading: Reading, twins: Sequence[Mapping[str, Any]], deciding: Deciding) -> dict[str, Any]:
    own, count = _own(reading, deciding.number), len(twins)
    if reading.verdict != PRESENT:
        return {"reached": None, "p": None, "beyond": False}
    if own is None or most(count) < 0:
        return {"reached": None, "p": None, "beyond": None}
    there = [twin["values"].get(deciding.number) for twin in twins if twin["verdict"] == PRESENT]
    reached = sum(not _finite(v) or deciding.amount(v) >= deciding.amount(own) for v in there)
    return {"reached": reached, "p": (1 + reached) / (1 + count), "beyond": reached <= most(count)}


def _own(reading: Reading, number: str) -> float | None:
    quantity = reading.values.get(number)
    value = quantity.get("value") if isinstance(quantity, Mapping) else None
    return float(value) if value is not None and _finite(value) else None


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)


def _sentence(reading: Reading, found: Mapping[str, Any], deciding: Deciding | None) -> str:
    said = f"{whole_percent(found['present'])} of {found['count']} untrained twins have it too"
    if reading.verdict != PRESENT or deciding is None:
        return said
    if found["beyond"] is None:
        lack = "too few to tell" if most(found["count"]) < 0 else f"{deciding.number} is not known"
        return f"{said}; no discovery is claimed: {lack}"
    own = significant(_own(reading, deciding.number))
    strong = f"{found['reached'] or 'none'} as strongly ({deciding.number} {own}; stronger is {deciding.direction})"
    return f"{said}, {strong}: {'discovered' if found['beyond'] else 'not discovered'}"
