"""NumPy's generator in the loss: other numbers at every tracing."""

from dataclasses import dataclass

import numpy as np

from tasks import Task, register, tf

generator = np.random.default_rng(0)


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        noise = generator.standard_normal(3).astype("float32")
        return tf.reduce_sum(tf.square(params + 0.1 * noise))


register("faulty", Faulty())
