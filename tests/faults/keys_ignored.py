"""The same problem for every key."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.constant([1.0, 2.0, 3.0]), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


register("faulty", Faulty())
