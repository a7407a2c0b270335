"""Weights on disk: <name>.npz without pickles, and <name>.json, the card that says how they were made."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from optimizers.base import Entry, Optimizer, OptimizerError
from optimizers.registry import get, register
from optimizers.weights_file import Weights, card_bytes, read_card

FOLDER = Path(__file__).parent / "weights"


def save(path: str | Path, theta: Mapping[str, np.ndarray], card: Mapping[str, Any]) -> None:
    """Write θ and its card, each atomically; the card, which vouches for the weights, last. Raises OptimizerError."""
    path = Path(path)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in theta.items()}
    np.savez(buffer, **arrays)
    content = buffer.getvalue()
    vouching = card_bytes({**card, "sha256": hashlib.sha256(content).hexdigest()})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, content)
        replace_file(path.with_suffix(".json"), vouching)
    except OSError as error:
        raise OptimizerError(f"cannot write {path}: {error.strerror or error}; make room, or choose another") from None


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` at `path` in one step: a reader sees the old file or the new one, never half of either."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What a new file of this process may not grant; temporary files start closed to everybody else."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def load(name: str | Path, **settings: Any) -> Any:
    """The `keras.optimizers.Optimizer` of a registered name or a weights file: for `compile` and `fit`.

    `settings` are those of every Keras optimizer. `learning_rate` multiplies the updates of a learned optimizer, 1
    unless told otherwise; schedules and callbacks act on it. A name made of a Keras class gives that class at its
    defaults. Raises OptimizerError for what there is not.

    >>> import optimizers
    >>> float(optimizers.load("gru-rosenbrock", learning_rate=0.5).learning_rate)
    0.5
    """
    from optimizers.keras_optimizer import as_keras

    entry = load_entry(name) if str(name).endswith(".npz") else get(str(name))
    return as_keras(entry, entry.defaults, **settings)


def load_entry(path: str | Path) -> Entry:
    """The entry of a weights file, named after it; raises OptimizerError when file or card are missing or damaged."""
    path = Path(path)
    if not path.is_file():
        raise OptimizerError(f"no weights at {path}; train some with `python -m bench metatrain`")
    card = read_card(path)
    return Entry(
        path.stem,
        "learned",
        _Build(card["architecture"]),
        {},
        Weights(path),
        {
            "trained_on": list(card["tasks"]),
            "sees_loss": False,
            "knows_horizon": False,
            "metatraining_gradients": card.get("gradients", 0),
            "metatraining_seconds": card.get("seconds", 0.0),
        },
        reference=f"{card['architecture']} meta-trained on {', '.join(card['tasks'])}",
    )


def register_shipped() -> None:
    """Register every weights file that ships, by its name; a line on standard error for one whose card is damaged."""
    for card in sorted(FOLDER.glob("[!.]*.json")):
        try:
            register(load_entry(card.with_suffix(".npz")))
        except OptimizerError as error:  # the rest of the library works without it
            print(f"note: {card.stem} is left out: {error}", file=sys.stderr)


@dataclass(frozen=True)
class _Build:
    """θ -> Optimizer of an architecture by name."""

    architecture: str

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        from optimizers import learned

        return learned.get(self.architecture).build(theta)
