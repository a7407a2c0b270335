"""What a loss cannot do: each mistake made for real, and the line that says what to write instead."""

import re
from dataclasses import dataclass

import pytest
import tensorflow as tf

from bench.engine.unroll import nested
from tasks import Task, TaskError
from tasks.mistakes import check, explain

_MATRIX = tf.random.Generator.from_seed(1)


@dataclass(frozen=True)
class Wrong(Task):
    """A task of four parameters with one function for its loss."""

    write: object

    def sample(self, key):
        return tf.zeros([4]), ()

    def loss(self, params, data, batch):
        return self.write(params)


def raised(write):
    """What the engine's two nested vectorized maps around a gradient raise for a loss."""

    def one(params, data, hyper):
        with tf.GradientTape() as tape:
            tape.watch(params)
            loss = write(params)
        return loss, tape.gradient(loss, params)

    @tf.function(jit_compile=True, autograph=False)
    def program(params):
        return nested(one, True)(params, tf.zeros([3]), tf.zeros([2]))

    with pytest.raises(Exception, match=r"\S") as caught:
        program(tf.ones([3, 2, 4]))
    return caught.value


def conv2d(p):
    kernel = tf.reshape(p, [2, 2, 1, 1])
    return tf.reduce_sum(tf.nn.conv2d(tf.ones([1, 8, 8, 1]), kernel, 1, "SAME"))


def looped(p):
    square = tf.reduce_sum(p * p)
    return tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a + square), (0, 0.0))[1]


DRAWS = "draw ahead instead: what differs by problem in `sample(key)`, by step in `batches(key, steps)`"
RAISED = {
    "conv2d": (conv2d, "Conv2D cannot be vectorized over filters; write tasks.layout.convolve"),
    "key from params": (
        lambda p: tf.reduce_sum(p * tf.random.stateless_normal([4], tf.cast(p[:2], tf.int32), alg="philox")),
        DRAWS,
    ),
    "generator": (lambda p: tf.reduce_sum(p * _MATRIX.normal([4])), DRAWS),
    "shuffle": (lambda p: tf.reduce_sum(p * tf.random.shuffle(p)), DRAWS),
    "mask": (lambda p: tf.reduce_sum(tf.boolean_mask(p, p > 0)), "multiply by a mask instead"),
    "svd": (
        lambda p: tf.reduce_sum(tf.linalg.svd(tf.reshape(p, [2, 2]), compute_uv=False)),
        "Svd cannot be vectorized; the engine runs all problems at once",
    ),
    "python": (
        lambda p: tf.numpy_function(lambda x: x.sum(), [p], tf.float32),
        "PyFunc calls Python; write the loss in TensorFlow operations",
    ),
    "no gradient": (lambda p: tf.reduce_sum(tf.unique(p)[0]), "Unique has no gradient"),
    "if": (lambda p: p[0] if p[0] > 0 else p[1], "write tf.where(condition, a, b)"),
    "for": (lambda p: sum(x * x for x in p), "write tf.unstack(x)"),
    "numpy": (lambda p: tf.reduce_sum(p.numpy()), "write tf functions, not NumPy's"),
    "float64": (
        lambda p: tf.reduce_sum(p * tf.constant([1.0, 2.0, 3.0, 4.0], tf.float64)),
        "tensors are float32: cast data in `sample`",
    ),
    "while": (looped, "unroll it in Python"),
    "scan": (lambda p: tf.scan(lambda a, x: a + x * x, p, 0.0)[-1], "unroll it in Python"),
    "nothing": (lambda p: None, "the loss returns None; it returns a scalar tensor"),
}


@pytest.mark.parametrize("mistake", RAISED)
def test_what_the_engine_raises_is_explained(mistake):
    write, remedy = RAISED[mistake]
    line = explain(raised(write))
    assert remedy in line
    assert "\n" not in line


def test_a_mistake_unknown_here_is_left_alone():
    assert explain(ValueError("Dimensions must be equal, but are 4 and 3 for MatMul")) is None
    assert explain(KeyError("weights")) is None


SILENT = {
    "normal": (lambda p: tf.reduce_sum(p * tf.random.normal([4])), "RandomStandardNormal draws random"),
    "dropout": (lambda p: tf.reduce_sum(tf.nn.dropout(p, 0.5)), DRAWS),
    "stateless": (lambda p: tf.reduce_sum(p * tf.random.stateless_normal([4], [1, 2], alg="philox")), DRAWS),
    "inside a branch": (lambda p: tf.cond(p[0] > 0, lambda: tf.random.normal([]), lambda: p[1]), DRAWS),
    "vector": (lambda p: p * p, "Wrong.loss returns shape (4,), not a scalar; end it with tf.reduce_mean"),
    "float64": (lambda p: tf.cast(tf.reduce_sum(p), tf.float64), "Wrong.loss returns float64; tensors are float32"),
    "number": (lambda p: 3.0, "Wrong.loss returns float; it returns a scalar tensor"),
    "float()": (lambda p: tf.constant(float(p[0])), "traced before there are numbers; write tf.cast"),
    "int()": (lambda p: p[int(p[0])], "traced before there are numbers; write tf.cast"),
    "range()": (lambda p: sum(p[i] for i in range(tf.size(p))), "traced before there are numbers; write tf.cast"),
    "python": (lambda p: tf.numpy_function(lambda x: x.sum(), [p], tf.float32), "calls Python; write the loss in"),
    "if": (lambda p: p[0] if p[0] > 0 else p[1], "Wrong.loss: a Python `if` cannot depend on a tensor"),
}


@pytest.mark.parametrize("mistake", SILENT)
def test_what_raises_nothing_is_found_in_the_graph(mistake):
    write, text = SILENT[mistake]
    with pytest.raises(TaskError, match=re.escape(text)):
        check(Wrong(write), tf.zeros([4]), ())


def test_parameters_that_are_not_float32():
    with pytest.raises(TaskError, match=r"Wrong\.sample returns int32 parameters; tensors are float32"):
        check(Wrong(tf.reduce_sum), tf.zeros([4], tf.int32), ())


def test_a_loss_that_needs_its_batch_is_no_evaluation():
    @dataclass(frozen=True)
    class Seen(Task):
        def sample(self, key):
            return tf.zeros([4]), ()

        def loss(self, params, data, batch):
            return tf.reduce_sum(params * batch)

    with pytest.raises(TaskError, match=r"Seen has batches and no evaluate .* write evaluate\(params, data\)"):
        check(Seen(), tf.zeros([4]), (), tf.zeros([4]))


def test_a_sound_loss_passes():
    check(Wrong(lambda p: tf.reduce_sum(p * p)), tf.zeros([4]), ())
