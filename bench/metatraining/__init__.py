"""Descending in θ: the meta-training loop, resumable to the same bits.

The recipe is measured, not guessed: full unroll, adjoints clipped and discounted (bench.metatraining.metagradient),
Adam with a short warm-up and a cosine by iteration, the global norm clipped to twice its running median, non-finite
steps skipped and counted, the best θ on held-out problems kept.
"""

from bench.metatraining.settings import Settings
from bench.metatraining.training import metatrain

__all__ = ["Settings", "metatrain"]
