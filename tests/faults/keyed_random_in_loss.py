"""The loss draws the same noise at every step, which only looks deterministic."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        noise = tf.random.stateless_normal([3], [1, 2], alg="philox")
        return tf.reduce_sum(tf.square(params + 0.1 * noise))


register("faulty", Faulty())
