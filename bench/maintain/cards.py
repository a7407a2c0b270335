"""Cards of weights that older versions wrote without a digest, given one; whoever does it vouches for them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.errors import UserError
from bench.records.files import write_bytes
from optimizers.shipped import FOLDER
from optimizers.weights_file import DIGEST, card_bytes, read_card, unsealed_card


def seal(weights: Iterable[Path]) -> Iterator[str]:
    """A line for each weights file, all shipped ones where none is given: what was done to its card.

    Raises UserError or OptimizerError for a card that is damaged, or is not of its weights.
    """
    for path in list(weights) or sorted(card.with_suffix(".npz") for card in FOLDER.glob("[!.]*.json")):
        card = unsealed_card(path)
        if DIGEST in card:
            read_card(path)
            yield f"{path}: its card has a digest, and is as it was written"
            continue
        if hashlib.sha256(path.read_bytes()).hexdigest() != card["sha256"]:
            raise UserError(f"weights {path} are not those of their card; restore both files")
        write_bytes(path.with_suffix(".json"), card_bytes(card))
        yield f"{path}: its card has a digest now"
