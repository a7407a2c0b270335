"""What one core of this machine can do, measured: products, memory, square roots and the like. NumPy, one thread.

Where JAX is installed, XLA's own loops count too, and the better of the two is the peak.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

MEBIBYTE = 2**20
SIZES = (1, 8, 64)
"""MiB that a copy touches, read and written: within the second-level cache, within the third, beyond."""
ELEMENTS = 4096
"""Of the elementwise loops: they stay in the first-level cache."""
_TURN = 0.1


def measure() -> dict[str, float]:
    """Peaks per second: "flops", "bytes 1", "bytes 8", "bytes 64", "sqrt", "div", "tanh", "exp", "log"."""
    rates = {"flops": _products(), **{f"bytes {size}": _copies(size) for size in SIZES}}
    for name, rate in _loops_numpy().items():
        rates[name] = rate
    try:
        theirs = _loops_xla()
    except ImportError:
        theirs = {}
    return {name: max(rate, theirs.get(name, 0.0)) for name, rate in rates.items()}


def _products(n: int = 512) -> float:
    a = np.random.default_rng(0).normal(size=(n, n)).astype("float32")
    out = np.empty_like(a)
    return 2 * n**3 / _seconds(lambda: np.matmul(a, a, out=out))


def _copies(size: int) -> float:
    source = np.ones(size * MEBIBYTE // 8, "float32")
    target = np.empty_like(source)
    return 2 * source.nbytes / _seconds(lambda: np.copyto(target, source))


def _loops_numpy() -> dict[str, float]:
    x = np.linspace(0.1, 2.0, ELEMENTS, dtype="float32")
    out = np.empty_like(x)
    loops: dict[str, Callable] = {
        "sqrt": lambda: np.sqrt(x, out=out),
        "div": lambda: np.divide(x, x, out=out),
        "tanh": lambda: np.tanh(x, out=out),
        "exp": lambda: np.exp(x, out=out),
        "log": lambda: np.log(x, out=out),
    }
    return {name: ELEMENTS / _seconds(loop) for name, loop in loops.items()}


def _loops_xla(repeats: int = 1000) -> dict[str, float]:
    """Each function iterated on one array inside one program, so that no call is counted."""
    import jax
    import jax.numpy as jnp

    x = jnp.linspace(0.1, 2.0, ELEMENTS)
    steps = {
        "sqrt": jnp.sqrt,
        "div": lambda y: 1.5 / y,
        "tanh": jnp.tanh,
        "exp": lambda y: jnp.exp(-y),
        "log": lambda y: jnp.log(y + 2.0),
    }

    def rate(step) -> float:
        program = jax.jit(lambda y: jax.lax.fori_loop(0, repeats, lambda _, y: step(y), y))
        return ELEMENTS * repeats / _seconds(lambda: program(x).block_until_ready())

    return {name: rate(step) for name, step in steps.items()}


def _seconds(work: Callable) -> float:
    """Best of many calls."""
    work()
    best, end = float("inf"), time.perf_counter() + _TURN
    while time.perf_counter() < end:
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best
