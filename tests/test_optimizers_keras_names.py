"""Rules that Keras's optimizers have on the names and paths of variables act on a task's parameters."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import bench
import optimizers
from bench.errors import UserError
from bench.lookup.resolve import entry as entry_of
from optimizers.keras import keras_entry
from optimizers.leaf_paths import leaf_paths

PARAMS = {"dense": {"kernel": np.full((3, 2), 2.0), "bias": np.full(2, 4.0)}, "out": {"kernel": np.full((2, 2), 1.0)}}


class NoBiasDecay(keras.optimizers.AdamW):
    def __init__(self, learning_rate=0.01, weight_decay=0.1, **kwargs):
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, **kwargs)
        self.exclude_from_weight_decay(var_names=["bias"])


class ByPath(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def build(self, variables):
        super().build(variables)
        self.frozen = ["dense/" in variable.path for variable in variables]

    def update_step(self, gradient, variable, learning_rate):
        rate = 0.0 if self.frozen[self._get_variable_index(variable)] else learning_rate
        self.assign_sub(variable, rate * gradient)


class ByName(keras.optimizers.SGD):
    """update_step is handed TensorFlow's variable: its name, reference, dtype and methods."""

    def build(self, variables):
        super().build(variables)
        self.speeds = {v.value.ref(): self.add_variable_from_reference(v, name="speed") for v in variables}
        self.before = [self.add_variable_from_reference(v, name="before") for v in variables]
        for kept, variable in zip(self.before, variables, strict=True):
            kept.assign(variable)

    def update_step(self, gradient, variable, learning_rate):
        speed, before = self.speeds[variable.ref()], self.before[self._get_variable_index(variable)]
        share = 0.1 if "dense/" in variable.name else 3.0 if variable.name.endswith("bias:0") else 1.0
        rate = tf.cast(learning_rate, variable.dtype.base_dtype) * np.float64(share)
        self.assign(before, variable)
        speed.assign(0.5 * speed - rate * gradient)
        variable.assign_add(speed, read_value=False)
        variable.assign(variable.value() + 0.1 * (variable - before))


class Halved(keras.optimizers.SGD):
    """Keras's trainer calls apply_gradients, not apply."""

    def apply_gradients(self, grads_and_vars, **kwargs):
        return super().apply_gradients([(0.5 * g, v) for g, v in grads_and_vars])


class ById(ByName):
    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, {id(v): learning_rate for v in self._trainable_variables}[id(variable)] * gradient)


def adamw(**exclusions):
    instance = keras.optimizers.AdamW(0.01, weight_decay=0.1)
    instance.exclude_from_weight_decay(**exclusions)
    return instance


def tensors(nest):
    return tf.nest.map_structure(lambda leaf: tf.constant(leaf, tf.float32), nest)


def moved(source, params=PARAMS, steps=3):
    """Parameters after some steps of gradients of 1 through the contract, flattened by path."""
    entry = source if isinstance(source, optimizers.Entry) else entry_of(source)
    optimizer = entry.build({k: tf.constant(v) if isinstance(v, float) else v for k, v in entry.defaults.items()})
    params = tensors(params)
    state = optimizer.init(params)
    for step in range(steps):
        gradients = tf.nest.map_structure(tf.ones_like, params)
        updates, state = optimizer.update(gradients, state, params, tf.constant(step))
        params = tf.nest.map_structure(tf.add, params, updates)
    return dict(zip(leaf_paths(params), (leaf.numpy() for leaf in tf.nest.flatten(params)), strict=True))


def in_keras(instance, steps=3):
    """The same of a model with layers of these names, trained by Keras itself."""
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, name="dense"), keras.layers.Dense(2, name="out")]
    )
    for variable in model.trainable_variables:
        layer, _, name = variable.path.rpartition("/")
        variable.assign(PARAMS[layer.rpartition("/")[2]].get(name, np.zeros(variable.shape)))
    for _ in range(steps):
        instance.apply_gradients([(tf.ones(v.shape), v) for v in model.trainable_variables])
    return {v.path.split("sequential")[-1].lstrip("/_0123456789"): v.numpy() for v in model.trainable_variables}


@pytest.mark.parametrize(
    "make",
    [
        NoBiasDecay,
        lambda: adamw(var_names=["bias"]),
        lambda: adamw(var_names=["kernel", "nothing"]),
        lambda: adamw(var_names=["dense/"]),
        lambda: adamw(var_names=["bias$"]),
        lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        lambda: keras.optimizers.Muon(0.01, exclude_layers=["dense"]),
        lambda: keras.optimizers.Muon(0.01, exclude_layers=["out"]),
        ByPath,
        ByName,
        Halved,
    ],
)
def test_rules_on_names_act_as_in_keras(make):
    ours, theirs = moved(make()), in_keras(make())
    for path, value in ours.items():
        np.testing.assert_allclose(value, theirs[path], rtol=1e-5, err_msg=path)


def test_an_id_is_refused_with_its_remedy():
    with pytest.raises(UserError, match=r"find what belongs to a variable by self\._get_variable_index"):
        bench.evaluate("rosenbrock", ById, seeds=1, steps=1)


def test_what_is_spared_is_not_decayed():
    spared, plain = moved(adamw(var_names=["bias"])), moved(keras.optimizers.AdamW(0.01, weight_decay=0.1))
    assert np.all(spared["dense/bias"] > plain["dense/bias"])
    np.testing.assert_array_equal(spared["dense/kernel"], plain["dense/kernel"])


def test_parameters_keyed_by_path_are_called_by_it():
    flat = {"dense/kernel": PARAMS["dense"]["kernel"], "dense/bias": PARAMS["dense"]["bias"]}
    nested = {"dense": PARAMS["dense"]}
    for make in (lambda: adamw(var_names=["bias"]), lambda: keras.optimizers.Muon(0.01, exclude_layers=["dense"])):
        one, other = moved(make(), flat), moved(make(), nested)
        for path, value in one.items():
            np.testing.assert_array_equal(value, other[path])


def test_paths_follow_the_order_of_leaves():
    nest = {"b": [np.array(0.0), {"z": np.array(1.0)}], "a": (np.array(2.0),)}
    assert leaf_paths(nest) == ("a/0", "b/0", "b/1/z")
    assert [leaf.item() for leaf in tf.nest.flatten(nest)] == [2.0, 0.0, 1.0]
    assert leaf_paths([np.array(0.0), [np.array(1.0)]]) == ("parameter_0", "parameter_1")
    assert leaf_paths(np.array(0.0)) == ("parameter_0",)


def test_the_definition_tells_exclusions_apart_and_leaves_others_as_they_were():
    excluded = keras_entry("test-excluded", adamw(var_names=["b", "a"]), space={}, defaults={})
    assert ("exclude_from_weight_decay", ("a", "b")) in excluded.build.fixed
    assert repr(optimizers.get("adam").build) == "KerasBuild(source='Adam', fixed=())"
