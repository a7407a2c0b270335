"""What the meta-gradient asks of an optimizer: every parameter is treated by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from bench.errors import UserError


def check_separable(architecture: Any) -> None:
    """Raise UserError unless the optimizer treats every parameter by itself.

    The meta-gradient runs one optimizer over the parameters of all problems at once; one that looks
    at several parameters together, a global norm say, would there mix problems.
    """
    draw = np.random.default_rng(0)
    initial = architecture.initial(0)
    theta = {
        k: np.asarray(v + 0.1 * draw.normal(size=np.shape(v)), "float32")
        for k, v in initial.items()
    }
    optimizer = architecture.build({name: tf.constant(value) for name, value in theta.items()})
    params, *gradients = (tf.constant(draw.normal(size=(4, 3)), tf.float32) for _ in range(4))
    together = _updates(optimizer, params, gradients)
    for i in range(len(params)):
        alone = _updates(optimizer, params[i : i + 1], [g[i : i + 1] for g in gradients])
        if not np.allclose(together[i], alone[0], rtol=1e-4, atol=1e-6):
            raise UserError(
                f"{type(architecture).__name__} acts on several parameters together; "
                "only optimizers that treat each parameter by itself can be meta-trained"
            )


def _updates(optimizer, params, gradients) -> np.ndarray:
    """The last of as many updates as there are `gradients`, like params."""
    state = optimizer.init(params)
    for step, gradient in enumerate(gradients):
        updates, state = optimizer.update(gradient, state, params, step)
    return updates.numpy()
