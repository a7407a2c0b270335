"""What cannot be made right through the shim is refused, with the value and the remedy."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import optimizers
from optimizers import OptimizerError


def update_once(entry, **changes):
    """One update of a vector of three at the defaults, all floats as tensors, eagerly."""
    theta = {**entry.defaults, **changes}
    swept = {k: tf.constant(v) if isinstance(v, float) else v for k, v in theta.items()}
    optimizer, params = entry.build(swept), tf.ones([3])
    return optimizer.update(tf.ones([3]), optimizer.init(params), params, tf.constant(0))[0]


class Own(keras.optimizers.Optimizer):
    """A user's class; what is wrong with it comes in subclasses."""

    def __init__(self, learning_rate=0.01, shrink=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.shrink = shrink

    def update_step(self, gradient, variable, learning_rate):
        self.assign(variable, self.shrink * variable - learning_rate * gradient)


class Derived(Own):
    def __init__(self, learning_rate=0.01, shrink=0.9, **kwargs):
        super().__init__(learning_rate, shrink, **kwargs)
        self.loss_of_size = 1.0 - shrink


class Captured(Own):
    def __init__(self, learning_rate=0.01, shrink=0.9, **kwargs):
        super().__init__(learning_rate, shrink, **kwargs)
        self.shrunk = lambda variable: shrink * variable

    def update_step(self, gradient, variable, learning_rate):
        self.assign(variable, self.shrunk(variable) - learning_rate * gradient)


class Forgetful(Own):
    def __init__(self, learning_rate=0.01, shrink=0.9, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.__dict__.pop("shrink")
        self.shrunk = lambda variable: shrink * variable


class InPython(Own):
    def update_step(self, gradient, variable, learning_rate):
        self.assign(variable, variable * math.sqrt(self.shrink))


class Counting(Own):
    def update_step(self, gradient, variable, learning_rate):
        for _ in range(int(self.shrink) + 1):
            self.assign_sub(variable, gradient)


class Live(Own):
    def __init__(self, learning_rate=0.01, shrink=0.9, **kwargs):
        super().__init__(learning_rate, shrink, **kwargs)
        self.total = tf.Variable(0.0)


class RandomStart(Own):
    def build(self, variables):
        super().build(variables)
        self.noise = self.add_optimizer_variables(variables, "noise", "random_normal")


class Restless(Own):
    def update_step(self, gradient, variable, learning_rate):
        noise = tf.constant(np.random.default_rng().normal(size=variable.shape), tf.float32)
        self.assign(variable, variable - learning_rate * gradient + noise)


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Derived, "Derived computes 'loss_of_size' from a swept setting before the first step"),
        (Captured, "Captured with swept .*shrink.* does not do what it does by itself"),
        (Forgetful, "Forgetful does not keep its setting 'shrink'"),
        (InPython, "setting 'shrink' is swept, but the optimizer turns it into a Python number"),
        (Counting, "setting 'shrink' is swept, but the optimizer turns it into a Python number"),
        (Live, "Live keeps a tf.Variable in 'total'; create it with self.add_variable"),
        (RandomStart, r"RandomStart starts with state of shape \(3,\) that is neither constant"),
        (Restless, "Restless with swept .* draw no random numbers"),
    ],
)
def test_a_class_that_cannot_be_swept_is_refused(cls, message):
    entry = optimizers.register(f"test-{cls.__name__.lower()}", cls)
    with pytest.raises(OptimizerError, match=message):
        update_once(entry)


class Sealed(keras.optimizers.schedules.LearningRateSchedule):
    """Keeps its number, and computes with another copy of it."""

    def __init__(self, start):
        self.start = start
        self.rate = lambda step: start * keras.ops.exp(-keras.ops.cast(step, "float32"))

    def __call__(self, step):
        return self.rate(step)

    def get_config(self):
        return {"start": self.start}


def test_a_schedule_that_cannot_be_swept_is_refused():
    entry = optimizers.register("test-sealed", keras.optimizers.SGD(Sealed(0.5)))
    with pytest.raises(OptimizerError, match=r"SGD with swept .*start.* does not do what it does"):
        update_once(entry)


def test_the_well_behaved_class_passes():
    entry = optimizers.register("test-own", Own)
    np.testing.assert_allclose(update_once(entry, shrink=0.5), [-0.51] * 3, rtol=1e-6)


