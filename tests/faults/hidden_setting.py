"""A setting that the task's name does not show."""

from tasks import Task, register, tf


class Faulty(Task):
    def __init__(self, scale=2.0):
        self.scale = scale

    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return self.scale * tf.reduce_sum(tf.square(params))


register("faulty", Faulty())
