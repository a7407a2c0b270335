"""Classic test functions of any number of variables, placed anew in every problem.

Sources of minima and boxes as in `tasks.classic`. Written so that float32 cannot fall below a minimum of 0: sums of
squares, 2 sin²(u/2) for 1 − cos u, expm1.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import ClassVar

from tasks.base import TaskError, tf
from tasks.placement import Placed


@dataclass(frozen=True)
class Spacious(Placed):
    """A function of `dimension` variables."""

    dimension: int = 10
    tags: ClassVar[tuple[str, ...]] = ("classic", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (64, 32)

    def cube(self, low: float, high: float) -> tuple[list[float], list[float]]:
        """The box with these sides along every axis."""
        return [low] * self.dimension, [high] * self.dimension


class RosenbrockN(Spacious):
    """f = Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² on [−2.048, 2.048]ⁿ; minimum 0 at (1, …, 1), a local one near (−1, 1, …)."""

    reference: ClassVar[str] = "De Jong, Analysis of genetic adaptive systems, 1975"

    @property
    def box(self):
        return self.cube(-2.048, 2.048)

    def value(self, x):
        head, tail = x[:-1], x[1:]
        valley = tf.square(tail - tf.square(head))
        return tf.reduce_sum(100.0 * valley + tf.square(1.0 - head))


class Rastrigin(Spacious):
    """f = Σ xᵢ² + 10 (1 − cos 2πxᵢ) on [−5.12, 5.12]ⁿ; minimum 0 at 0, about 11ⁿ local ones."""

    reference: ClassVar[str] = "Rastrigin, Systems of extremal control, 1974"

    @property
    def box(self):
        return self.cube(-5.12, 5.12)

    def value(self, x):
        return tf.reduce_sum(tf.square(x) + 20.0 * tf.square(tf.sin(math.pi * x)))


class Ackley(Spacious):
    """f = 20 (1 − e^(−0.2 r)) + e − e^c on [−32.768, 32.768]ⁿ; minimum 0 at 0.

    r is the root mean square of x, c the mean of cos 2πxᵢ.
    """

    reference: ClassVar[str] = "Ackley, A connectionist machine for genetic hillclimbing, 1987"

    @property
    def box(self):
        return self.cube(-32.768, 32.768)

    def value(self, x):
        # 1e-20 keeps the gradient of the root finite at 0
        radius = tf.sqrt(tf.reduce_mean(tf.square(x)) + 1e-20)
        ripple = -2.0 * tf.reduce_mean(tf.square(tf.sin(math.pi * x)))
        return -20.0 * tf.math.expm1(-0.2 * radius) - math.e * tf.math.expm1(ripple)


class Levy(Spacious):
    """f = sin² πw₁ + Σ (wᵢ − 1)² (1 + 10 sin²(πwᵢ + 1)) + (wₙ − 1)² (1 + sin² 2πwₙ), wᵢ = 1 + (xᵢ − 1)/4.

    On [−10, 10]ⁿ, the sum over i < n; minimum 0 at (1, …, 1).
    """

    reference: ClassVar[str] = "Levy and Montalvo, The tunneling algorithm, 1985"

    @property
    def box(self):
        return self.cube(-10.0, 10.0)

    def value(self, x):
        off = (x - 1.0) / 4.0  # w − 1; sin² has period π
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

    @property
    def box(self):
        return self.cube(-5.0, 5.0)

    def value(self, x):
        square = tf.square(x)
        return 0.5 * tf.reduce_sum(square * (square - 16.0) + 5.0 * x)


class Griewank(Spacious):
    """f = Σ xᵢ²/4000 + 1 − Π cos(xᵢ/√i) on [−600, 600]ⁿ; minimum 0 at 0, thousands of local ones."""

    reference: ClassVar[str] = "Griewank, Generalized descent for global optimization, 1981"

    @property
    def box(self):
        return self.cube(-600.0, 600.0)

    def value(self, x):
        roots = tf.sqrt(tf.cast(tf.range(1, self.dimension + 1), x.dtype))
        waves = tf.unstack(tf.cos(x / roots))
        product = functools.reduce(lambda a, b: a * b, waves)
        return tf.reduce_sum(tf.square(x)) / 4000.0 + (1.0 - product)


@dataclass(frozen=True)
class Zakharov(Spacious):
    """f = Σ xᵢ² + s² + s⁴, s = ½ Σ i xᵢ, on [−5, 10]ⁿ; minimum 0 at 0, no other."""

    dimension: int = 5
    reference: ClassVar[str] = "Zakharov, in Jamil and Yang, A literature survey, 2013"
    tags: ClassVar[tuple[str, ...]] = ("classic", "convex")

    @property
    def box(self):
        return self.cube(-5.0, 10.0)

    def value(self, x):
        weights = tf.cast(tf.range(1, self.dimension + 1), x.dtype)
        square = tf.square(0.5 * tf.reduce_sum(weights * x))
        return tf.reduce_sum(tf.square(x)) + square + tf.square(square)


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

    @property
    def box(self):
        return self.cube(-4.0, 5.0)

    def value(self, x):
        groups = tf.reshape(x, [-1, 4])
        a, b, c, d = (groups[:, i] for i in range(4))
        squares = tf.square(a + 10.0 * b) + 5.0 * tf.square(c - d)
        quartic = tf.square(tf.square(b - 2.0 * c)) + 10.0 * tf.square(tf.square(a - d))
        return tf.reduce_sum(squares + quartic)


class DixonPrice(Spacious):
    """f = (x₁ − 1)² + Σ i (2xᵢ² − xᵢ₋₁)² on [−10, 10]ⁿ; minimum 0 at xᵢ = 2^(2^(1−i) − 1)."""

    reference: ClassVar[str] = "Dixon and Price, The truncated Newton method, 1989"

    @property
    def box(self):
        return self.cube(-10.0, 10.0)

    def value(self, x):
        weights = tf.cast(tf.range(2, self.dimension + 1), x.dtype)
        chain = tf.square(2.0 * tf.square(x[1:]) - x[:-1])
        return tf.square(x[0] - 1.0) + tf.reduce_sum(weights * chain)


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

    @property
    def box(self):
        return self.cube(0.0, math.pi)

    def value(self, x):
        weights = tf.cast(tf.range(1, self.dimension + 1), x.dtype)
        square = tf.square(tf.sin(weights * tf.square(x) / math.pi))
        tenth = tf.square(tf.square(square)) * square
        return -tf.reduce_sum(tf.sin(x) * tf.square(tenth))
