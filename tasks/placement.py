"""Textbook functions placed anew in every problem: shifted and rotated, so that no point and no axis is special.

Many of them have their minimum at the origin, where rules that shrink parameters or jump to zero find it without
looking. Drawn as in the COCO platform (Hansen et al., COCO: a platform for comparing continuous optimizers, 2021).
"""

from __future__ import annotations

from typing import Any

from tasks.base import Task, tf
from tasks.layout import row_product
from tasks.quadratic import random_rotation


class Placed(Task):
    """A function f of textbook coordinates x (n,), where θ = xR + s; starts are uniform in x's published box.

    Every problem draws its rotation R and its shift s, uniform within half the box's width to either side of 0. The
    minimum, and all that gradient descent does, stay those of f; what treats coordinates one by one sees others.
    Subclasses give `box` and `value`.
    """

    @property
    def box(self) -> tuple[list[float], list[float]]:
        """Lowest and highest textbook coordinates of starts, n numbers each."""
        raise NotImplementedError

    def value(self, x: Any) -> Any:
        """f at textbook coordinates x (n,): a scalar."""
        raise NotImplementedError

    @property
    def version(self) -> int:
        """2: placed anew in every problem; before, every problem had its minimum at the textbook's point."""
        return 2

    def sample(self, key):
        low, high = (tf.constant(side) for side in self.box)
        reach = (high - low) / 2
        rotation = random_rotation(len(self.box[0]), key + 1)
        shift = reach * tf.random.stateless_uniform(reach.shape, seed=key + 2, minval=-1, maxval=1, alg="philox")
        return row_product(uniform(key, low, high), rotation) + shift, {"rotation": rotation, "shift": shift}

    def textbook(self, params, data):
        """Textbook coordinates x of parameters θ: (θ − s) Rᵀ, (n,)."""
        return tf.matmul((params - data["shift"])[None], data["rotation"], transpose_b=True)[0]

    def loss(self, params, data, batch):
        return self.value(self.textbook(params, data))


def uniform(key, low, high):
    """A point uniform in the box from `low` to `high`, both (n,)."""
    draw = tf.random.stateless_uniform(low.shape, seed=key, alg="philox")
    return low + (high - low) * draw
