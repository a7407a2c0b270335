"""One Keras optimizer built for parameters of given shapes, used only while a program is traced."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from optimizers.base import OptimizerError
from optimizers.hyper import HyperParameter, explore
from optimizers.keras2 import explain
from optimizers.keras_memory import differences, memory
from optimizers.keras_shim import apply, averages, clock, functional, variable
from optimizers.keras_state import Trace, places, starts, swept

_BOUNDS = ("clipnorm", "clipvalue", "global_clipnorm")
"""Keras takes a bound of 0 or less as none; swept, such a bound becomes NaN, so that the run diverges."""


@functools.lru_cache(maxsize=256)
def template(recipe: Any, names: tuple[str, ...], shapes, paths: tuple[str, ...]) -> Template:
    """The built optimizer for swept settings `names` and leaves of `shapes` ((shape, dtype), …) called `paths`."""
    import tensorflow as tf

    with tf.init_scope(), _explained(recipe):
        made = Template(recipe, names, shapes, paths)
        if not recipe.is_of_keras:
            made.rehearse()
    return made


@contextmanager
def _explained(recipe: Any) -> Iterator[None]:
    """Raises OptimizerError for what code for Keras 2 raises while it is built and taken a few steps."""
    try:
        yield
    except OptimizerError:
        raise
    except Exception as problem:  # anybody's code
        if (line := explain(problem)) is None:
            raise
        raise OptimizerError(f"{recipe.cls.__name__}: {line}") from problem


class Template:
    """Initial state and update of `recipe`, whose settings `names` are tensors."""

    def __init__(self, recipe: Any, names: tuple[str, ...], shapes, paths: tuple[str, ...]):
        self._recipe, self._shapes, self._paths = recipe, shapes, paths
        self._typical = {name: recipe.typical(name) for name in names}
        others = {n: v * (0.95 - 0.01 * i) for i, (n, v) in enumerate(self._typical.items())}
        first, self._other = (self._probe(s, i) for i, s in enumerate((self._typical, others)))
        self._optimizer = first.optimizer
        self._handed = dict(zip(("step", "rate"), self._handed_places(), strict=True))
        self._found = places(first, self._other)
        rate = self._handed["rate"]
        self._rate = None if rate is None else first.state[rate]
        kept = [i for i in range(len(first.state)) if i not in self._handed.values()]
        first, second = (p._replace(state=[p.state[i] for i in kept]) for p in (first, self._other))
        self._starts, self._averages = starts(first, second), self._average_places(kept)
        for leaf, place in enumerate(self._averages):
            # Keras has zeros until the first step, which writes over them
            self._starts[place] = self._starts[place]._replace(leaf=leaf)

    def _probe(self, settings, seed: int) -> Trace:
        """An object built with `settings` on random parameters."""
        rng = np.random.default_rng(seed)
        params = [rng.normal(size=shape).astype(dtype) for shape, dtype in self._shapes]
        variables = [variable(p, path) for p, path in zip(params, self._paths, strict=True)]
        optimizer = self._recipe.plain(settings, functional(self._recipe.cls))
        optimizer.build(variables)
        return Trace(optimizer, settings, params, [v.numpy() for v in optimizer.variables])

    def _handed_places(self):
        """Indices, among the optimizer's variables, of the step count and the learning rate; None: no variable."""
        variables = self._optimizer.variables
        return [next((i for i, v in enumerate(variables) if v is its), None) for its in clock(self._optimizer)]

    def _average_places(self, kept: list[int]) -> list[int]:
        """Indices, within the state, of the averages of the leaves; none unless the optimizer keeps them."""
        place = {id(self._optimizer.variables[i]): at for at, i in enumerate(kept)}
        return [place[id(average)] for average in averages(self._optimizer)]

    def averaged(self, params, state):
        """What Keras leaves in the model at the end of `fit`: the averages, where it keeps them."""
        import tensorflow as tf

        if not self._averages:
            return params
        return tf.nest.pack_sequence_as(params, [state[i] for i in self._averages])

    def initial_state(self, params, values):
        """State of one problem, without step count and learning rate: those are handed in."""
        import tensorflow as tf

        leaves = tf.nest.flatten(params)
        return [start.make(leaves, values) for start in self._starts]

    def update(self, gradients, state, params, step, values):
        """(updates, state) of one step, at swept `values`."""
        import tensorflow as tf

        old, gradients = tf.nest.flatten(params), tf.nest.flatten(gradients)
        handed = {
            "step": tf.cast(step, clock(self._optimizer)[0].dtype),
            "rate": values.get("learning_rate", self._rate),
        }
        given = list(state)
        for name, place in sorted(self._handed.items(), key=lambda item: item[1] or 0):
            if place is not None:
                given.insert(place, handed[name])

        def run(decisions):
            settings = {n: self._setting(n, values[n], decisions) for n in self._typical}
            with swept(self._found, settings):
                new, rest = apply(self._optimizer, given, gradients, old)
            kept = [v for i, v in enumerate(rest) if i not in self._handed.values()]
            return [after - before for after, before in zip(new, old, strict=True)], kept

        updates, kept = explore(run)
        return tf.nest.pack_sequence_as(params, updates), kept

    def _setting(self, name: str, tensor, decisions) -> HyperParameter:
        import tensorflow as tf

        bound = name in _BOUNDS
        if bound:
            tensor = tf.where(tensor > 0, tensor, float("nan"))
        return HyperParameter(name, tensor, self._typical[name], decisions, bound or self._is_harmless(name))

    def _is_harmless(self, name: str) -> bool:
        """Momentum of 0 in Keras's own classes: what `if self.momentum` skips would have changed nothing."""
        step = getattr(self._recipe.cls, "update_step", None)
        return name == "momentum" and getattr(step, "__module__", "").startswith("keras.")

    def rehearse(self, steps: int = 3) -> None:
        """Compare with the class itself at other settings; raises OptimizerError where they part.

        Finds what the eye for attributes cannot: a setting caught in a closure, or state kept elsewhere.
        """
        import tensorflow as tf

        rng = np.random.default_rng(2)
        variables = [variable(p, path) for p, path in zip(self._other.params, self._paths, strict=True)]
        plain = self._recipe.plain(self._other.settings)
        plain.build(variables)
        before = memory(plain)
        values = {n: tf.constant(v, tf.float32) for n, v in self._other.settings.items()}
        params = [tf.constant(p) for p in self._other.params]
        state = self.initial_state(params, values)
        for step in range(steps):
            gradients = [tf.constant(rng.normal(size=p.shape), p.dtype) for p in params]
            plain.apply_gradients(zip(map(plain.scale_loss, gradients), variables, strict=True))
            if changed := next(differences(before, memory(plain)), None):
                raise OptimizerError(f"{self._recipe.cls.__name__} {changed}")
            updates, state = self.update(gradients, state, params, tf.constant(step), values)
            params = [p + u for p, u in zip(params, updates, strict=True)]
            for mine, theirs in zip(params, variables, strict=True):
                if not np.allclose(mine, theirs.numpy(), rtol=1e-4, atol=1e-5, equal_nan=True):
                    raise OptimizerError(
                        f"{self._recipe.cls.__name__} with swept {', '.join(values) or 'nothing'} does not do what it "
                        f"does by itself (step {step}); let it read its settings from attributes in update_step, keep "
                        "state in self.add_variable, and draw no random numbers"
                    )