class Untold(Own):
    def __init__(self, learning_rate=0.01, shrink=0.9, secret=1.0, **kwargs):
        super().__init__(learning_rate, shrink, **kwargs)


def changed():
    instance = Own()
    instance.boost = 3.0
    return instance


def excluding():
    instance = keras.optimizers.AdamW()
    instance.exclude_from_weight_decay(var_list=[keras.Variable([1.0])])
    return instance


class Silent(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1


@pytest.mark.parametrize(
    ("instance", "message"),
    [
        (lambda: Untold(), "neither get_config.* nor an attribute tells 'secret'"),
        (changed, "'boost' of the instance is not made by its constructor"),
        (excluding, "exclude_from_weight_decay was given variables.*var_names"),
        (lambda: keras.optimizers.SGD(lambda: 0.1), "its learning rate is a function"),
        (lambda: keras.optimizers.SGD(Silent()), "schedule Silent has no get_config"),
        (
            lambda: keras.optimizers.LossScaleOptimizer,
            r"scales the loss for another optimizer; register an instance that holds it",
        ),
        (lambda: 3, "3 is not a keras.optimizers.Optimizer class or instance"),
        (lambda: int, r"not a keras\.optimizers\.Optimizer"),
    ],
)
def test_an_instance_that_cannot_be_made_again_is_refused(instance, message):
    with pytest.raises(OptimizerError, match=message):
        optimizers.register("test-refused", instance())


def test_an_instance_keeps_what_it_was_made_with():
    entry = optimizers.register("test-instance", Own(0.5, shrink=0.7, clipvalue=0.1))
    assert entry.defaults == {
        "learning_rate": 0.5,
        "shrink": pytest.approx(0.7),
        "clipvalue": 0.1,
        "ema_momentum": 0.99,
    }
    np.testing.assert_allclose(update_once(entry), [-0.35] * 3, rtol=1e-6)
    nesterov = optimizers.register("test-nesterov", keras.optimizers.SGD(0.1, momentum=0.8, nesterov=True))
    np.testing.assert_allclose(update_once(nesterov), [-0.18] * 3, rtol=1e-6)


def test_names_and_settings():
    with pytest.raises(OptimizerError, match="cannot sweep speed; its float settings are: learning_rate"):
        optimizers.register("bad", keras.optimizers.Adam, space={"speed": optimizers.Uniform(0, 1)})
    with pytest.raises(OptimizerError, match=r"keras\.optimizers has no class 'adam'"):
        update_once(optimizers.register("test-lower", "adam", defaults={"learning_rate": 0.1}))
    with pytest.raises(OptimizerError, match="unknown optimizer 'adm'"):
        optimizers.get("adm")
    with pytest.raises(OptimizerError, match=r"its settings are: learning_rate.*amsgrad.*clipnorm"):
        optimizers.get("adam[beta=1]")
    with pytest.raises(OptimizerError, match=r"its settings are: initial_learning_rate.*horizon"):
        optimizers.get("adam-cosine[beta=1]")
    with pytest.raises(OptimizerError, match="unknown schedule 'triangle'; known: step, cosine"):
        optimizers.register("bad", "SGD", schedule="triangle")
    with pytest.raises(OptimizerError, match=r"Adam refuses .*Only one of `clipnorm`"):
        update_once(optimizers.get("adam[clipnorm=1.0, clipvalue=1.0]"))


def test_variants_fix_what_they_name():
    entry = optimizers.get("adam[beta_1=0.8, learning_rate=1, clipnorm=2.5]")
    assert entry.defaults["beta_1"] == 0.8
    assert entry.defaults["learning_rate"] == 1.0
    assert isinstance(entry.defaults["learning_rate"], float)
    assert entry.defaults["clipnorm"] == 2.5
    assert set(entry.space) == {"beta_2", "epsilon"}
    assert entry.name == "adam[beta_1=0.8, learning_rate=1, clipnorm=2.5]"


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("__version__", "3.16.0", "Keras 3.16.0 is installed.*install 'keras>=3.15,<3.16'"),
        ("backend.backend", lambda: "jax", "Keras runs on 'jax'; set KERAS_BACKEND=tensorflow"),
    ],
)
def test_another_keras_is_refused(monkeypatch, attribute, value, message):
    monkeypatch.setattr(f"keras.{attribute}", value)
    with pytest.raises(OptimizerError, match=message):
        update_once(optimizers.get("sgd"))
