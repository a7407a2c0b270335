"""A convolution whose filter is a parameter: TensorFlow cannot vectorize it."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3, 3, 1, 2], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(tf.nn.conv2d(tf.ones([1, 5, 5, 1]), params, 1, "VALID")))


register("faulty", Faulty())
