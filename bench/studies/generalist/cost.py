"""What an update costs: ns per parameter and step on a network of 10⁵ parameters, entries timed in turn."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import optimizers

SHAPES = ((784, 110), (110,), (110, 120), (120,), (120, 10), (10,))
PARAMETERS = sum(int(np.prod(shape)) for shape in SHAPES)
STEPS, ROUNDS = 50, 9


def nanoseconds(names: Sequence[str]) -> dict[str, float]:
    """{name: ns} at the entries' defaults: the fastest of nine rounds of 50 compiled steps, the gradient a product.

    In processor time, so that a busy machine tells nearly the same.
    """
    import tensorflow as tf

    rng = np.random.default_rng(0)
    x = [tf.constant(rng.normal(size=shape).astype("float32")) for shape in SHAPES]
    slopes = [tf.constant((10 ** rng.uniform(-2, 0, size=shape)).astype("float32")) for shape in SHAPES]
    programs = {name: _program(name) for name in names}
    spent: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(ROUNDS + 1):
        for name, program in programs.items():
            began = time.process_time()
            program(x, slopes)[0].numpy()
            if turn:  # the first compiles
                spent[name].append(time.process_time() - began)
    return {name: min(of) / STEPS / PARAMETERS * 1e9 for name, of in spent.items()}


def lines(found: Mapping[str, float]) -> list[str]:
    """As the page has them, beside Adam's."""
    told = (f"`{name}` {ns:.2g} ns ({ns / found['adam']:.2g} × Adam)" for name, ns in found.items())
    return [
        f"Per parameter and step on a network of {PARAMETERS:,} parameters, updates alone, in processor time: "
        f"{', '.join(told)}."
    ]


def _program(name: str) -> Any:
    import tensorflow as tf

    entry = optimizers.get(name)
    optimizer = entry.build(dict(entry.defaults))

    @tf.function(jit_compile=True, autograph=False)
    def program(x, slopes):
        def body(i, x, state):
            gradients = [a * b for a, b in zip(slopes, x, strict=True)]
            updates, state = optimizer.update(gradients, state, x, i)
            return i + 1, [a + b for a, b in zip(x, updates, strict=True)], state

        loop = (0, x, optimizer.init(x))
        return tf.while_loop(lambda i, *_: i < STEPS, body, loop, maximum_iterations=STEPS)[1]

    return program
