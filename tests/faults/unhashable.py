"""A dataclass that is not frozen, around a list."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass
class Faulty(Task):
    scales: list

    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


register("faulty", Faulty([1.0, 2.0]))
