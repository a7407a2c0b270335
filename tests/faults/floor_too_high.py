"""A floor above what any optimizer reaches."""

from dataclasses import dataclass
from typing import ClassVar

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    floor: ClassVar[float] = 0.5

    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))


register("faulty", Faulty())
