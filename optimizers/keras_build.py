"""θ -> Optimizer for a Keras class, unmodified: floats of θ as tensors, the rest given to the constructor."""

from __future__ import annotations

import functools
import inspect
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optimizers.base import Optimizer, OptimizerError
from optimizers.keras2 import explain
from optimizers.keras_shim import check_version
from optimizers.leaf_paths import leaf_paths
from optimizers.schedules import HORIZON, Schedule

EXCLUDED = "exclude_from_weight_decay"
"""Among the fixed arguments, what names of variables the method of that name was given."""
_TYPICAL = 0.5
"""What stands for a swept setting in Python code when the class gives no number of its own."""


@dataclass(frozen=True)
class KerasBuild:
    """θ -> Optimizer for one Keras class; `fixed` are constructor arguments outside θ, hashable."""

    source: Any
    fixed: tuple[tuple[str, Any], ...] = ()

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        import tensorflow as tf

        from optimizers.keras_template import template

        swept = {key: tf.convert_to_tensor(v) for key, v in theta.items() if _is_swept(v)}
        switches = tuple(sorted((key, v) for key, v in theta.items() if key not in swept))
        recipe = KerasBuild(self.source, _merged(self.fixed, switches))

        def built(params):
            leaves = tf.nest.flatten(params)
            shapes = tuple((tuple(leaf.shape), leaf.dtype.name) for leaf in leaves)
            return template(recipe, tuple(sorted(swept)), shapes, leaf_paths(params))

        def update(gradients, state, params, step):
            gradients, lined = _lined_up(gradients), _lined_up(params)
            updates, state = built(lined).update(gradients, state, lined, step, swept)
            return _shaped_as(updates, params), state

        def averaged(params, state):
            lined = _lined_up(params)
            return _shaped_as(built(lined).averaged(lined, state), params)

        def init(params):
            lined = _lined_up(params)
            return built(lined).initial_state(lined, swept)

        return Optimizer(init, update, averaged if recipe.uses_average else None)

    def plain(self, theta: Mapping[str, Any], cls: type | None = None) -> Any:
        """The live Keras optimizer with θ of Python numbers, made by `cls`, by default the class itself."""
        schedule = dict(self.fixed).get("learning_rate")
        given = {**dict(self.fixed), **theta}
        if isinstance(schedule, Schedule):
            own = {key: given.pop(key) for key in schedule.settings() if key in given}
            given["learning_rate"] = schedule.make(own)
        spared = given.pop(EXCLUDED, None)
        try:
            made = (cls or self.cls)(**{key: _listed(value) for key, value in given.items()})
            if spared:
                made.exclude_from_weight_decay(var_names=list(spared))
            return made
        except OptimizerError:
            raise
        except Exception as problem:
            shown = ", ".join(f"{key}={value!r}" for key, value in theta.items())
            raise OptimizerError(f"{self.cls.__name__} refuses {shown}: {explain(problem) or problem}") from problem

    @property
    def cls(self) -> type:
        """The optimizer class."""
        import keras

        check_version()
        if not isinstance(self.source, str):
            return self.source
        found = getattr(keras.optimizers, self.source, None)
        if found is None:
            raise OptimizerError(f"keras.optimizers has no class {self.source!r}; write it as Keras does")
        return found

    @property
    def uses_average(self) -> bool:
        """Whether Keras scores an average of the parameters, which it puts in their place at the end of `fit`."""
        given = dict(self.fixed).get("use_ema")
        return bool(given) if given is not None or self.is_of_keras else _averages_always(self)

    def scores(self, theta: Mapping[str, Any], space: Mapping[str, Any]) -> str:
        """What is scored, "" for the trained weights: `use_ema` of θ or of the class makes it their average."""
        switches = tuple((key, value) for key, value in theta.items() if key == "use_ema")
        if "use_ema" in space:
            return "averaged weights where use_ema is on"
        return "averaged weights" if KerasBuild(self.source, _merged(self.fixed, switches)).uses_average else ""

    @property
    def is_of_keras(self) -> bool:
        """Whether the class, and the schedule if any, are Keras's own."""
        schedule = dict(self.fixed).get("learning_rate")
        sources = [self.source, *([schedule.source] if isinstance(schedule, Schedule) else [])]
        return all(isinstance(s, str) or s.__module__.startswith("keras.") for s in sources)

    @property
    def settings(self) -> tuple[str, ...]:
        """Every name θ may have: constructor arguments of the class and of its schedule."""
        schedule = dict(self.fixed).get("learning_rate")
        scheduled = schedule.settings() if isinstance(schedule, Schedule) else ("learning_rate",)
        return (*scheduled, *(n for n in arguments(self.cls) if n not in ("name", "learning_rate")))

    def typical(self, name: str) -> float:
        """A valid value of a setting, the class's own default when that is a number other than 0."""
        schedule = dict(self.fixed).get("learning_rate")
        own = schedule.settings() if isinstance(schedule, Schedule) else {}
        value = own.get(name, arguments(self.cls).get(name))
        known = isinstance(value, numbers.Real) and not isinstance(value, bool)
        return float(value or _TYPICAL) if known else _TYPICAL


