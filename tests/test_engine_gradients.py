"""Gradients are dense: a loss that gathers rows of a table trains as one that multiplies by their indicators."""

from dataclasses import dataclass

import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.checks import check
from bench.engine.problems import Problems
from bench.engine.race import race
from bench.lookup.named import NamedTask
from tasks import Task

WORDS = 7


@dataclass(frozen=True)
class Words(Task):
    """Eight words a step, some of them twice; the gradient of rows not met is zero."""

    gathered: bool

    def sample(self, key):
        def drawn(i, *shape):
            return tf.random.stateless_normal(shape, key + i, alg="philox")

        return {"table": drawn(0, WORDS, 3), "out": drawn(1, 3)}, drawn(2, WORDS)

    def batches(self, key, steps):
        return tf.random.stateless_uniform([steps, 8], key, 0, WORDS, tf.int32, alg="philox")

    def loss(self, params, data, batch):
        if self.gathered:
            rows, values = tf.nn.embedding_lookup(params["table"], batch), tf.gather(data, batch)
        else:
            met = tf.one_hot(batch, WORDS)
            rows, values = met @ params["table"], tf.linalg.matvec(met, data)
        return tf.reduce_mean(tf.square(tf.linalg.matvec(rows, params["out"]) - values))

    def evaluate(self, params, data):
        return tf.reduce_mean(tf.square(tf.linalg.matvec(params["table"], params["out"]) - data))


SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    for name in ("adam", "rmsprop", "adagrad", "adafactor", "lion", "gru-rosenbrock")
]


@pytest.mark.parametrize("name", ["momentum", *SLOW])
def test_rows_that_are_gathered_train_as_a_product_does(name):
    entry = optimizers.get(name)
    gathered, multiplied = (
        race(entry, [entry.defaults], Problems(NamedTask("words", Words(way)), "report", [0, 1], 20)).runs.losses
        for way in (True, False)
    )
    np.testing.assert_allclose(gathered, multiplied, rtol=2e-4)


def test_its_gradients_pass_the_check():
    assert [result for result in check(Words(True)) if not result.passed] == []
