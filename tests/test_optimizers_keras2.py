"""Optimizers written for Keras 2, and those that remember in Python, are refused in one line with the remedy."""

import keras
import pytest
import tensorflow as tf
from keras import ops

import optimizers
from bench.lookup import plugins
from bench.lookup.resolve import entry as entry_of
from optimizers import OptimizerError

SLOTS = "is a Keras 2 optimizer .it has _.*update_step.*add_variable_from_reference"


class HeavyBall(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, name="HeavyBall", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", learning_rate)

    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, "speed")

    def _resource_apply_dense(self, grad, var, apply_state=None):
        return var.assign_sub(self._get_hyper("learning_rate") * grad)


class HalfPorted(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def _resource_apply_dense(self, grad, var, apply_state=None):
        return var.assign_sub(self.learning_rate * grad)


class Updates:
    """As of the days of `keras.optimizers.Optimizer.get_updates`."""

    def get_updates(self, loss, params):
        return []


class Bare(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)


class Signed(keras.optimizers.SGD):
    """Keras 3 would never call this, and SGD itself would run."""

    def _resource_apply_dense(self, grad, var, apply_state=None):
        return super()._resource_apply_dense(tf.sign(grad), var, apply_state)


class Centered(keras.optimizers.Adam):
    def get_gradients(self, loss, params):
        return [gradient - tf.reduce_mean(gradient) for gradient in super().get_gradients(loss, params)]


class Looping(keras.optimizers.Optimizer):
    """Keras 3 calls this, without update_step."""

    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)

    def apply_gradients(self, grads_and_vars):
        for gradient, variable in grads_and_vars:
            variable.assign_sub(2.0 * self.learning_rate * gradient)
        self.iterations.assign_add(1)


class Ported(HalfPorted):
    """With both forms, for both versions of Keras."""

    def update_step(self, gradient, variable, learning_rate):
        self.assign_sub(variable, learning_rate * gradient)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (HeavyBall, SLOTS),
        (HalfPorted, SLOTS),
        (HalfPorted(), SLOTS),
        (Signed, SLOTS),
        (Centered, r"it has get_gradients.*change gradients in apply\(self, grads"),
        (type("Below", (tf.keras.optimizers.legacy.SGD,), {}), "legacy, which is Keras 2; use keras.optimizers itself"),
        (Updates, "is a Keras 2 optimizer .it has get_updates"),
        (Bare, "Bare has no update_step; write"),
        (tf.keras.optimizers.legacy.Adam, "legacy, which is Keras 2; use keras.optimizers itself"),
    ],
)
def test_what_is_of_keras_2_is_told_what_to_write(source, message):
    with pytest.raises(OptimizerError, match=message):
        optimizers.register("test-keras2", source)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("keras.optimizers.Adam(lr=0.1)", "lr is learning_rate"),
        ("keras.optimizers.SGD(0.1, decay=1e-4)", "decay is an argument of Keras 2, which Keras 3 ignores"),
        ("keras.optimizers.legacy.SGD()", "legacy is Keras 2"),
        ("keras.optimizers.SGD(0.1)._set_hyper('a', 1)", "it calls _set_hyper.*update_step"),
        ("keras.optimizers.SGD('HeavyBall')", "gives its name first"),
        ("keras.optimizers.SGD(0.1, jit_compile=False)", "an argument of model.compile"),
        ("keras.optimizers.experimental.AdamW()", "use keras.optimizers itself"),
        ("keras.backend.cast(1.0, 'float32')", "see keras.ops"),
        ("keras.optimizers.SGD(1)", r"write float\(1\)"),
    ],
)
def test_a_file_that_makes_one_is_told_what_to_write(tmp_path, line, message):
    file = tmp_path / "old.py"
    file.write_text(f"import keras\n{line}\n")
    with pytest.raises(ValueError, match=f"line 2: .*{message}"):
        plugins.load_file(file)


