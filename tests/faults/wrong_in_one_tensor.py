"""The gradient of one parameter tensor out of two has the wrong sign."""

from dataclasses import dataclass

from tasks import Task, register, tf


@dataclass(frozen=True)
class Faulty(Task):
    def sample(self, key):
        w = tf.random.stateless_normal([4, 3], key, alg="philox")
        return {"b": tf.zeros([3]) + 0.1, "w": w}, ()

    def loss(self, params, data, batch):
        flipped = 2.0 * tf.stop_gradient(params["b"]) - params["b"]
        return tf.reduce_sum(tf.square(params["w"])) + tf.reduce_sum(tf.exp(flipped))


register("faulty", Faulty())
