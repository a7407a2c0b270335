"""Weights on disk: `<name>.npz` holds θ, the card `<name>.json` beside it says how it was trained.

No pickles; the card carries the SHA-256 of the weights. What stands in `optimizers/weights/` is registered by
name when `optimizers` is imported, and read when first used.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from optimizers.base import Entry, Optimizer, OptimizerError, register

FOLDER = Path(__file__).parent / "weights"
_REFERENCE = "Maheswaranathan et al., Reverse engineering learned optimizers, 2021"


def save(path: str | Path, theta: Mapping[str, Any], card: Mapping[str, Any]) -> None:
    """Write θ to `path` (.npz) and `card`, with the checksum added, beside it (.json), each atomically.

    `card` needs at least "architecture" and "settings", as `optimizers.learned` knows them.
    """
    path = Path(path)
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.asarray(theta[name]) for name in sorted(theta)})
    content = buffer.getvalue()
    text = json.dumps({**card, "sha256": hashlib.sha256(content).hexdigest()}, indent=2)
    write(path, content)
    write(path.with_suffix(".json"), (text + "\n").encode())


def load(path: str | Path) -> Entry:
    """The entry of a weights file, named after it. Raises OptimizerError when it or its card is unusable."""
    entry = entry_of(Path(path))
    len(entry.defaults)
    return entry


def entry_of(path: Path) -> Entry:
    """As `load`, but nothing is read before it is needed."""
    weights = Weights(path)
    return Entry(
        path.stem,
        "learned",
        build=partial(_build, weights),
        defaults=weights,
        discloses=Lazily(partial(_discloses, weights)),
        reference=_REFERENCE,
    )


def register_shipped(folder: Path = FOLDER) -> None:
    """Register every weights file of `folder` under its name, unread."""
    for path in sorted(folder.glob("*.npz")):
        register(entry_of(path))


class Lazily(Mapping):
    """A mapping that is made when first looked into. `make` must be a top-level function to be pickled."""

    def __init__(self, make: Callable[[], Mapping[str, Any]]):
        self._make = make

    @cached_property
    def _made(self) -> Mapping[str, Any]:
        return self._make()

    def __getitem__(self, name: str) -> Any:
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def __repr__(self) -> str:
        return repr(dict(self))


class Weights(Lazily):
    """θ of a weights file, checked against its card and architecture when first looked into."""

    def __init__(self, path: Path):
        super().__init__(self._read)
        self.path = path

    @cached_property
    def card(self) -> dict[str, Any]:
        """How it was trained."""
        try:
            card = json.loads(self.path.with_suffix(".json").read_bytes())
            card["architecture"], card["settings"], card["sha256"]
        except OSError:
            raise OptimizerError(
                f"weights {str(self.path)!r}: their card {self.path.stem}.json is not beside them; "
                "copy both files, or write both with `python -m bench metatrain`"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise OptimizerError(
                f"weights {str(self.path)!r}: their card is not readable ({error!r}); copy it again"
            ) from None
        return card

    @cached_property
    def architecture(self) -> Any:
        """What turns θ into an optimizer."""
        from optimizers.learned import ARCHITECTURES

        name, settings = self.card["architecture"], self.card["settings"]
        if name not in ARCHITECTURES:
            raise OptimizerError(
                f"weights {str(self.path)!r}: unknown architecture {name!r}; known: "
                f"{', '.join(ARCHITECTURES)}; import the file that defines it first"
            )
        try:
            return ARCHITECTURES[name](**settings)
        except TypeError:
            raise OptimizerError(
                f"weights {str(self.path)!r}: architecture {name!r} does not take {settings}"
            ) from None

    def _read(self) -> dict[str, np.ndarray]:
        try:
            content = self.path.read_bytes()
        except OSError:
            raise OptimizerError(
                f"no weights at {str(self.path)!r}; they are .npz files written by `python -m bench metatrain`"
            ) from None
        if hashlib.sha256(content).hexdigest() != self.card["sha256"]:
            raise OptimizerError(
                f"weights {str(self.path)!r} are not those of their card (SHA-256 differs); copy both files again"
            )
        theta = _arrays(self.path, content)
        expected = self.architecture.initial(0)
        if _shapes(theta) != _shapes(expected):
            raise OptimizerError(
                f"weights {str(self.path)!r} have shapes {_shapes(theta)}, "
                f"but {self.architecture} needs {_shapes(expected)}"
            )
        return theta


def _arrays(path: Path, content: bytes) -> dict[str, np.ndarray]:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            theta = {name: file[name] for name in file.files}
    except (ValueError, OSError, zipfile.BadZipFile, AttributeError):
        raise OptimizerError(f"weights {str(path)!r} are not an .npz file; copy it again") from None
    for array in theta.values():
        array.flags.writeable = False
    return theta


def _shapes(theta: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: np.shape(theta[name]) for name in sorted(theta)}


def _build(weights: Weights, theta: Mapping[str, Any]) -> Optimizer:
    return weights.architecture.build(theta)


def _discloses(weights: Weights) -> dict[str, Any]:
    card = weights.card
    return {
        "trained_on": card.get("tasks", []),
        "sees_loss": False,
        "knows_horizon": False,
        "metatraining_gradients": card.get("gradients"),
        "metatraining_seconds": card.get("seconds"),
    }


def write(path: Path, content: bytes) -> None:
    """Write a file atomically and durably: whoever looks sees the old content or all of the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    with open(part, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
