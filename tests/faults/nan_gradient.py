"""Starts where the norm has no gradient."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.zeros([3]), tf.random.stateless_normal([3], key, alg="philox")

    def loss(self, params, data, batch):
        return tf.sqrt(tf.reduce_sum(tf.square(params))) + tf.reduce_sum(tf.square(params - data))


register("faulty", Faulty())
