"""New tasks of any task: rescaled, rotated, noisy, delayed.

`tasks.get('rescaled[task="rosenbrock", parameters=10.0]')`, or `Rescaled("rosenbrock", parameters=10.0)`; they nest.
Floor, tags, tile, cost, delay and version are the inner task's; the keys of a wrapped task derive from its own name, so
its problems are others of the same distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tasks.base import Task, TaskError, get, tf
from tasks.layout import row_product
from tasks.quadratic import random_rotation

_LARGEST_ROTATION = 512


@dataclass(frozen=True)
class Wrapper(Task):
    """A task of the task `task`, given by name or as an object; as it stands, the same task."""

    task: Any = "rosenbrock"

    def __post_init__(self):
        inner = get(self.task) if isinstance(self.task, str) else self.task
        if not isinstance(inner, Task):
            raise TaskError(f"{self.task!r} is not a task; give a registered name or a task object")
        if type(inner).train_loss is not Task.train_loss:
            raise TaskError(f"{type(inner).__name__} has a state of its own and cannot be wrapped; name another task")
        object.__setattr__(self, "task", inner)

    @property
    def floor(self):
        return self.task.floor

    @property
    def reference(self):
        return self.task.reference

    @property
    def tags(self):
        return (*self.task.tags, "wrapped")

    @property
    def version(self):
        return self.task.version

    @property
    def tile(self):
        return self.task.tile

    @property
    def cost(self):
        return self.task.cost

    @property
    def delay(self):
        return self.task.delay

    def own(self, key):
        """Keys of the wrapper's own draws: far from the inner task's, another for every layer of wrapping."""
        depth, inner = 1, self.task
        while isinstance(inner, Wrapper):
            depth, inner = depth + 1, inner.task
        return key + 1000 * depth

    def sample(self, key):
        return self.task.sample(key)

    def loss(self, params, data, batch):
        return self.task.loss(params, data, batch)

    def batches(self, key, steps):
        return self.task.batches(key, steps)

    def evaluate(self, params, data):
        return self.task.evaluate(params, data)


@dataclass(frozen=True)
class Rescaled(Wrapper):
    """In units of the parameters: θ' = θ / c, where c = `parameters` · 10^U(−spread, spread) for every parameter.

    The loss, along with its floor, is the same; gradients are c times as large (Lv, Jiang and Li, Learning gradient
    descent, 2017, train under such random scales).
    """

    parameters: float = 10.0
    spread: float = 0.0

    def __post_init__(self):
        super().__post_init__()
        if self.parameters <= 0 or self.spread < 0:
            raise TaskError(f"parameters={self.parameters!r}, spread={self.spread!r}: they are > 0 and ≥ 0")

    def sample(self, key):
        params, data = self.task.sample(key)
        scales = [
            self.parameters * 10.0 ** (self.spread * tf.random.stateless_uniform(leaf.shape, k, -1, 1, alg="philox"))
            for leaf, k in _each_leaf(params, self.own(key))
        ]
        scales = tf.nest.pack_sequence_as(params, scales)
        return tf.nest.map_structure(tf.divide, params, scales), {"inner": data, "scales": scales}

    def loss(self, params, data, batch):
        return self.task.loss(self._inner(params, data), data["inner"], batch)

    def evaluate(self, params, data):
        return self.task.evaluate(self._inner(params, data), data["inner"])

    def _inner(self, params, data):
        return tf.nest.map_structure(tf.multiply, params, data["scales"])


@dataclass(frozen=True)
class ScaledLoss(Wrapper):
    """`factor` times the loss: what steps that ignore the size of gradients do not notice."""

    factor: float = 100.0

    def __post_init__(self):
        super().__post_init__()
        if self.factor <= 0:
            raise TaskError(f"factor={self.factor!r} of a loss: it is > 0")

    @property
    def floor(self):
        return self.factor * self.task.floor

    def loss(self, params, data, batch):
        return self.factor * self.task.loss(params, data, batch)

    def evaluate(self, params, data):
        return self.factor * self.task.evaluate(params, data)


@dataclass(frozen=True)
class Noisy(Wrapper):
    """Gradients off by `deviation` · N(0, I), drawn anew every step and the same for every optimizer.

    What is differentiated is loss + ⟨ε, θ⟩; what is scored is the task's own evaluation, without noise.
    """

    deviation: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        if self.deviation < 0:
            raise TaskError(f"deviation={self.deviation!r} of gradient noise: it is ≥ 0")

    @property
    def tags(self):
        return (*(tag for tag in super().tags if tag != "stochastic"), "stochastic")

    def batches(self, key, steps):
        params, _ = self.task.sample(key)  # for its shapes
        noise = [
            self.deviation * tf.random.stateless_normal([steps, *leaf.shape], k, alg="philox")
            for leaf, k in _each_leaf(params, self.own(key))
        ]
        inner = self.task.batches(key, steps)
        drawn = {"noise": tf.nest.pack_sequence_as(params, noise)}
        return drawn if inner is None else {**drawn, "inner": inner}

    def loss(self, params, data, batch):
        if batch is None:
            return self.task.loss(params, data, None)
        noise, leaves = tf.nest.flatten(batch["noise"]), tf.nest.flatten(params)
        tilt = sum(tf.reduce_sum(n * p) for n, p in zip(noise, leaves, strict=True))
        return self.task.loss(params, data, batch.get("inner")) + tilt


@dataclass(frozen=True)
class Rotated(Wrapper):
    """θ' = R θ of the flattened parameters, R a random rotation of every problem: no coordinate is special.

    The loss along a path of gradient descent stays the same; that of a component-wise optimizer does not.
    """

    def sample(self, key):
        params, data = self.task.sample(key)
        size = sum(math.prod(leaf.shape) for leaf in tf.nest.flatten(params))
        if size > _LARGEST_ROTATION:
            raise TaskError(
                f"a rotation of {size} parameters is a matrix of {size}²; rotate a task of at most {_LARGEST_ROTATION}"
            )
        rotation = random_rotation(size, self.own(key))
        flat = tf.concat([tf.reshape(leaf, [-1]) for leaf in tf.nest.flatten(params)], axis=0)
        return row_product(flat, rotation), {"inner": data, "rotation": rotation, "like": params}

    def loss(self, params, data, batch):
        return self.task.loss(self._inner(params, data), data["inner"], batch)

    def evaluate(self, params, data):
        return self.task.evaluate(self._inner(params, data), data["inner"])

    def _inner(self, params, data):
        flat = tf.matmul(params[None], data["rotation"], transpose_b=True)[0]
        like = tf.nest.flatten(data["like"])
        parts = tf.split(flat, [math.prod(leaf.shape) for leaf in like])
        leaves = [tf.reshape(part, leaf.shape) for part, leaf in zip(parts, like, strict=True)]
        return tf.nest.pack_sequence_as(data["like"], leaves)


@dataclass(frozen=True)
class Delayed(Wrapper):
    """Gradients `steps` steps late: step t is handed the gradient at the parameters of step t − steps.

    The first ones see the starting point. Asynchronous training does this (Agarwal and Duchi, Distributed delayed
    stochastic optimization, 2011). A loss cannot say so itself: the engine reads `Task.delay`.
    """

    steps: int = 4

    @property
    def delay(self):
        return self.task.delay + self.steps


def _each_leaf(params, key):
    return [(leaf, key + i) for i, leaf in enumerate(tf.nest.flatten(params))]
