"""Random convex quadratics, the paper's linear regression among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tasks.base import Task, tf


@dataclass(frozen=True)
class Quadratic(Task):
    """f(x) = ½ (x − x*)ᵀ H (x − x*), H = Q diag(λ) Qᵀ, log10 λ uniform, Q a random rotation.

    The minimizer is x* = −H⁻¹ v with v, x₀ ~ N(0, I), as in the paper's ½ xᵀHx + vᵀx + c; written around
    x* the float32 loss keeps its relative precision down to 1e-12 of the start instead of 1e-6.
    """

    dimension: int = 5
    log10_spectrum: tuple[float, float] = (-3.0, 0.0)
    reference: ClassVar[str] = (
        "Maheswaranathan et al., Reverse engineering learned optimizers, 2021"
    )
    tags: ClassVar[tuple[str, ...]] = ("paper", "convex")
    tile: ClassVar[tuple[int, int]] = (64, 32)

    def sample(self, key):
        n = self.dimension
        low, high = self.log10_spectrum
        exponents = tf.random.stateless_uniform(
            [n], seed=key, minval=low, maxval=high, alg="philox"
        )
        eigenvalues = 10.0**exponents
        rotation = random_rotation(n, key + 1)
        slope = tf.random.stateless_normal([n], seed=key + 2, alg="philox")
        start = tf.random.stateless_normal([n], seed=key + 3, alg="philox")
        coordinates = tf.linalg.matvec(rotation, slope, transpose_a=True)
        minimizer = -tf.linalg.matvec(rotation, coordinates / eigenvalues)
        hessian = tf.matmul(rotation * eigenvalues, rotation, transpose_b=True)
        return start, {"hessian": hessian, "minimizer": minimizer}

    def loss(self, params, data, batch):
        offset = params - data["minimizer"]
        # the product in row form, one matrix for all configurations of a seed
        return 0.5 * tf.reduce_sum(tf.matmul(offset[None], data["hessian"])[0] * offset)


def random_rotation(n: int, key):
    """Haar-distributed orthogonal (n, n) matrix: QR of a Gaussian, signs fixed (Mezzadri, 2007)."""
    q, r = tf.linalg.qr(tf.random.stateless_normal([n, n], seed=key, alg="philox"))
    return q * tf.sign(tf.linalg.diag_part(r))
