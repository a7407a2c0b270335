"""Random quadratics: the paper's linear regression, well and ill conditioned ones, noise, and a saddle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf
from tasks.layout import row_product


@dataclass(frozen=True)
class Quadratic(Task):
    """f(x) = ½ (x − x*)ᵀ H (x − x*), H = Q diag(λ) Qᵀ, log10 λ uniform, Q a random rotation.

    The minimizer is x* = −H⁻¹ v with v, x₀ ~ N(0, I), as in the paper's ½ xᵀHx + vᵀx + c; written around x* the float32
    loss keeps its relative precision down to 1e-12 of the start instead of 1e-6.
    """

    dimension: int = 5
    log10_spectrum: tuple[float, float] = (-3.0, 0.0)
    reference: ClassVar[str] = "Maheswaranathan et al., Reverse engineering learned optimizers, 2021"
    tags: ClassVar[tuple[str, ...]] = ("quadratic", "convex", "paper")
    tile: ClassVar[tuple[int, int]] = (64, 32)

    def sample(self, key):
        n = self.dimension
        low, high = self.log10_spectrum
        exponents = tf.random.stateless_uniform([n], seed=key, minval=low, maxval=high, alg="philox")
        eigenvalues = 10.0**exponents
        rotation = random_rotation(n, key + 1)
        slope = tf.random.stateless_normal([n], seed=key + 2, alg="philox")
        start = tf.random.stateless_normal([n], seed=key + 3, alg="philox")
        coordinates = tf.linalg.matvec(rotation, slope, transpose_a=True)
        minimizer = -tf.linalg.matvec(rotation, coordinates / eigenvalues)
        hessian = tf.matmul(rotation * eigenvalues, rotation, transpose_b=True)
        return start, {"hessian": hessian, "minimizer": minimizer}

    def loss(self, params, data, batch):
        return half_square(params - data["minimizer"], data["hessian"])


@dataclass(frozen=True)
class Conditioned(Task):
    """f(x) = ½ (x − x*)ᵀ H (x − x*), eigenvalues from 1/condition to 1, equally spaced on a log axis.

    H is turned by a random rotation; x*, x₀ ~ N(0, I). With `noise` σ each gradient is off by N(0, σ² I), drawn anew
    every step: what is differentiated is f(x) + ⟨ε, x⟩, what is scored is f. Minimum 0.
    """

    dimension: int = 10
    condition: float = 100.0
    noise: float = 0.0
    reference: ClassVar[str] = "Polyak, Some methods of speeding up the convergence, 1964"
    floor: ClassVar[float] = 0.0

    @property
    def tags(self):
        return ("quadratic", "convex", *(("stochastic",) if self.noise else ()))

    @property
    def tile(self):
        return (64, 32) if self.dimension <= 16 else (16, 16)

    @property
    def cost(self):
        return "light" if self.dimension <= 16 else "medium"

    def sample(self, key):
        n = self.dimension
        eigenvalues = tf.pow(self.condition, -tf.linspace(0.0, 1.0, n))
        rotation = random_rotation(n, key)
        minimizer = tf.random.stateless_normal([n], seed=key + 1, alg="philox")
        start = tf.random.stateless_normal([n], seed=key + 2, alg="philox")
        hessian = tf.matmul(rotation * eigenvalues, rotation, transpose_b=True)
        return start, {"hessian": hessian, "minimizer": minimizer}

    def loss(self, params, data, batch):
        value = half_square(params - data["minimizer"], data["hessian"])
        return value if batch is None else value + tf.reduce_sum(batch * params)

    def batches(self, key, steps):
        if not self.noise:
            return None
        shape = [steps, self.dimension]
        return self.noise * tf.random.stateless_normal(shape, seed=key, alg="philox")


@dataclass(frozen=True)
class Diagonal(Task):
    """f(x) = ½ Σ λᵢ (xᵢ − xᵢ*)², log10 λ uniform over `decades` below 1: every coordinate on its own. Minimum 0."""

    dimension: int = 20
    decades: float = 4.0
    reference: ClassVar[str] = "Duchi, Hazan and Singer, Adaptive subgradient methods, 2011"
    tags: ClassVar[tuple[str, ...]] = ("quadratic", "convex")
    tile: ClassVar[tuple[int, int]] = (64, 32)

    def sample(self, key):
        n = [self.dimension]
        exponents = tf.random.stateless_uniform(n, seed=key, minval=-self.decades, maxval=0.0, alg="philox")
        minimizer = tf.random.stateless_normal(n, seed=key + 1, alg="philox")
        start = tf.random.stateless_normal(n, seed=key + 2, alg="philox")
        return start, {"eigenvalues": 10.0**exponents, "minimizer": minimizer}

    def loss(self, params, data, batch):
        return 0.5 * tf.reduce_sum(data["eigenvalues"] * tf.square(params - data["minimizer"]))


@dataclass(frozen=True)
class Saddle(Task):
    """f(x) = ½ Σ λᵢ uᵢ² + ¼ (v² − 1)², (u, v) a rotation of x: a saddle at 0 between the minima 0 at v = ±1.

    Starts have u ~ N(0, I) and v within `nearness` of the saddle, where the slope that leads out is small.
    """

    dimension: int = 10
    nearness: float = 1e-2
    reference: ClassVar[str] = "Dauphin et al., Identifying and attacking the saddle point, 2014"
    tags: ClassVar[tuple[str, ...]] = ("quadratic", "nonconvex")
    tile: ClassVar[tuple[int, int]] = (64, 32)

    def sample(self, key):
        n = self.dimension
        rotation = random_rotation(n, key)
        start = tf.random.stateless_normal([n - 1], seed=key + 1, alg="philox")
        away = tf.random.stateless_uniform([1], seed=key + 2, minval=-self.nearness, maxval=self.nearness, alg="philox")
        return row_product(tf.concat([start, away], 0), rotation), {"rotation": rotation}

    def loss(self, params, data, batch):
        turned = tf.matmul(params[None], data["rotation"], transpose_b=True)[0]
        eigenvalues = 10.0 ** -tf.linspace(0.0, 2.0, self.dimension - 1)
        bowl = 0.5 * tf.reduce_sum(eigenvalues * tf.square(turned[:-1]))
        return bowl + 0.25 * tf.square(tf.square(turned[-1]) - 1.0)


def half_square(offset, hessian):
    """½ xᵀ H x: offset x (n,), hessian H (n, n) -> scalar."""
    return 0.5 * tf.reduce_sum(row_product(offset, hessian) * offset)


def random_rotation(n: int, key):
    """Haar-distributed orthogonal (n, n) matrix: QR of a Gaussian, signs fixed (Mezzadri, 2007)."""
    q, r = tf.linalg.qr(tf.random.stateless_normal([n, n], seed=key, alg="philox"))
    return q * tf.sign(tf.linalg.diag_part(r))