class Lazy(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.speeds, self.calls, self.seen = {}, 0, []


class LazyDict(Lazy):
    def update_step(self, gradient, variable, learning_rate):
        key = id(variable)
        if key not in self.speeds:
            self.speeds[key] = self.add_variable_from_reference(variable, name="speed")
        self.assign(self.speeds[key], 0.9 * self.speeds[key] - learning_rate * gradient)
        self.assign_add(variable, self.speeds[key])


class LazyTensor(Lazy):
    def update_step(self, gradient, variable, learning_rate):
        key = id(variable)
        self.speeds[key] = 0.9 * self.speeds.get(key, ops.zeros_like(gradient)) - learning_rate * gradient
        self.assign_add(variable, self.speeds[key])


class LazyCounter(Lazy):
    def update_step(self, gradient, variable, learning_rate):
        self.calls += 1
        self.assign_sub(variable, learning_rate / self.calls * gradient)


class LazyList(Lazy):
    def update_step(self, gradient, variable, learning_rate):
        self.seen.append(gradient)
        self.assign_sub(variable, learning_rate * gradient)


class Momentum(Lazy):
    """The remedy: a dictionary of variables, made in build."""

    def build(self, variables):
        super().build(variables)
        for variable in variables:
            self.speeds[self._get_variable_index(variable)] = self.add_variable_from_reference(variable, name="speed")

    def update_step(self, gradient, variable, learning_rate):
        speed = self.speeds[self._get_variable_index(variable)]
        self.assign(speed, 0.9 * speed - learning_rate * gradient)
        self.assign_add(variable, speed)


def once(source):
    entry = entry_of(source)
    theta = {key: tf.constant(v, tf.float32) for key, v in entry.defaults.items()}
    optimizer, params = entry.build(theta), [tf.ones([2])]
    state = optimizer.init(params)
    for step in range(2):
        updates, state = optimizer.update([tf.ones([2])], state, params, tf.constant(step))
    return updates[0].numpy()


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (LazyDict, "LazyDict makes state at its first step; make it in build"),
        (LazyTensor, "LazyTensor keeps memory in its attribute 'speeds'"),
        (LazyCounter, "LazyCounter keeps memory in its attribute 'calls'.*self.iterations"),
        (LazyList, "LazyList keeps memory in its attribute 'seen'"),
    ],
)
def test_memory_outside_the_state_is_refused_with_its_remedy(cls, message):
    with pytest.raises(OptimizerError, match=message):
        once(cls)


def steps_of(text):
    """A class with an update_step of these words."""

    def update_step(self, *handed):
        return eval(f"lambda self, gradient, variable{text}")(self, *handed)

    return type("Stepping", (Bare,), {"update_step": update_step})


class TwoHanded(Bare):
    def update_step(self, gradient, variable):
        self.assign_sub(variable, self.learning_rate * gradient)


class Asking(Bare):
    def update_step(self, gradient, variable, learning_rate, loss):
        self.assign_sub(variable, loss * gradient)


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Asking, r"Asking: Keras hands no loss to an optimizer.*asks=Asks\(\)"),
        (TwoHanded, r"Keras 3 calls update_step\(\) with three"),
        (steps_of(", rate: variable.assign_sub(self.lr * gradient)"), r"self\.lr is self\.learning_rate"),
        (steps_of(", rate: self.weights[0]"), r"self\.weights is self\.variables"),
        (steps_of(", rate: self._index_dict"), r"self\._get_variable_index\(variable\) in Keras 3"),
        (steps_of(", rate: self._decayed_lr('float32')"), "it calls _decayed_lr"),
    ],
)
def test_an_update_of_keras_2_is_told_what_to_write(cls, message):
    with pytest.raises(OptimizerError, match=message):
        once(cls)


def test_the_remedies_work():
    assert once(Looping) == pytest.approx([-0.02] * 2, rel=1e-5)
    assert once(Momentum) == pytest.approx([-0.019] * 2, rel=1e-5)
    assert once(Ported) == pytest.approx([-0.01] * 2, rel=1e-5)
