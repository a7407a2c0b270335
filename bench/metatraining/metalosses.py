"""What meta-training makes small: one number of the losses along a run, or along a segment of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bench.errors import UserError

KINDS = ("mean", "log", "mixed")


@dataclass(frozen=True)
class MetaLoss:
    """Mean over steps and problems of f / f₀ ("mean"), of log(f + 1e-6) ("log"), or of both ("mixed").

    f₀ is the loss before the first step. "mixed" is f / f₀ + `log_weight` · log(f / f₀ + 1e-9).
    """

    kind: str = "mixed"
    log_weight: float = 0.005

    def __post_init__(self):
        if self.kind not in KINDS:
            raise UserError(f"loss must be mean, log or mixed, not {self.kind!r}")
        if not 0 <= self.log_weight < math.inf:
            raise UserError(f"log_weight must be 0 or more, not {self.log_weight}")

    def __call__(self, losses):
        """Of a whole run: losses (steps + 1, problems) -> scalar."""
        import tensorflow as tf

        def ratio():
            return losses / tf.stop_gradient(losses[:1])

        if self.kind == "mean":
            return tf.reduce_mean(ratio())
        if self.kind == "log":
            return tf.reduce_mean(tf.math.log(losses + 1e-6))
        logarithm = tf.reduce_mean(tf.math.log(ratio() + 1e-9))
        return tf.reduce_mean(ratio()) + self.log_weight * logarithm

    def of_segment(self, losses, first, start, share: float):
        """Per problem, of the steps `start` … of a run: losses (length + 1, problems) -> (problems,).

        `first`: f₀ of the run, not of the segment. The loss at `start` belongs to the segment before, unless `start` is
        0. The sum over steps is multiplied by `share`; with segments / (steps + 1) the mean over all segments of a run
        is the meta-loss of the run.
        """
        import tensorflow as tf

        terms = self._terms(losses, tf.stop_gradient(first))
        foremost = tf.where(tf.equal(start, 0), terms[0], tf.zeros_like(terms[0]))
        return share * (foremost + tf.reduce_sum(terms[1:], axis=0))

    def _terms(self, losses, first):
        import tensorflow as tf

        if self.kind == "log":
            return tf.math.log(losses + 1e-6)
        ratio = losses / first
        if self.kind == "mean":
            return ratio
        return ratio + self.log_weight * tf.math.log(ratio + 1e-9)


def meta_loss(kind: str | MetaLoss, log_weight: float = 0.005) -> MetaLoss:
    """The meta-loss of a name, or itself; raises UserError."""
    return kind if isinstance(kind, MetaLoss) else MetaLoss(kind, log_weight)
