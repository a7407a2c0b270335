"""What competes: the contract of an optimizer and of an entry.

Imports nothing else in this project but the spaces, and no TensorFlow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from optimizers.spaces import Distribution

_NAME = re.compile(r"[a-z0-9]+([-._][a-z0-9]+)*")
KINDS = ("hand-designed", "learned", "oracle")


class OptimizerError(ValueError):
    """A mistake in naming, setting or registering an optimizer; its text names the value and the remedy."""


class Optimizer(NamedTuple):
    """Two pure functions over nested tensors of one problem, hyper-parameters already bound; a third if need be.

    Updates have the structure, shapes and dtype of the parameters; the state is any nest of tensors of fixed shapes.

    >>> from optimizers import Optimizer
    >>> sgd = Optimizer(lambda params: (), lambda gradients, state, params, step: (-0.1 * gradients, state))
    >>> updates, state = sgd.update(2.0, sgd.init(1.0), 1.0, 0)
    >>> updates
    -0.2
    """

    init: Callable[[Any], Any]
    """params -> state."""
    update: Callable[[Any, Any, Any, Any], tuple[Any, Any]]
    """(gradients, state, params, step) -> (updates, state); params + updates are the new parameters.

    `step` counts from 0, a scalar int32 tensor, the same for every problem.
    """
    evaluate: Callable[[Any, Any], Any] | None = None
    """(params, state) -> the parameters that are scored, as an average is; None: those that are trained."""


def scored(optimizer: Any, params: Any, state: Any) -> Any:
    """The parameters that are scored: those trained, unless the optimizer says otherwise."""
    evaluate = getattr(optimizer, "evaluate", None)
    return params if evaluate is None else evaluate(params, state)


@dataclass(frozen=True)
class Entry:
    """One competitor: how θ becomes an optimizer, and what tuning may do to θ.

    θ is a mapping from name to number, tensor or switch. Floats in it may be swept as tensors; booleans, integers and
    strings are structure and choose the program. Raises OptimizerError for a bad name or kind.

    >>> from optimizers import Entry, LogUniform, Optimizer
    >>> def build(theta):
    ...     update = lambda gradients, state, params, step: (-theta["learning_rate"] * gradients, state)
    ...     return Optimizer(lambda params: (), update)
    >>> entry = Entry("plain", "hand-designed", build, {"learning_rate": LogUniform(1e-5, 1.0)}, {"learning_rate": 0.1})
    >>> entry.build({"learning_rate": 0.5}).update(2.0, (), 1.0, 0)
    (-1.0, ())
    """

    name: str
    kind: str
    build: Callable[..., Optimizer]
    """θ -> Optimizer; (θ, loss) -> Optimizer when `informed`."""
    space: Mapping[str, Distribution] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    discloses: Mapping[str, Any] = field(default_factory=dict)
    reference: str = ""
    version: int = 1
    informed: bool = False
    """Whether `build` also takes `loss`, the noise-free loss of one problem: params -> scalar. For oracles."""
    needs: tuple[str, ...] = ()
    """Tags a task must have, all of them, for this entry to run on it."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise OptimizerError(
                f"optimizer name {self.name!r} is not valid; use lower-case words joined by '-' or '_'"
            )
        if self.kind not in KINDS:
            raise OptimizerError(f"optimizer {self.name!r}: kind {self.kind!r} is none of {KINDS}")


def with_horizon(theta: Mapping[str, Any], steps: float) -> dict[str, Any]:
    """θ, told the number of `steps` of a run if it asks for it by a `horizon`.

    >>> from optimizers.base import with_horizon
    >>> with_horizon({"learning_rate": 0.1, "horizon": 200.0}, 50)
    {'learning_rate': 0.1, 'horizon': 50.0}
    """
    return {**theta, "horizon": float(steps)} if "horizon" in theta else dict(theta)
