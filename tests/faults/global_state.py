"""The loss counts its calls in a module-level dictionary."""

from dataclasses import dataclass

from tasks import Task, register, tf

calls = {"n": 0}


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        calls["n"] += 1
        return tf.reduce_sum(tf.square(params)) * (1.0 + 0.01 * calls["n"])


register("faulty", Faulty())
