"""What an entry discloses, in words: what it is told beyond gradients, what it spends on that, and what is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizers.base import PARTS, Asks

_TOLD = {
    "sees_loss": "told the exact loss of the problem, free of noise and of charge",
    "knows_horizon": "told how many steps a run has",
    "knows_floor": "told the lowest loss of the task",
}


def words(discloses: Mapping[str, Any]) -> list[str]:
    """Phrases that follow an entry's name and a colon; none where only gradients go in and trained weights come out.

    >>> from optimizers.disclosures import words
    >>> words({"knows_horizon": True, "scores": "averaged weights"})
    ['told how many steps a run has', 'scored at averaged weights, not at those that are trained']
    """
    said = [_asked(discloses)] if discloses.get("sees_step_loss") else []
    said += [phrase for key, phrase in _TOLD.items() if discloses.get(key)]
    if scores := discloses.get("scores"):
        said.append(f"scored at {scores}, not at those that are trained")
    return said


def _asked(discloses: Mapping[str, Any]) -> str:
    asks = Asks(discloses.get("losses_per_update", 0), discloses.get("gradients_per_update", 0))
    if asks == Asks():
        return "told the loss of every step, which comes with its gradient"
    further = " and ".join(
        f"{count} {word}{'' if count == 1 else ends}"
        for count, word, ends in ((asks.losses, "loss", "es"), (asks.gradients, "gradient", "s"))
        if count
    )
    cost = f"{asks.parts / PARTS:.3g}"
    return (
        f"told the loss of every step and {further} more on its batch, so that an update costs {cost} gradient "
        "evaluations and a run has fewer updates"
    )
