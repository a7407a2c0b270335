"""Classic test functions of two variables; all but the paper's Rosenbrock are placed anew in every problem.

Minima and boxes as collected by Jamil and Yang (A literature survey of benchmark functions, 2013) and Surjanovic and
Bingham (Virtual library of simulation experiments, 2013). Floors that are not 0 are lowered by what float32 may round
off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf
from tasks.placement import Placed


@dataclass(frozen=True)
class Rosenbrock(Task):
    """f(x, y) = (1 − x)² + 100 (y − x²)², start uniform on [−2, 2] × [−1, 3]; minimum 0 at (1, 1), as in the paper."""

    reference: ClassVar[str] = "Rosenbrock, An automatic method for finding the least value, 1960"
    tags: ClassVar[tuple[str, ...]] = ("classic", "nonconvex", "paper")
    tile: ClassVar[tuple[int, int]] = (128, 64)
    flexible: ClassVar[bool] = True

    def sample(self, key):
        low, high = tf.constant([-2.0, -1.0]), tf.constant([2.0, 3.0])
        return low + (high - low) * tf.random.stateless_uniform([2], seed=key, alg="philox"), ()

    def loss(self, params, data, batch):
        x, y = params[0], params[1]
        return tf.square(1.0 - x) + 100.0 * tf.square(y - x * x)


@dataclass(frozen=True)
class Planar(Placed):
    """A function of two variables without settings; equal to any other of its class."""

    tags: ClassVar[tuple[str, ...]] = ("classic", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (128, 64)


class Beale(Planar):
    """f = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)² on [−4.5, 4.5]²; minimum 0 at (3, 0.5)."""

    reference: ClassVar[str] = "Beale, On an iterative method of finding a local minimum, 1958"
    box: ClassVar = ([-4.5, -4.5], [4.5, 4.5])

    def value(self, x):
        x, y = x[0], x[1]
        first, second = tf.square(1.5 - x + x * y), tf.square(2.25 - x + x * y * y)
        return first + second + tf.square(2.625 - x + x * y * y * y)


class Booth(Planar):
    """f = (x + 2y − 7)² + (2x + y − 5)² on [−10, 10]²; minimum 0 at (1, 3)."""

    reference: ClassVar[str] = "Booth, An application of the method of steepest descents, 1949"
    tags: ClassVar[tuple[str, ...]] = ("classic", "convex")
    box: ClassVar = ([-10.0, -10.0], [10.0, 10.0])

    def value(self, x):
        x, y = x[0], x[1]
        return tf.square(x + 2.0 * y - 7.0) + tf.square(2.0 * x + y - 5.0)


class Matyas(Planar):
    """f = 0.26 (x² + y²) − 0.48 xy on [−10, 10]²; minimum 0 at (0, 0).

    Written as 0.01 (x + y)² + 0.25 (x − y)²: the same polynomial without cancellation.
    """

    reference: ClassVar[str] = "Matyas, Random optimization, 1965"
    tags: ClassVar[tuple[str, ...]] = ("classic", "convex")
    box: ClassVar = ([-10.0, -10.0], [10.0, 10.0])

    def value(self, x):
        x, y = x[0], x[1]
        return 0.01 * tf.square(x + y) + 0.25 * tf.square(x - y)


class Himmelblau(Planar):
    """f = (x² + y − 11)² + (x + y² − 7)² on [−5, 5]²; minimum 0 at (3, 2) and three points more."""

    reference: ClassVar[str] = "Himmelblau, Applied nonlinear programming, 1972"
    box: ClassVar = ([-5.0, -5.0], [5.0, 5.0])

    def value(self, x):
        x, y = x[0], x[1]
        return tf.square(x * x + y - 11.0) + tf.square(x + y * y - 7.0)


class ThreeHumpCamel(Planar):
    """f = 2x² − 1.05x⁴ + x⁶/6 + xy + y² on [−5, 5]²; minimum 0 at (0, 0), two local minima beside it."""

    reference: ClassVar[str] = "Branin, Widely convergent method for finding multiple solutions, 1972"
    box: ClassVar = ([-5.0, -5.0], [5.0, 5.0])

    def value(self, x):
        x, y = x[0], x[1]
        square = x * x
        # 1.75 + … is 2 − ¼: completing the square in y leaves a sum that float32 cannot take below 0
        bowl = square * (1.75 - 1.05 * square + square * square / 6.0)
        return bowl + tf.square(y + 0.5 * x)


class SixHumpCamel(Planar):
    """f = (4 − 2.1x² + x⁴/3) x² + xy + 4 (y² − 1) y² on [−3, 3] × [−2, 2]; minimum −1.031628 at ±(0.0898, −0.7126)."""

    floor: ClassVar[float] = -1.03163
    reference: ClassVar[str] = "Branin, Widely convergent method for finding multiple solutions, 1972"
    box: ClassVar = ([-3.0, -2.0], [3.0, 2.0])

    def value(self, x):
        x, y = x[0], x[1]
        square = x * x
        humps = (4.0 - 2.1 * square + square * square / 3.0) * square
        return humps + x * y + 4.0 * (y * y - 1.0) * y * y


class Branin(Planar):
    """f = (y − 5.1x²/4π² + 5x/π − 6)² + 10 (1 − 1/8π) cos x + 10 on [−5, 10] × [0, 15]; minimum 0.397887, thrice."""

    floor: ClassVar[float] = 0.39788
    reference: ClassVar[str] = "Branin, Widely convergent method for finding multiple solutions, 1972"
    box: ClassVar = ([-5.0, 0.0], [10.0, 15.0])

    def value(self, x):
        x, y = x[0], x[1]
        valley = y - 5.1 / (4.0 * math.pi**2) * x * x + 5.0 / math.pi * x - 6.0
        return tf.square(valley) + 10.0 * (1.0 - 1.0 / (8.0 * math.pi)) * tf.cos(x) + 10.0


class GoldsteinPrice(Planar):
    """f = [1 + (s + 1)² (19 − 14s + 3s²)] [30 + d² (18 − 16d + 3d²)], s = x + y, d = 2x − 3y.

    On [−2, 2]²; minimum 3 at (0, −1), values up to 10⁶.
    """

    floor: ClassVar[float] = 2.99995
    reference: ClassVar[str] = "Goldstein and Price, On descent from local minima, 1971"
    box: ClassVar = ([-2.0, -2.0], [2.0, 2.0])

    def value(self, x):
        x, y = x[0], x[1]
        s, d = x + y, 2.0 * x - 3.0 * y
        first = 1.0 + tf.square(s + 1.0) * (19.0 - 14.0 * s + 3.0 * s * s)
        return first * (30.0 + tf.square(d) * (18.0 - 16.0 * d + 3.0 * d * d))
