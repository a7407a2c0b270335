"""Parameters of every form a nest can take: each is raced as a cell, or refused in one line that says what to write."""

from collections import OrderedDict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import optimizers
from bench.lookup.named import NamedTask
from bench.records.record import Budget
from bench.running.cell import evaluate_cell
from bench.suites.jobs import job
from optimizers import Entry, Optimizer
from tasks import Task

Pair = namedtuple("Pair", ["left", "right"])
BUDGET = Budget(3, 2, 1)


def ones(*shape):
    return tf.ones(shape)


HELD: dict[str, Callable[[], Any]] = {
    "nested": lambda: {"a": [ones(2), (ones(3), {"b": ones(2, 2)})], "c": ones()},
    "scalar": lambda: ones(),
    "empty": lambda: {"w": ones(3), "no-rows": ones(0, 4)},
    "empty nest": lambda: {"w": ones(3), "nothing": {}},
    "pair": lambda: Pair(ones(2), ones(3)),
    "ordered": lambda: OrderedDict(b=ones(2), a=ones(3)),
    "rank 8": lambda: ones(1, 2, 1, 3, 1, 1, 2, 1),
    "list": lambda: [ones(2), ones(3)],
    "numbers": lambda: [1.0, 1.0],
    "numpy": lambda: np.ones(3, "float32"),
    "whole-number keys": lambda: {0: ones(2), 1: ones(3)},
    "slashes": lambda: {"a/b": ones(2), "a:b": ones(2)},
}
REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "none": (lambda: {"w": ones(3), "bias": None}, "params hold nothing; hold tensors only"),
    "complex": (lambda: tf.complex(ones(3), ones(3)), "params are complex64; cast what sample returns to tf.float32"),
    "half": (lambda: tf.cast(ones(3), tf.bfloat16), "params are bfloat16; cast"),
    "double": (lambda: np.ones(3), "params are float64; cast"),
    "integer": (lambda: {"w": ones(3), "count": tf.constant([3])}, "params are int32; cast"),
    "boolean": (lambda: {"w": ones(3), "mask": tf.constant([True])}, "params are bool; cast"),
    "words": (lambda: {"w": ones(3), "s": tf.constant(["a"])}, "params are string; cast"),
    "mixed keys": (lambda: {0: ones(2), "one": ones(3)}, "dict whose keys have no order; use words only"),
    "no leaf": (dict, "sample returns no parameters; return"),
    "no number": (lambda: ones(0), "sample returns parameters of no numbers at all"),
    "ragged": (lambda: tf.ragged.constant([[1.0, 2.0], [3.0]]), "params hold a RaggedTensor; hold tensors only"),
    "sparse": (lambda: tf.sparse.from_dense(ones(3)), "params hold a SparseTensor; hold tensors only"),
    "deque": (lambda: deque([ones(1), ones(2)]), "params hold a deque; nest tensors in lists, tuples and dicts"),
    "proxy": (lambda: MappingProxyType({"a": ones(2)}), "a mappingproxy; nest tensors in lists, tuples and dicts"),
    "slices": (
        lambda: tf.IndexedSlices(ones(1, 2), tf.constant([0]), tf.constant([3, 2])),
        "params hold an IndexedSlices; hold tensors only",
    ),
    "set": (lambda: {1.0, 2.0}, "params hold a set; hold tensors only"),
    "variable": (lambda: tf.Variable(ones(3)), "sample makes a tf.Variable; return tensors"),
}


def total(nest):
    return tf.add_n([tf.reduce_sum(tf.square(leaf)) for leaf in tf.nest.flatten(nest)])


@dataclass(frozen=True)
class Shaped(Task):
    form: Any

    def sample(self, key):
        return self.form(), ()

    def loss(self, params, data, batch):
        return total(params)


def cell(task, entry="sgd"):
    entry = optimizers.get(entry) if isinstance(entry, str) else entry
    return evaluate_cell(job("cell", NamedTask("shaped", task), entry, BUDGET))


@pytest.mark.parametrize("name", HELD)
def test_it_is_raced(name):
    record = cell(Shaped(HELD[name]))
    assert record.status == "ok", record.error
    numbers = sum(np.size(leaf) for leaf in tf.nest.flatten(HELD[name]()))
    rate = record.thetas["mean_loss"]["learning_rate"]
    losses = numbers * (1 - 2 * rate) ** (2 * np.arange(4))  # of gradient steps on the sum of squares, from ones
    np.testing.assert_allclose(record.runs["mean_loss"].losses[0][[0, -1]], losses[[0, -1]], rtol=1e-5)


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(name):
    form, text = REFUSED[name]
    record = cell(Shaped(form))
    assert record.status == "failed"
    assert text in record.error
    assert "\n" not in record.error


@dataclass(frozen=True)
class Fed(Task):
    """`data` of a problem, `seen` by its steps."""

    data: Any = ()
    seen: Any = None

    def sample(self, key):
        return ones(3), self.data() if self.data else ()

    def batches(self, key, steps):
        return self.seen(steps) if self.seen else None

    def loss(self, params, data, batch):
        return total(params)


@pytest.mark.parametrize(
    ("task", "text"),
    [
        (Fed(data=lambda: tf.constant("a")), "data hold words; give numbers"),
        (Fed(seen=lambda steps: tf.fill([steps], "a")), "batches hold words; give numbers"),
        (Fed(seen=lambda steps: {"x": ones(steps), "y": None}), "batches hold nothing; hold tensors only"),
        (Fed(seen=lambda steps: ()), "batches returns no tensors; return None"),
        (Fed(seen=lambda steps: tf.ragged.range(tf.range(steps))), "batches hold a RaggedTensor; hold tensors only"),
        (Fed(seen=lambda steps: tf.data.Dataset.range(steps)), "Dataset; hold tensors only, with a leading axis"),
    ],
)
def test_data_and_batches_that_are_no_numbers_are_refused(task, text):
    record = cell(task)
    assert record.status == "failed"
    assert text in record.error
    assert "\n" not in record.error


def moves(update):
    return Entry("test-moves", "hand-designed", lambda theta: Optimizer(lambda params: (), update), {}, {})


def remembering(gradients, state, params, step):
    seen = tf.Variable(tf.zeros_like(gradients))
    return -0.1 * (gradients + seen), state


def by_path(gradients, state, params, step):
    return -0.1 * gradients if "bias" in params.path else -gradients, state


def test_a_variable_in_an_update_is_refused_with_the_remedy():
    record = cell(Shaped(ones), moves(remembering))
    assert record.status == "failed"
    assert "make no tf.Variable in them" in record.error
    assert "\n" not in record.error


def test_parameters_have_no_path_in_an_entry_of_functions():
    record = cell(Shaped(ones), moves(by_path))
    assert record.status == "failed"
    assert "tensors, which have no path; tell them apart by their place in the nest" in record.error
    assert "\n" not in record.error
