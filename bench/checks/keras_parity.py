"""A Keras optimizer through the shim against the same class in a plain Python loop."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from bench.checks.nests import gap
from bench.checks.result import Fault
from bench.checks.rivals import SEEDS, Rival
from optimizers.keras import KerasBuild

STEPS = 6
_AGREE = 1e-5


def parity(rival: Rival) -> None:
    """Six steps on three problems end where plain Keras ends, to 1e-5."""
    if not isinstance(rival.entry.build, KerasBuild):
        return
    for row in range(SEEDS):
        ours = rival.walk(rival.optimizer, row, STEPS)[-1]
        apart = gap(ours, plain_walk(rival, row))
        if apart > _AGREE:
            raise Fault(
                f"ends {apart:.1e} away from plain Keras after {STEPS} steps; its class reads a setting while building "
                "or keeps a copy of the variables: write it as a functional Entry"
            )


def plain_walk(rival: Rival, row: int) -> Any:
    """Parameters after STEPS steps of the Keras class itself, from problem `row`'s start."""
    import keras

    params = rival.params(row)
    variables = [keras.Variable(leaf) for leaf in tf.nest.flatten(params)]
    optimizer = plain(rival.entry)
    for _ in range(STEPS):
        values = tf.nest.pack_sequence_as(params, [tf.convert_to_tensor(v) for v in variables])
        optimizer.apply(tf.nest.flatten(rival.gradients(values, row)), variables)
    return tf.nest.pack_sequence_as(params, [tf.convert_to_tensor(v) for v in variables])


def plain(entry: Any) -> Any:
    """The Keras optimizer that `entry` stands for, at its defaults."""
    import keras

    from optimizers.keras import _thaw

    source = entry.build.source
    cls = getattr(keras.optimizers, source) if isinstance(source, str) else source
    return cls(**{**_thaw(entry.build.fixed), **entry.defaults})
