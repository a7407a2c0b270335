"""Random bits that depend on the device."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


register("faulty", Faulty())
