"""Batches whose leading axis is not the steps."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def batches(self, key, steps):
        return tf.random.stateless_normal([3, steps], key, alg="philox")

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params - batch))

    def evaluate(self, params, data):
        return tf.reduce_sum(tf.square(params))


register("faulty", Faulty())
