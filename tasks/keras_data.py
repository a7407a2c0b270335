"""Anybody's arrays as examples: inputs, targets and weights of one length, from whatever holds them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tasks.base import TaskError

_FORMS = "give (x, y), (x, y, weights), a dict of inputs with y, a tf.data.Dataset, or a .npz, .csv or .parquet file"
_TARGET, _WEIGHTS = "y", "weights"
_PARTS = ("inputs", "targets", "weights")


class Examples:
    """Inputs (nested), targets (nested, or None) and weights ((n,) or None), NumPy arrays with leading axis n.

    Equal when their bytes are, and shown by a digest of them; not to be written to.
    """

    def __init__(self, inputs: Any, targets: Any = None, weights: Any = None):
        self.inputs, self.targets, self.weights = (_arrays(part) for part in (inputs, targets, weights))
        lengths = {len(array) for _, array in self._leaves()}
        if len(lengths) != 1:
            raise TaskError(f"data have lengths {sorted(lengths)}; every array holds as many examples")

    def __len__(self) -> int:
        return len(next(self._leaves())[1])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Examples) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"{len(self)} examples {self.digest}"

    @property
    def bytes(self) -> int:
        return sum(array.nbytes for _, array in self._leaves())

    def rows(self, chosen: slice) -> Examples:
        """Some of the examples, views of the same memory."""
        return Examples(*(_mapped(lambda array: array[chosen], getattr(self, part)) for part in _PARTS))

    def _leaves(self) -> Iterator[tuple[str, np.ndarray]]:
        return (leaf for part in _PARTS for leaf in _flat(getattr(self, part), part))

    @functools.cached_property
    def digest(self) -> str:
        digest = hashlib.sha256()
        for place, array in self._leaves():
            digest.update(f"{place} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]


def examples(data: Any) -> Examples:
    """The examples that `data` holds; raises TaskError for what is none of the forms."""
    if isinstance(data, Examples):
        return data
    if isinstance(data, (str, Path)):
        return _of_file(Path(data))
    if hasattr(data, "element_spec"):
        return _of_dataset(data)
    if isinstance(data, (tuple, list)) and len(data) in (2, 3) and data[0] is not None:
        return Examples(*data)
    if isinstance(data, dict):
        return _of_columns(data)
    if hasattr(data, "__array__"):
        return Examples(data)
    raise TaskError(f"data is a {type(data).__name__}; {_FORMS}")


def _of_columns(columns: Any) -> Examples:
    """Of arrays by name: `y` is the target, `weights` the weights, `x` or all others the inputs."""
    inputs = {name: columns[name] for name in columns if name not in (_TARGET, _WEIGHTS)}
    if not inputs:
        raise TaskError(f"data hold no inputs besides {', '.join(columns)}; {_FORMS}")
    return Examples(inputs["x"] if list(inputs) == ["x"] else inputs, columns.get(_TARGET), columns.get(_WEIGHTS))


def _of_file(path: Path) -> Examples:
    if path.suffix not in (".npz", ".csv", ".parquet"):
        raise TaskError(f"data file {path} is none of .npz, .csv and .parquet; save it as one")
    if not path.is_file():
        raise TaskError(f"data file {path} is not there; give a path that is, from this folder or from the root")
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as file:
            return _of_columns({name: file[name] for name in file.files})
    import pandas as pd

    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    target = _TARGET if _TARGET in table else table.columns[-1]
    if words := [name for name in table if table[name].dtype.kind not in "biuf"]:
        raise TaskError(f"data file {path}: column {words[0]!r} is not numbers; encode it")
    inputs = table.drop(columns=[target]).to_numpy("float32")
    return Examples(inputs, table[target].to_numpy())


def _of_dataset(dataset: Any) -> Examples:
    """All elements of a tf.data.Dataset, batched (as `model.fit` takes it) or of single examples."""
    if int(dataset.cardinality()) == -1:
        raise TaskError("data is a tf.data.Dataset without end; give one that ends: dataset.take(…)")
    elements = [element if isinstance(element, tuple) else (element,) for element in dataset.as_numpy_iterator()]
    if not elements:
        raise TaskError("data is a tf.data.Dataset without elements")
    single = any(np.ndim(array) == 0 for _, array in _flat(elements[0], ""))
    join = np.stack if single else np.concatenate
    return Examples(*(_joined([element[i] for element in elements], join) for i in range(len(elements[0]))))


def _joined(parts: list, join: Any) -> Any:
    first = parts[0]
    if isinstance(first, dict):
        return {key: _joined([part[key] for part in parts], join) for key in first}
    if isinstance(first, (tuple, list)):
        return tuple(_joined([part[i] for part in parts], join) for i in range(len(first)))
    return join(parts)


def _arrays(part: Any) -> Any:
    """`part` in NumPy arrays: float64 becomes float32, text and objects are refused."""
    return _mapped(_array, part)


def _array(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.ndim == 0:
        raise TaskError(f"data hold {array.dtype} of shape {array.shape}; {_FORMS}, in arrays of numbers")
    kept = (array.astype("float32") if array.dtype == np.float64 else array).view()
    kept.flags.writeable = False
    return kept


def _mapped(f: Any, part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _mapped(f, value) for key, value in part.items()}
    if isinstance(part, (tuple, list)) and all(hasattr(v, "__array__") and np.ndim(v) for v in part):
        return tuple(_mapped(f, value) for value in part)
    return None if part is None else f(part)


def _flat(part: Any, place: str) -> Iterator[tuple[str, np.ndarray]]:
    """(place, array) of every array, in the order of keys."""
    if isinstance(part, dict):
        for key in sorted(part):
            yield from _flat(part[key], f"{place}/{key}")
    elif isinstance(part, tuple):
        for i, value in enumerate(part):
            yield from _flat(value, f"{place}/{i}")
    elif part is not None:
        yield place, part
