"""A part of the loss that the gradient does not see."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        hidden = tf.stop_gradient(params)
        return tf.reduce_sum(tf.square(params) + tf.square(hidden))


register("faulty", Faulty())
