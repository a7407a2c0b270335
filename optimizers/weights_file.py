"""Weights on disk, read with suspicion: a file is what its card says, or one line says why it is not.

<name>.npz holds θ without pickles; <name>.json, its card, says how it was made and vouches for it by a SHA-256, and for
itself by another.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from optimizers.base import OptimizerError

_ROOM = 1 << 16
"""Bytes that an archive may hold beyond its arrays."""
_RESTORE = "restore both files, or train them again by the command in the card"
DIGEST = "digest"
"""The key under which a card holds the SHA-256 of the rest of it."""


class Weights(Mapping[str, Any]):
    """θ of a weights file, read when first looked at; raises OptimizerError when it is not what its card says."""

    def __init__(self, path: Path):
        self.path = Path(path)

    @functools.cached_property
    def _arrays(self) -> dict[str, np.ndarray]:
        return read_theta(self.path)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Weights) and self.path == other.path


def read_card(path: Path) -> dict[str, Any]:
    """The card beside weights `path`: at least `architecture`, `tasks` and `sha256`. Raises OptimizerError."""
    card = unsealed_card(path)
    name, said = path.with_suffix(".json").name, card.pop(DIGEST, None)
    if said is None:
        raise OptimizerError(
            f"weights {path} have a card {name} without a digest, as cards of older versions; look whether it is as it "
            f"was, then give it one: python -m bench maintain cards {path}"
        )
    if said != digest(card):
        raise OptimizerError(f"weights {path} have a damaged card {name}; {_RESTORE}")
    return card


def unsealed_card(path: Path) -> dict[str, Any]:
    """The card beside weights `path`, whether or not its digest is right. Raises OptimizerError."""
    name = path.with_suffix(".json").name
    try:
        card = json.loads(path.with_suffix(".json").read_bytes().decode())
    except OSError as error:
        raise OptimizerError(f"weights {path} have no readable card {name} ({error.strerror}); {_RESTORE}") from None
    except (ValueError, RecursionError):
        raise OptimizerError(f"weights {path} have no readable card {name} (it is not JSON); {_RESTORE}") from None
    if not isinstance(card, dict):
        raise OptimizerError(f"weights {path} have no readable card {name} (it is no JSON object); {_RESTORE}")
    if wrong := next((key for key, right in _KEYS.items() if not right(card.get(key))), None):
        said = repr(card[wrong])[:60] if wrong in card else "missing"
        raise OptimizerError(f"weights {path} have no readable card {name} ({wrong} is {said}); {_RESTORE}")
    return card


def card_bytes(card: Mapping[str, Any]) -> bytes:
    """A card as its file holds it, its digest at the end."""
    plain = json.loads(json.dumps({key: value for key, value in card.items() if key != DIGEST}))
    return json.dumps({**plain, DIGEST: digest(plain)}, indent=1).encode() + b"\n"


def digest(plain: Mapping[str, Any]) -> str:
    """The SHA-256 of a card without its digest, by its values and not by how it is set."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def read_theta(path: Path) -> dict[str, np.ndarray]:
    """θ of weights `path`: the names, shapes and types that the architecture of its card has, finite numbers.

    Raises OptimizerError.
    """
    from optimizers import learned

    card = read_card(path)
    wanted = learned.get(card["architecture"]).initial(0)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise OptimizerError(f"cannot read weights {path}: {error.strerror}") from None
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise OptimizerError(f"weights {path} are not those of their card; {_RESTORE}")
    found = _unpacked(path, content, sum(np.asarray(array).nbytes for array in wanted.values()))
    if trouble := _mismatch(found, wanted):
        raise OptimizerError(f"weights {path} do not fit {card['architecture']}: {trouble}; {_RESTORE}")
    return found


def _unpacked(path: Path, content: bytes, size: int) -> dict[str, np.ndarray]:
    """The arrays of an archive that holds about `size` bytes of them, and no objects."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 2 * size + _ROOM:
                raise OptimizerError(f"weights {path} hold more than their architecture has; {_RESTORE}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise OptimizerError(f"weights {path} are no archive of plain arrays ({reason}); {_RESTORE}") from None


def _mismatch(found: Mapping[str, np.ndarray], wanted: Mapping[str, Any]) -> str:
    """What `found` lacks of `wanted`, or has beside it; empty when nothing."""
    if set(found) != set(wanted):
        return f"it has {', '.join(sorted(wanted))}, the file {', '.join(sorted(found)) or 'nothing'}"
    for name, array in found.items():
        like = np.asarray(wanted[name])
        if (array.shape, array.dtype) != (like.shape, like.dtype):
            return f"{name} is {array.dtype} {array.shape} and not {like.dtype} {like.shape}"
        if not np.isfinite(array).all():
            return f"{name} holds {np.count_nonzero(~np.isfinite(array))} values that are not finite"
    return ""


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1000


def _is_count(value: Any) -> bool:
    """A finite number of at least 0, or nothing."""
    return value is None or (type(value) in (int, float) and 0 <= value < math.inf)


_KEYS = {
    "architecture": _is_name,
    "tasks": lambda value: isinstance(value, list) and all(map(_is_name, value)),
    "sha256": lambda value: isinstance(value, str) and len(value) == 64,
    "gradients": _is_count,
    "seconds": _is_count,
}
"""{key of a card: what its value must be}; costs may be missing."""
