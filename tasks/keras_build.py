"""Building a Keras model by a seed: what it draws depends on the seed alone, and so do the names it gives."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from tasks.base import TaskError

_ONE_AT_A_TIME = threading.Lock()


def built(build: Callable[[], Any], rows: Any, policy: Any, seed: int, tensorflow_seed: int | None) -> Any:
    """The model that `build()` makes under the seeds, called once on `rows`; raises TaskError for what is not one.

    In a thread of its own, where Keras's counters of names start anew; the process's generators of random numbers are
    put back as they were, but for TensorFlow's, which cannot be. None leaves that one alone.
    """
    with _ONE_AT_A_TIME, ThreadPoolExecutor(1) as thread:
        states = random.getstate(), np.random.get_state()  # noqa: NPY002 (what Keras draws its own seeds from)
        try:
            return thread.submit(_built, build, rows, policy, seed, tensorflow_seed).result()
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002 (the same)


def draws_by_tensorflow(model: Any, build: Callable[[], Any], rows: Any, policy: Any) -> bool:
    """Whether TensorFlow's global seed moves what `build()` draws: `model` was made with both seeds 0.

    Keras draws its seeds from Python's generator. Setting TensorFlow's makes the process forget the kernels of every
    function, which costs the next run a quarter of its time.
    """
    values, others = ([v.numpy() for v in one.variables] for one in (model, built(build, rows, policy, 0, 1)))
    return len(values) != len(others) or not all(map(np.array_equal, values, others))


def _built(build: Callable[[], Any], rows: Any, policy: Any, seed: int, tensorflow_seed: int | None) -> Any:
    import keras
    import tensorflow as tf

    keras.config.set_dtype_policy(policy)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (an initializer of the user's may draw by it)
    if tensorflow_seed is not None:
        tf.random.set_seed(tensorflow_seed)
    model = build()
    if not isinstance(model, keras.Model):
        raise TaskError(f"build() returns a {type(model).__name__}; return an uncompiled keras.Model")
    if model.compiled:
        raise TaskError("build() compiles the model; return it uncompiled: loss and metric are the task's own")
    _check_as_fit(model)
    if not (model.built and getattr(model, "inputs", None)):
        model(rows)
    if not model.trainable_variables:
        raise TaskError("build() makes a model without trainable variables; leave some layer trainable")
    if odd := [v.path for v in model.trainable_variables if v.dtype != "float32"]:
        raise TaskError(f"variable {odd[0]} is not float32; a mixed policy keeps variables in float32")
    return model


def _check_as_fit(model: Any) -> None:
    """Raises TaskError for a model that `fit` trains by more than its loss and its optimizer."""
    for word in ("train_step", "test_step", "compute_loss"):
        if not getattr(type(model), word).__module__.startswith("keras."):
            raise TaskError(
                f"{type(model).__name__} has a {word} of its own, which a task never calls; give its loss as `loss`, "
                "add the rest by self.add_loss in call, or write a Task of your own"
            )
    if getattr(model.dtype_policy, "name", "") == "mixed_float16":
        raise TaskError(
            "build() makes a model of the policy mixed_float16, whose loss fit scales and a task does not; use "
            "mixed_bfloat16 or float32"
        )


def is_seed(variable: Any) -> bool:
    """Whether a variable is the state of a layer's generator of random numbers."""
    return tuple(variable.shape) == (2,) and variable.path.endswith("seed_generator_state")


def names(variables: list[Any]) -> list[str]:
    """Paths of variables, made different where layers share a name."""
    found: list[str] = []
    for variable in variables:
        path, again = variable.path, 1
        while path in found:
            again += 1
            path = f"{variable.path}_{again}"
        found.append(path)
    return found
