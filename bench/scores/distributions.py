"""Student's t and the beta distribution without SciPy, which boards do not import: it takes a quarter of a second.

Both rest on the regularized incomplete beta function, by its continued fraction (DLMF 8.17.22).
"""

from __future__ import annotations

import math

_TINY = 1e-300
_EXACT = 1e-15
_HALVINGS = 200


def beta_cdf(x: float, a: float, b: float) -> float:
    """P(X <= x) of a beta distribution with a, b > 0."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_cdf(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / a * _fraction(x, a, b)


def beta_quantile(share: float, a: float, b: float) -> float:
    """The x below which `share` of a beta distribution lies, to the last digit, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if beta_cdf(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def two_sided_t(t: float, degrees: float) -> float:
    """P(|T| >= |t|) of Student's t."""
    return 1.0 if t == 0 else beta_cdf(degrees / (degrees + t * t), degrees / 2, 0.5)


def t_quantile(level: float, degrees: float) -> float:
    """The t with P(|T| <= t) = `level`."""
    x = beta_quantile(1 - level, degrees / 2, 0.5)
    return math.sqrt(degrees * (1 - x) / x)


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction, by Lentz's method."""
    d = 1 / _off_zero(1 + _odd(0, x, a, b))
    value, c = d, 1.0
    for m in range(1, 10_000):
        for term in (_even(m, x, a, b), _odd(m, x, a, b)):
            d = 1 / _off_zero(1 + term * d)
            c = _off_zero(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return value


def _odd(m: int, x: float, a: float, b: float) -> float:
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))


def _even(m: int, x: float, a: float, b: float) -> float:
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