@dataclass(frozen=True)
class ScheduledBuild:
    """θ -> Optimizer for a Keras class under a schedule laid out along θ's `horizon`."""

    keras: KerasBuild
    schedule: str

    def __call__(self, theta: Mapping[str, Any]) -> Optimizer:
        return self._inner(self._expanded(theta))

    def plain(self, theta: Mapping[str, Any]) -> Any:
        """The live Keras optimizer with θ of Python numbers."""
        return self._inner.plain(self._expanded(theta))

    @property
    def source(self) -> Any:
        return self.keras.source

    def scores(self, theta: Mapping[str, Any], space: Mapping[str, Any]) -> str:
        """As KerasBuild says."""
        return self.keras.scores(theta, space)

    @property
    def settings(self) -> tuple[str, ...]:
        shape = HORIZON[self.schedule]
        counts = shape.steps(shape.numbers())
        return (*shape.numbers(), *(n for n in self._inner.settings if n not in counts))

    @property
    def _inner(self) -> KerasBuild:
        return KerasBuild(
            self.keras.source, _merged(self.keras.fixed, (("learning_rate", HORIZON[self.schedule].schedule),))
        )

    def _expanded(self, theta: Mapping[str, Any]) -> dict[str, Any]:
        """θ with fractions of the horizon made step counts."""
        shape = HORIZON[self.schedule]
        steps = shape.steps({**shape.fractions, **theta})
        return {k: v for k, v in theta.items() if k not in (*shape.fractions, "horizon")} | steps


@functools.lru_cache(maxsize=256)
def _averages_always(recipe: KerasBuild) -> bool:
    """Whether the class itself asks for an average, whatever it is given."""
    try:
        return bool(getattr(recipe.plain({}), "use_ema", False))
    except OptimizerError:  # settings without defaults; building will tell
        return False


@functools.cache
def arguments(cls: type) -> dict[str, Any]:
    """Constructor arguments of `cls` and their defaults; `**kwargs` stand for those of the next class."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
        named = (p for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL))
        for parameter in named:
            found.setdefault(parameter.name, parameter.default)
        if not open_ended or base.__module__.endswith("base_optimizer"):
            break
    return found


def _lined_up(nest: Any) -> Any:
    """Leaves without numbers as vectors: Keras takes those of two axes for biases to add."""
    import tensorflow as tf

    return tf.nest.map_structure(lambda leaf: leaf if _numbers(leaf) else tf.reshape(leaf, [0]), nest)


def _shaped_as(nest: Any, model: Any) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(lambda n, like: n if _numbers(like) else tf.reshape(n, like.shape), nest, model)


def _numbers(leaf: Any) -> bool:
    return 0 not in tuple(leaf.shape)


def _merged(*settings: tuple[tuple[str, Any], ...]) -> tuple[tuple[str, Any], ...]:
    return tuple({key: value for group in settings for key, value in group}.items())


def _is_swept(value: Any) -> bool:
    return value is not None and not isinstance(value, (bool, str, tuple, Schedule, numbers.Integral))


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
