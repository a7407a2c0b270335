"""A custom gradient that forgets the factor 2."""

from dataclasses import dataclass

from tasks import Task, register, tf


def square(x):
    return tf.custom_gradient(lambda y: (y * y, lambda upstream: upstream * y))(x)


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(square(params))


register("faulty", Faulty())
