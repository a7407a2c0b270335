"""A loss that does not look at the parameters."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        start = tf.random.stateless_normal([3], key, alg="philox")
        return start, start

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(data))


register("faulty", Faulty())
