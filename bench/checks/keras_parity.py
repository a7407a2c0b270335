"""A Keras optimizer through the shim against the same class in a plain Python loop."""

from __future__ import annotations

from typing import Any

from bench.checks.optimizer_case import OptimizerCase
from bench.checks.result import Fault
from optimizers import Entry
from optimizers.parity import parity as difference

_AGREE = 1e-5


def parity(case: OptimizerCase) -> None:
    """Six steps on two problems are plain Keras's, to 1e-5, at two θ; entries of no Keras class pass."""
    if not hasattr(case.entry.build, "plain"):
        return
    apart = difference(case.entry, [dict(case.entry.defaults), _elsewhere(case.entry)])
    if not apart <= _AGREE:
        raise Fault(
            f"differs by {apart:.1e} from plain Keras; its class makes a Python number of a "
            "swept setting or keeps a copy of the variables: write it as a functional Entry"
        )


def _elsewhere(entry: Entry) -> dict[str, Any]:
    """θ in the middle of the space, at the default rates: divergence would amplify rounding."""
    middle = {
        name: distribution.quantile(0.5)
        for name, distribution in entry.space.items()
        if "rate" not in name and "target" not in name
    }
    floats = {
        name: value
        for name, value in middle.items()
        if isinstance(value, float) and isinstance(entry.defaults[name], float)
    }
    return {**entry.defaults, **floats}
