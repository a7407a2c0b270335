"""An optimizer written for float32 alone, run in float64: its traced update with every float32 made a float64.

Derivatives need more digits than float32 has. Most optimizers compute in the type of their parameters; those that name
float32 themselves are traced once per shape, and the graph is typed again. Constants become the shortest decimal that
rounds to them, so that 0.9 is 0.9 and not 0.89999998.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from optimizers import Optimizer

SMALL = 1024
"""Constants of up to this many numbers are read as decimals; larger ones are only widened."""


def doubled(optimizer: Optimizer) -> Optimizer:
    """The same two functions for float64 parameters; raises what tracing raises."""

    def init(params):
        return tf.nest.map_structure(_widened, optimizer.init(_single(params)))

    @functools.cache
    def traced(key):
        return _Traced(optimizer, *key)

    def update(gradients, state, params, step):
        inputs = [*map(tf.nest.flatten, (gradients, state, params)), [step]]
        key = tuple(
            tuple((tuple(leaf.shape), _narrow(leaf.dtype)) for leaf in map(tf.convert_to_tensor, part))
            for part in inputs
        )
        return traced((_Structure((gradients, state, params)), key))(inputs)

    return Optimizer(init, update)


class _Structure:
    """Nested structures as one hashable value."""

    def __init__(self, nests: Any):
        self.nests = tf.nest.map_structure(lambda _: 0, nests)

    def __hash__(self):
        return hash(repr(self.nests))

    def __eq__(self, other):
        return repr(self.nests) == repr(other.nests)


class _Traced:
    """One update for one structure and one set of shapes: called on flat float64 tensors."""

    def __init__(self, optimizer: Optimizer, structure: _Structure, key: tuple):
        def flat(*parts):
            gradients, state, params = (
                tf.nest.pack_sequence_as(nest, part) for nest, part in zip(structure.nests, parts, strict=False)
            )
            return optimizer.update(gradients, state, params, parts[3][0])

        specs = [[tf.TensorSpec(shape, dtype) for shape, dtype in part] for part in key]
        self._concrete = tf.function(flat, autograph=False).get_concrete_function(*specs)
        graph = self._concrete.graph
        self._definition = _retyped(graph.as_graph_def())
        self._names = [tensor.name for tensor in graph.inputs]
        self._outputs = [tensor.name for tensor in graph.outputs]
        self._captured = [_widened(value) for value in self._concrete.captured_inputs]
        self._run = tf.function(self._imported, autograph=False)

    def _imported(self, flat):
        captured = [tf.identity(value) for value in self._captured]
        mapped = dict(zip(self._names, [*flat, *captured], strict=True))
        return tf.graph_util.import_graph_def(
            self._definition, input_map=mapped, return_elements=self._outputs, name=""
        )

    def __call__(self, parts):
        found = self._run([tf.convert_to_tensor(leaf) for part in parts for leaf in part])
        structure = self._concrete.structured_outputs
        kept = [leaf for leaf in tf.nest.flatten(structure) if leaf is not None]
        assert len(kept) == len(found)
        return tf.nest.pack_sequence_as(structure, found)


def _retyped(definition):
    """The graph, its functions included, with float64 wherever it says float32."""
    for node in definition.node:
        _retype_attributes(node.attr)
    for function in definition.library.function:
        for argument in (*function.signature.input_arg, *function.signature.output_arg):
            if argument.type == types_pb2.DT_FLOAT:
                argument.type = types_pb2.DT_DOUBLE
        for node in function.node_def:
            _retype_attributes(node.attr)
    return definition


def _retype_attributes(attributes) -> None:
    for value in attributes.values():
        kind = value.WhichOneof("value")
        if kind == "type" and value.type == types_pb2.DT_FLOAT:
            value.type = types_pb2.DT_DOUBLE
        elif kind == "list":
            for i, item in enumerate(value.list.type):
                if item == types_pb2.DT_FLOAT:
                    value.list.type[i] = types_pb2.DT_DOUBLE
        elif kind == "tensor" and value.tensor.dtype == types_pb2.DT_FLOAT:
            array = _decimal(tf.make_ndarray(value.tensor))
            value.tensor.CopyFrom(tf.make_tensor_proto(array, tf.float64))


def _decimal(array: np.ndarray) -> np.ndarray:
    """float32 to float64 by the shortest decimals that round to the same float32."""
    if array.size > SMALL:
        return array.astype(float)
    return np.array([float(str(x)) for x in array.reshape(-1)]).reshape(array.shape)


def _narrow(dtype: tf.DType) -> tf.DType:
    return tf.float32 if dtype == tf.float64 else dtype


def _single(nest: Any) -> Any:
    return tf.nest.map_structure(lambda leaf: tf.cast(leaf, _narrow(leaf.dtype)), nest)


def _widened(leaf: Any) -> Any:
    tensor = tf.convert_to_tensor(leaf)
    return tf.constant(_decimal(tensor.numpy())) if tensor.dtype == tf.float32 else tensor
