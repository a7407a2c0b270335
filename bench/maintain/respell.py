"""Weights whose architecture is spelled otherwise: settings that training does not fit, chosen after it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.records.files import write_bytes
from optimizers import learned
from optimizers.weights_file import DIGEST, card_bytes, read_card, read_theta

THEN = " && "
"""Between the parts of a card's command."""


def respell(path: Path, spelled: str) -> str:
    """Put `spelled` on the card of weights `path`, beside what they were trained as -> a line that says so.

    The weights stay as they are, and the command on their card gets this one as its second part. Raises UserError where
    `spelled` is another architecture than the one trained, or one of other weights.
    """
    card = read_card(path)
    trained, architecture = card.get("trained_as", card["architecture"]), learned.get(spelled)
    _check(path, trained, architecture)
    now = learned.spell(architecture)
    again = f"python -m bench maintain respell {shlex.quote(str(path))} {shlex.quote(now)}"
    first = str(card.get("command", "")).split(THEN)[0]
    command = THEN.join(part for part in (first, again) if part)
    kept = {key: value for key, value in card.items() if key != DIGEST}
    about = {**kept, "architecture": now, "trained_as": trained, "command": command}
    write_bytes(path.with_suffix(".json"), card_bytes(about))
    return f"{path}: trained as {trained}, raced as {now}"


def _check(path: Path, trained: str, architecture: Any) -> None:
    spelled = learned.spell(architecture)
    if type(architecture) is not type(learned.get(trained)):
        raise UserError(f"weights {path} are of {trained}, and {spelled} is another architecture; change settings only")
    if _shapes(read_theta(path)) != _shapes(architecture.initial(0)):
        raise UserError(f"weights {path} of {trained} do not fit {spelled}; change settings that no weights depend on")


def _shapes(theta: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(array) for name, array in theta.items()}
