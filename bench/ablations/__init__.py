"""Causal tests: an optimizer with one mechanism removed, frozen or linearised, as an entry like any other.

    ablated[optimizer=gru-rosenbrock,without=momentum]      linearised[optimizer=adam,at=path]

Importing this makes such names known to `optimizers.get`; nothing heavy is imported until one is used.
"""

from bench.ablations.naming import FAMILIES, MECHANISMS, Spec
from optimizers import Entry
from optimizers.base import register_family

__all__ = ["FAMILIES", "MECHANISMS", "Spec", "resolve"]


def resolve(name: str) -> Entry:
    """The entry of `ablated[…]` or `linearised[…]`; raises OptimizerError."""
    from bench import names
    from bench.ablations import entries, naming

    optimizer, spec = naming.parse(name)
    return entries.entry(names.entry(optimizer), spec)


for _family in FAMILIES:
    register_family(_family, resolve)
