"""An evaluation per coordinate."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))

    def evaluate(self, params, data):
        return tf.square(params)


register("faulty", Faulty())
