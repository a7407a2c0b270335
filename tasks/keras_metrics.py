"""A Keras metric as pure functions: its state, an update, a result."""

from __future__ import annotations

from typing import Any

from tasks.base import TaskError, tf


class KerasMeasure:
    """`metric` is a keras.metrics.Metric, its name, or a function of targets and outputs, on examples like `y`."""

    def __init__(self, metric: Any, y: Any, outputs: Any):
        if y is None or not tf.is_tensor(outputs) or not tf.is_tensor(y):
            raise TaskError("metric needs one output and its targets; leave it out for this model")
        self._metric = made(metric, y, outputs)
        self._metric.update_state(y, outputs)  # makes what is made at first use
        self._metric.reset_state()

    def start(self) -> list[Any]:
        """The state of a metric that has seen nothing."""
        return [tf.convert_to_tensor(value) for value in self._metric.stateless_reset_state()]

    def update(self, state: list[Any], y: Any, outputs: Any, weights: Any) -> list[Any]:
        return list(self._metric.stateless_update_state(state, y, outputs, sample_weight=weights))

    def result(self, state: list[Any]) -> Any:
        value = self._metric.stateless_result(state)
        if not tf.is_tensor(value) or value.shape.rank != 0:
            raise TaskError(f"metric {self._metric.name!r} is not one number; give one that is")
        return tf.cast(value, tf.float32)


def name(metric: Any) -> str:
    """What a metric is called in a record."""
    return metric if isinstance(metric, str) else getattr(metric, "name", None) or metric.__name__


def made(metric: Any, y: Any, outputs: Any) -> Any:
    """The Keras metric meant; "accuracy" is the one that `compile` would take for such targets and outputs."""
    import keras

    if metric in ("accuracy", "acc"):
        if outputs.shape[-1] == 1:
            return keras.metrics.BinaryAccuracy("accuracy")
        sparse = y.shape.rank < outputs.shape.rank or y.shape[-1] == 1
        return (keras.metrics.SparseCategoricalAccuracy if sparse else keras.metrics.CategoricalAccuracy)("accuracy")
    found = keras.metrics.get(metric)
    if isinstance(found, type):
        found = found()
    return found if isinstance(found, keras.metrics.Metric) else keras.metrics.MeanMetricWrapper(found, name(metric))
