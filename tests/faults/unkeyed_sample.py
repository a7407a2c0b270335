"""Starting points that no key determines."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.normal([3]), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


register("faulty", Faulty())
