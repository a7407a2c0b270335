"""Classic test functions of any number of variables, from starts uniform in their published boxes.

Sources of minima and boxes as in `tasks.classic`. Written so that float32 cannot fall below a minimum of 0: sums of
squares, 2 sin²(u/2) for 1 − cos u, expm1.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, TaskError, tf
from tasks.classic import uniform


@dataclass(frozen=True)
class Spacious(Task):
    """A function of `dimension` variables."""

    dimension: int = 10
    tags: ClassVar[tuple[str, ...]] = ("classic", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (64, 32)


class RosenbrockN(Spacious):
    """f = Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² on [−2.048, 2.048]ⁿ; minimum 0 at (1, …, 1), a local one near (−1, 1, …)."""

    reference: ClassVar[str] = "De Jong, Analysis of genetic adaptive systems, 1975"

    def sample(self, key):
        return _in_cube(key, self.dimension, 2.048), ()

    def loss(self, params, data, batch):
        head, tail = params[:-1], params[1:]
        valley = tf.square(tail - tf.square(head))
        return tf.reduce_sum(100.0 * valley + tf.square(1.0 - head))


class Rastrigin(Spacious):
    """f = Σ xᵢ² + 10 (1 − cos 2πxᵢ) on [−5.12, 5.12]ⁿ; minimum 0 at 0, about 11ⁿ local ones."""

    reference: ClassVar[str] = "Rastrigin, Systems of extremal control, 1974"

    def sample(self, key):
        return _in_cube(key, self.dimension, 5.12), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params) + 20.0 * tf.square(tf.sin(math.pi * params)))


class Ackley(Spacious):
    """f = 20 (1 − e^(−0.2 r)) + e − e^c on [−32.768, 32.768]ⁿ; minimum 0 at 0.

    r is the root mean square of x, c the mean of cos 2πxᵢ.
    """

    reference: ClassVar[str] = "Ackley, A connectionist machine for genetic hillclimbing, 1987"

    def sample(self, key):
        return _in_cube(key, self.dimension, 32.768), ()

    def loss(self, params, data, batch):
        # 1e-20 keeps the gradient of the root finite at 0
        radius = tf.sqrt(tf.reduce_mean(tf.square(params)) + 1e-20)
        ripple = -2.0 * tf.reduce_mean(tf.square(tf.sin(math.pi * params)))
        return -20.0 * tf.math.expm1(-0.2 * radius) - math.e * tf.math.expm1(ripple)


class Levy(Spacious):
    """f = sin² πw₁ + Σ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (wₙ − 1)² (1 + sin² 2πwₙ), wᵢ = 1 + (xᵢ − 1)/4.

    On [−10, 10]ⁿ, the sum over i < n; minimum 0 at (1, …, 1).
    """

    reference: ClassVar[str] = "Levy and Montalvo, The tunneling algorithm, 1985"

    def sample(self, key):
        return _in_cube(key, self.dimension, 10.0), ()

    def loss(self, params, data, batch):
        off = (params - 1.0) / 4.0  # w − 1; sin² has period π
        middle = 1.0 + 10.0 * tf.square(tf.sin(math.pi * off[:-1] + (math.pi + 1.0)))
        last = tf.square(off[-1]) * (1.0 + tf.square(tf.sin(2.0 * math.pi * off[-1])))
        first = tf.square(tf.sin(math.pi * off[0]))
        return first + tf.reduce_sum(tf.square(off[:-1]) * middle) + last


class StyblinskiTang(Spacious):
    """f = ½ Σ xᵢ⁴ − 16 xᵢ² + 5 xᵢ on [−5, 5]ⁿ; minimum −39.16617 n at (−2.9035, …, −2.9035)."""

    reference: ClassVar[str] = "Styblinski and Tang, Experiments in nonconvex optimization, 1990"

    @property
    def floor(self):
        return -39.16618 * self.dimension

    def sample(self, key):
        return _in_cube(key, self.dimension, 5.0), ()

    def loss(self, params, data, batch):
        square = tf.square(params)
        return 0.5 * tf.reduce_sum(square * (square - 16.0) + 5.0 * params)


class Griewank(Spacious):
    """f = Σ xᵢ²/4000 + 1 − Π cos(xᵢ/√i) on [−600, 600]ⁿ; minimum 0 at 0, thousands of local ones."""

    reference: ClassVar[str] = "Griewank, Generalized descent for global optimization, 1981"

    def sample(self, key):
        return _in_cube(key, self.dimension, 600.0), ()

    def loss(self, params, data, batch):
        roots = tf.sqrt(tf.cast(tf.range(1, self.dimension + 1), params.dtype))
        waves = tf.unstack(tf.cos(params / roots))
        product = functools.reduce(lambda a, b: a * b, waves)
        return tf.reduce_sum(tf.square(params)) / 4000.0 + (1.0 - product)


@dataclass(frozen=True)
class Zakharov(Spacious):
    """f = Σ xᵢ² + s² + s⁴, s = ½ Σ i xᵢ, on [−5, 10]ⁿ; minimum 0 at 0, no other."""

    dimension: int = 5
    reference: ClassVar[str] = "Zakharov, in Jamil and Yang, A literature survey, 2013"
    tags: ClassVar[tuple[str, ...]] = ("classic", "convex")

    def sample(self, key):
        return uniform(key, [-5.0] * self.dimension, [10.0] * self.dimension), ()

    def loss(self, params, data, batch):
        weights = tf.cast(tf.range(1, self.dimension + 1), params.dtype)
        square = tf.square(0.5 * tf.reduce_sum(weights * params))
        return tf.reduce_sum(tf.square(params)) + square + tf.square(square)


@dataclass(frozen=True)
class Powell(Spacious):
    """f = Σ (a + 10b)² + 5 (c − d)² + (b − 2c)⁴ + 10 (a − d)⁴ over groups (a, b, c, d) on [−4, 5]ⁿ; minimum 0 at 0.

    The Hessian is singular there: descent ends sublinearly. `dimension` is a multiple of 4.
    """

    dimension: int = 8
    reference: ClassVar[str] = "Powell, An iterative method for finding stationary values, 1962"
    tags: ClassVar[tuple[str, ...]] = ("classic", "convex")

    def __post_init__(self):
        if self.dimension % 4:
            raise TaskError(f"dimension {self.dimension!r} of Powell's function is not a multiple of 4")

    def sample(self, key):
        return uniform(key, [-4.0] * self.dimension, [5.0] * self.dimension), ()

    def loss(self, params, data, batch):
        groups = tf.reshape(params, [-1, 4])
        a, b, c, d = (groups[:, i] for i in range(4))
        squares = tf.square(a + 10.0 * b) + 5.0 * tf.square(c - d)
        quartic = tf.square(tf.square(b - 2.0 * c)) + 10.0 * tf.square(tf.square(a - d))
        return tf.reduce_sum(squares + quartic)


class DixonPrice(Spacious):
    """f = (x₁ − 1)² + Σ i (2xᵢ² − xᵢ₋₁)² on [−10, 10]ⁿ; minimum 0 at xᵢ = 2^(2^(1−i) − 1)."""

    reference: ClassVar[str] = "Dixon and Price, The truncated Newton method, 1989"

    def sample(self, key):
        return _in_cube(key, self.dimension, 10.0), ()

    def loss(self, params, data, batch):
        weights = tf.cast(tf.range(2, self.dimension + 1), params.dtype)
        chain = tf.square(2.0 * tf.square(params[1:]) - params[:-1])
        return tf.square(params[0] - 1.0) + tf.reduce_sum(weights * chain)


@dataclass(frozen=True)
class Michalewicz(Spacious):
    """f = −Σ sin xᵢ sin²⁰(i xᵢ²/π) on [0, π]ⁿ; minimum −1.8013 for n = 2, −4.687658 for 5, −9.66015 for 10.

    Narrow valleys between plateaus without slope. For other n the floor, −n, is a bound.
    """

    dimension: int = 5
    reference: ClassVar[str] = "Michalewicz, Genetic algorithms + data structures, 1992"

    @property
    def floor(self):
        known = {2: -1.801305, 5: -4.687662, 10: -9.660155}
        return known.get(self.dimension, -float(self.dimension))

    def sample(self, key):
        return uniform(key, [0.0] * self.dimension, [math.pi] * self.dimension), ()

    def loss(self, params, data, batch):
        weights = tf.cast(tf.range(1, self.dimension + 1), params.dtype)
        square = tf.square(tf.sin(weights * tf.square(params) / math.pi))
        tenth = tf.square(tf.square(square)) * square
        return -tf.reduce_sum(tf.sin(params) * tf.square(tenth))


def _in_cube(key, dimension: int, half_width: float):
    return uniform(key, [-half_width] * dimension, [half_width] * dimension)
