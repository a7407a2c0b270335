"""The loss computes in float64 on the way."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        exact = tf.cast(params, tf.float64)
        return tf.cast(tf.reduce_sum(exact * exact), tf.float32)


register("faulty", Faulty())
