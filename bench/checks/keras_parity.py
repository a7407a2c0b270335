"""A Keras optimizer through the shim against the same class in a plain Python loop."""

from __future__ import annotations

from optimizers.parity import parity as difference

from bench.checks.result import Fault
from bench.checks.rivals import Rival

_AGREE = 1e-5


def parity(rival: Rival) -> None:
    """Six steps on two problems end where plain Keras ends, to 1e-5; entries of no Keras class pass."""
    if not hasattr(rival.entry.build, "plain"):
        return
    apart = difference(rival.entry, [dict(rival.entry.defaults)])
    if not apart <= _AGREE:
        raise Fault(
            f"differs by {apart:.1e} from plain Keras; its class reads a setting while building or keeps a copy of "
            "the variables: write it as a functional Entry"
        )
