"""A batch in parts: the mean of their meta-gradients, some of them computed at once.

Each part is clipped by the median of its own problems, so the number of parts is one of the settings that determine the
weights; how many are computed at a time moves no bit. Threads do it: TensorFlow leaves Python's lock while it computes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from bench.metatraining.metagradient import Estimate


class Part(NamedTuple):
    """Problems of one iteration: data, what each step sees, and what the estimator carries from segment to segment."""

    data: Any
    seen: Any
    carry: Any


def split(numbers: Sequence[int], parts: int) -> list[Sequence[int]]:
    """`numbers` in `parts` runs of one length.

    >>> split([5, 6, 7, 8], 2)
    [[5, 6], [7, 8]]
    """
    length = len(numbers) // parts
    return [numbers[i * length : (i + 1) * length] for i in range(parts)]


class Parts:
    """Calls one program for every part, `workers` at a time; the first call, which compiles it, by itself."""

    def __init__(self, workers: int):
        self._threads = ThreadPoolExecutor(workers) if workers > 1 else None
        self._compiled: set[Any] = set()

    def segment(
        self, program: Any, theta: Any, parts: list[Part], k: int, keys: list[Any]
    ) -> tuple[Estimate, list[Part]]:
        """The mean of the estimates of segment `k`, and the parts at its end."""

        def one(part: Part, key: Any) -> tuple[Estimate, Any]:
            return program.segment(theta, part.carry, part.data, part.seen, k, key)

        done = self._map((program, k), one, parts, keys)
        ahead = [part._replace(carry=carry) for part, (_, carry) in zip(parts, done, strict=True)]
        return mean([estimate for estimate, _ in done]), ahead

    def _map(self, what: Any, one: Callable, *each: list[Any]) -> list[Any]:
        if self._threads is None or what not in self._compiled:
            self._compiled.add(what)
            return list(map(one, *each))
        return list(self._threads.map(one, *each))


def mean(estimates: list[Estimate]) -> Estimate:
    """Of parts of one size, in their order; one stays as it is."""
    if len(estimates) == 1:
        return estimates[0]
    import tensorflow as tf

    scale = 1.0 / len(estimates)
    summed = {name: scale * tf.add_n([each.gradients[name] for each in estimates]) for name in estimates[0].gradients}
    losses = tf.concat([each.losses for each in estimates], -1)
    loss = scale * tf.add_n([each.loss for each in estimates])
    return estimates[0]._replace(loss=loss, losses=losses, gradients=summed)
