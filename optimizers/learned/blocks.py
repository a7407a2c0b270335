"""Parameters as a few long vectors: every large tensor is one, all small ones together are one.

A number of a tensor meets each of its parameters: for a large tensor the compiler broadcasts it, with small ones it is
repeated, which is cheap there and keeps programs short. Means over a large tensor are those of a sample.
"""

from __future__ import annotations

import math
from typing import Any

SAMPLE = 1024
"""Parameters of a tensor that its means are taken of. A compiled sum over all costs more than Adam's whole update."""


class Blocks:
    """Of nested `params`: `parts`, the numbers of the leaves in every block, and their `counts` of parameters."""

    def __init__(self, params: Any):
        import tensorflow as tf

        self.shapes = [tuple(leaf.shape) for leaf in tf.nest.flatten(params)]
        self.counts = [math.prod(shape) for shape in self.shapes]
        small = [i for i, count in enumerate(self.counts) if count <= SAMPLE]
        large = [i for i, count in enumerate(self.counts) if count > SAMPLE]
        self.parts = [*([small] if small else []), *([i] for i in large)]

    def gather(self, nested: Any) -> list:
        """A vector (rows,) of every block."""
        import tensorflow as tf

        leaves = [tf.reshape(leaf, [-1]) for leaf in tf.nest.flatten(nested)]
        return [tf.concat([leaves[i] for i in part], 0) if len(part) > 1 else leaves[part[0]] for part in self.parts]

    def scatter(self, vectors: list, like: Any) -> Any:
        """The way back: in the structure and shapes of `like`."""
        import tensorflow as tf

        leaves: dict[int, Any] = {}
        for part, vector in zip(self.parts, vectors, strict=True):
            pieces = tf.split(vector, [self.counts[i] for i in part]) if len(part) > 1 else [vector]
            leaves |= {i: tf.reshape(piece, self.shapes[i]) for i, piece in zip(part, pieces, strict=True)}
        return tf.nest.pack_sequence_as(like, [leaves[i] for i in range(len(leaves))])

    def spread(self, numbers: Any, block: int) -> list:
        """(tensors, k) -> k numbers or vectors that multiply what a block holds."""
        import tensorflow as tf

        part = self.parts[block]
        if len(part) == 1:
            return tf.unstack(numbers[part[0]])
        repeats = [tf.broadcast_to(numbers[i][:, None], [numbers.shape[1], self.counts[i]]) for i in part]
        return tf.unstack(tf.concat(repeats, 1))

    def look(self, vector: Any, block: int) -> Any:
        """What a block's means are taken of: all of it, or every n-th parameter of a large tensor."""
        every = self.every(block)
        return vector if every == 1 else vector[::every]

    def every(self, block: int) -> int:
        """The least that leaves `SAMPLE`, and that shares no factor with the number of columns."""
        first = self.parts[block][0]
        if self.counts[first] <= SAMPLE:
            return 1
        every = -(-self.counts[first] // SAMPLE)
        while math.gcd(every, self.shapes[first][-1]) > 1:
            every += 1
        return every

    def means(self, looked: list) -> Any:
        """(k, what is looked at) of every block -> means within every tensor, (k, tensors)."""
        import tensorflow as tf

        found: dict[int, Any] = {}
        for part, values in zip(self.parts, looked, strict=True):
            pieces = tf.split(values, [self.counts[i] for i in part], axis=1) if len(part) > 1 else [values]
            found |= {i: tf.reduce_mean(piece, 1) for i, piece in zip(part, pieces, strict=True)}
        return tf.stack([found[i] for i in range(len(found))], 1)
