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


PARTS = 3
"""A gradient evaluation in units of a loss evaluation: the loss itself, and twice as much to go back through it."""


@dataclass(frozen=True)
class Asks:
    """What an update asks for beyond gradients: the loss of its step and, elsewhere on the same batch, so many
    evaluations of the loss (each a third of a gradient evaluation) and of loss and gradient.

    `Asks()` is the loss of the step alone, which costs nothing. `floor` adds the task's lowest loss; for oracles.
    Raises OptimizerError for counts that are not whole numbers of at least 0.

    >>> from optimizers import Asks
    >>> Asks(losses=12).updates(200), Asks(gradients=1).updates(200), Asks().updates(200)
    (40, 100, 200)
    """

    losses: int = 0
    gradients: int = 0
    floor: bool = False

    def __post_init__(self) -> None:
        for name in ("losses", "gradients"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise OptimizerError(
                    f"Asks({name}={value!r}): give how many an update makes at most, a whole number of at least 0"
                )
        if not isinstance(self.floor, bool):
            raise OptimizerError(f"Asks(floor={self.floor!r}): floor is True or False; the task says which it is")

    @property
    def parts(self) -> int:
        """What one update costs, in thirds of a gradient evaluation."""
        return PARTS + self.losses + PARTS * self.gradients

    def updates(self, steps: Any) -> Any:
        """Updates that `steps` gradient evaluations pay for; a whole number or an array of them."""
        return steps * PARTS // self.parts

    def steps(self, updates: int) -> int:
        """The fewest gradient evaluations that pay for so many updates."""
        return -(-updates * self.parts // PARTS)


class Seen(NamedTuple):
    """What an update that asks is handed as its fifth argument; all on the batch of its step.

    `loss_at` and `gradient_at` take parameters, and are called straight in `update`, in no loop or branch of
    TensorFlow's.
    """

    loss: Any
    """Scalar: the loss whose gradient the update is handed."""
    loss_at: Callable[[Any], Any]
    """params -> scalar loss."""
    gradient_at: Callable[[Any], tuple[Any, Any]]
    """params -> (scalar loss, its gradient)."""
    floor: Any = None
    """The task's lowest loss, for who asks for it."""


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
    update: Callable[..., tuple[Any, Any]]
    """(gradients, state, params, step) -> (updates, state); params + updates are the new parameters.

    `step` counts from 0, a scalar int32 tensor, the same for every problem. A fifth argument, a Seen, is handed to the
    update of an entry that `asks`.
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
    asks: Asks | None = None
    """What `update` asks for beyond gradients; None: nothing. It goes into `discloses`, and is paid from the budget."""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise OptimizerError(
                f"optimizer name {self.name!r} is not valid; use lower-case words joined by '-' or '_'"
            )
        if self.kind not in KINDS:
            raise OptimizerError(f"optimizer {self.name!r}: kind {self.kind!r} is none of {KINDS}")
        if self.asks is not None and not isinstance(self.asks, Asks):
            raise OptimizerError(f"optimizer {self.name!r}: asks is {self.asks!r}; give Asks(losses=…, gradients=…)")
        if self.kind != "oracle" and self.informed:
            raise OptimizerError(
                f"optimizer {self.name!r}: informed is for kind 'oracle', which is not ranked; an update that needs "
                "the loss, or evaluates it elsewhere, says how often: Entry(…, asks=Asks(losses=12))"
            )
        if self.kind != "oracle" and self.asks is not None and self.asks.floor:
            raise OptimizerError(
                f"optimizer {self.name!r}: the floor is for kind 'oracle', which is not ranked; make it a setting of θ"
            )
        object.__setattr__(self, "discloses", {**self.discloses, **_disclosed(self.asks)})

    @property
    def told_gradients_only(self) -> bool:
        """Whether it is a system of gradients alone, as probes, ablations and Keras take it."""
        return not self.informed and self.asks is None

    def updates(self, steps: Any) -> Any:
        """Updates of a run of `steps` gradient evaluations; a whole number or an array of them."""
        return steps if self.asks is None else self.asks.updates(steps)


def _disclosed(asks: Asks | None) -> dict[str, Any]:
    if asks is None:
        return {}
    counts = {"losses_per_update": asks.losses, "gradients_per_update": asks.gradients, "knows_floor": asks.floor}
    return {"sees_step_loss": True, **{key: value for key, value in counts.items() if value}}


def with_horizon(theta: Mapping[str, Any], steps: float) -> dict[str, Any]:
    """θ, told the number of `steps` of a run if it asks for it by a `horizon`.

    >>> from optimizers.base import with_horizon
    >>> with_horizon({"learning_rate": 0.1, "horizon": 200.0}, 50)
    {'learning_rate': 0.1, 'horizon': 50.0}
    """
    return {**theta, "horizon": float(steps)} if "horizon" in theta else dict(theta)
