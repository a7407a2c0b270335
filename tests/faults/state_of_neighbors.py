"""A variable that remembers the last problem's size."""

from dataclasses import dataclass

from tasks import Task, register, tf

memory = []


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        return tf.random.stateless_normal([3], key, alg="philox"), ()

    def loss(self, params, data, batch):
        if not memory:
            with tf.init_scope():
                memory.append(tf.Variable(0.0))
        before = tf.identity(memory[0])
        memory[0].assign(tf.reduce_sum(tf.abs(params)))
        return tf.reduce_sum(tf.square(params)) + before


register("faulty", Faulty())
