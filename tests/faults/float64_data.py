"""Data in float64."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        start = tf.random.stateless_normal([3], key, alg="philox")
        return start, tf.ones([3], tf.float64)

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.cast(data, tf.float32) * tf.square(params))


register("faulty", Faulty())
