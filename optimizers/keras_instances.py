"""What an optimizer class or instance says of its own settings, and whether that is all of it."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

from optimizers import keras2
from optimizers.base import OptimizerError
from optimizers.keras_build import EXCLUDED, KerasBuild, arguments
from optimizers.keras_shim import excluded_names
from optimizers.schedules import Schedule


def described(name: str, source: Any) -> tuple[list[tuple[str, Any]], dict[str, Any]]:
    """(constructor arguments, settings by name with a schedule's among them) of a class or an instance.

    Of a class, the arguments are none. Raises OptimizerError for what is no optimizer, wraps others, or cannot be made
    again from its configuration.
    """
    import keras

    cls = source if isinstance(source, type) else type(source)
    keras2.refuse(name, cls)
    if not issubclass(cls, keras.optimizers.Optimizer):
        raise OptimizerError(f"optimizer {name!r}: {source!r} is not a keras.optimizers.Optimizer class or instance")
    if issubclass(cls, keras.optimizers.LossScaleOptimizer) and isinstance(source, type):
        raise OptimizerError(
            f"optimizer {name!r} scales the loss for another optimizer; register an instance that holds it: "
            "LossScaleOptimizer(SGD())"
        )
    if issubclass(cls, keras.optimizers.MultiOptimizer):
        raise OptimizerError(f"optimizer {name!r} wraps other optimizers; register those themselves")
    if isinstance(source, type):
        known = arguments(cls)
        given = {key: v for key, v in known.items() if v is not inspect.Parameter.empty}
        return [], {key: v for key, v in given.items() if key != "name"}
    config = _config(name, source)
    settings = dict(config)
    if isinstance(schedule := config.get("learning_rate"), Schedule):
        del settings["learning_rate"]
        if clash := set(settings) & set(schedule.settings()):
            raise OptimizerError(
                f"optimizer {name!r}: the class and its schedule both have a setting {clash.pop()!r}; rename one"
            )
        settings |= schedule.settings()
    return list(config.items()), settings


class Scaling(NamedTuple):
    """A LossScaleOptimizer: the optimizer it holds, its first scale, and the steps after which that doubles."""

    inner: Any
    initial: float
    growth: int


def scaling_of(source: Any) -> Scaling | None:
    """What `source` is made of if it is an instance of Keras's LossScaleOptimizer."""
    if isinstance(source, (str, type)):
        return None
    import keras

    if not isinstance(source, keras.optimizers.LossScaleOptimizer):
        return None
    return Scaling(source.inner_optimizer, float(source.initial_scale), int(source.dynamic_growth_steps))


def _config(name: str, instance: Any) -> dict[str, Any]:
    """Constructor arguments that make `instance` again, hashable."""
    from keras.optimizers.schedules import LearningRateSchedule

    rate = instance._learning_rate
    scheduled = isinstance(rate, LearningRateSchedule)
    schedule = {"learning_rate": Schedule.of(rate)} if scheduled else {}
    if callable(rate) and not scheduled:
        raise OptimizerError(
            f"optimizer {name!r}: its learning rate is a function; give a float or a LearningRateSchedule"
        )
    told, attributes = {**instance.get_config(), **schedule}, vars(instance)
    config: dict[str, Any] = {}
    cls: type = type(instance)
    for key in arguments(cls):
        if key in told:
            config[key] = told[key]
        elif key in attributes or f"_{key}" in attributes:
            config[key] = attributes.get(key, attributes.get(f"_{key}"))
        else:
            raise OptimizerError(
                f"optimizer {name!r}: neither get_config() nor an attribute tells {key!r}; "
                "let get_config() return it, or register the class"
            )
    config.pop("name", None)
    config = {key: tuple(v) if isinstance(v, list) else v for key, v in config.items()}
    config |= _exclusions(name, instance, config)
    _check_hashable(name, config)
    _check_remade(name, instance, config)
    return config


def _exclusions(name: str, instance: Any, config: dict[str, Any]) -> dict[str, Any]:
    """What weight decay leaves out beyond what the constructor does. Raises OptimizerError for variables."""
    spared = excluded_names(instance)
    if spared is None:
        raise OptimizerError(
            f"optimizer {name!r}: exclude_from_weight_decay was given variables, and those of a task are others; "
            "give it their names, var_names=[…]"
        )
    own = excluded_names(KerasBuild(type(instance), tuple(config.items())).plain({}))
    return {EXCLUDED: spared} if spared and spared != own else {}


def _check_hashable(name: str, config: dict[str, Any]) -> None:
    for key, value in config.items():
        try:
            hash(value)
        except TypeError:
            raise OptimizerError(
                f"optimizer {name!r}: {key!r} holds what is not hashable ({value!r}); "
                "write a subclass that fixes it, and register that"
            ) from None


def _check_remade(name: str, instance: Any, config: dict[str, Any]) -> None:
    """Raises OptimizerError when the settings the instance has are not those its configuration makes."""
    again = vars(KerasBuild(type(instance), tuple(config.items())).plain({}))
    for key, value in vars(instance).items():
        plain = value is None or isinstance(value, (bool, int, float, str))
        changed = plain and key not in ("name", "built") and again.get(key) != value
        if changed:
            raise OptimizerError(
                f"optimizer {name!r}: {key!r} of the instance is not made by its constructor; "
                "write a subclass that sets it there, and register that"
            )
