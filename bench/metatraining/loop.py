"""Iterations: one set of problems each, a step in θ after each of the estimator's segments."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bench.engine.keys import digest
from bench.errors import UserError, check_count
from bench.lookup.named import NamedTask
from bench.metatraining import descent, estimators, mixture, validation
from bench.metatraining.goal import Goal
from bench.metatraining.metalosses import meta_loss
from bench.metatraining.parts import Part, Parts, split
from bench.metatraining.settings import Settings, Stage
from bench.metatraining.state import State, Theta
from bench.terminal import counted

_EVERY = 50
"""Iterations between checkpoints."""


class Loop:
    """An architecture, tasks and settings, with the programs compiled for them."""

    def __init__(self, architecture: Any, subjects: list[NamedTask], settings: Settings, workers: int = 1):
        self.architecture, self.subjects, self.settings = _known(architecture), subjects, settings
        self._check_workers(workers)
        self._workers, self._parts = workers, Parts(workers)
        self.estimator = estimators.get(settings.estimator)
        self._check_lengths()
        self._programs: dict[tuple[int, Stage], Any] = {}

    def run(self, state: State, tell: Callable[[State], None], keep: Callable[[State], None]) -> State:
        """Iterate to the end; `tell` hears of every iteration, `keep` now and then and when Ctrl-C stops it."""
        marks = validation.marks(self.settings.steps)
        try:
            while state.iteration < self.settings.steps:
                state = self._timed(state, marks)
                tell(state)
                if state.iteration % _EVERY == 0:
                    keep(state)
        except KeyboardInterrupt:
            keep(state)
            raise
        return state

    def _check_lengths(self) -> None:
        s = self.settings
        if s.unroll_least is not None and self.estimator.segments(s.unroll) < 2:
            example = "'truncated[length=50]'"
            raise UserError(
                f"unroll_least needs an estimator of several segments, such as {example}, not {s.estimator!r}"
            )

    def _check_workers(self, workers: int) -> None:
        pieces = self.settings.pieces
        if check_count("workers", workers) > pieces:
            raise UserError(
                f"workers is {workers}, but a batch of one training has {counted(pieces, 'part')}; "
                f"give parts={workers}, or several seeds"
            )

    def _timed(self, state: State, marks: set[int]) -> State:
        """State after one more iteration, validated where there is a mark, with the seconds it took."""
        began = time.perf_counter()
        after = self.iterate(state)
        if after.iteration in marks:
            after = self.validate(after)
        return dataclasses.replace(after, seconds=state.seconds + time.perf_counter() - began)

    def iterate(self, state: State) -> State:
        """State after one more set of problems."""
        s, number = self.settings, state.iteration
        stage, drawn = s.stage(number), mixture.draw(s, len(self.subjects), number)
        program = self._program(drawn.task, stage)
        parts = [self._begin(program, state.theta, drawn.task, part, stage) for part in split(drawn.numbers, s.pieces)]
        runs = 2 * getattr(self.estimator, "pairs", 0) or 1  # antithetic pairs, where it perturbs θ
        most = self.estimator.segments(stage.unroll)
        segments = mixture.segments(s, most, number)
        spent = len(drawn.numbers) * runs * (stage.unroll * segments // most + 1)
        state = dataclasses.replace(state, iteration=number + 1, gradients=state.gradients + spent)
        for k in range(segments):
            keys = [_key(s.seed, number * most + k, i) for i in range(s.pieces)]
            estimate, parts = self._parts.segment(program, _tensors(state.theta), parts, k, keys)
            state = self._step(state, drawn.task, estimate)
        return state

    def _begin(self, program: Any, theta: Theta, task: int, numbers: Sequence[int], stage: Stage) -> Part:
        params, data, seen = mixture.problems(self.subjects[task], "metatrain", numbers, stage.unroll)
        return Part(data, seen, program.begin(_tensors(theta), params, data, seen))

    def validate(self, state: State) -> State:
        """State that knows how its θ does on held-out problems."""
        found = validation.held_out(self.architecture, self.subjects, state.theta, self.settings)
        return validation.keep(state, found)

    def memory_bytes(self) -> int:
        """What the largest of the tasks' meta-gradients stores."""
        stage = self.settings.stage(self.settings.steps)
        return max(self._memory(i, stage) for i in range(len(self.subjects)))

    def check_memory(self) -> str:
        """A line that says what the training will take; UserError when that is more than is free."""
        size = self.memory_bytes()
        estimators.refuse_if_too_large(size)
        return f"the meta-gradient will take {max(size / 2**30, 0.01):.2f} GB"

    def _step(self, state: State, task: int, estimate: Any) -> State:
        """θ down the estimate, unless that is not finite."""
        gradients = {name: value.numpy() for name, value in estimate.gradients.items()}
        norm, loss = descent.norm_of(gradients), float(estimate.loss)
        skip = not np.isfinite(norm) or not np.isfinite(loss)
        row = [state.iteration, task, loss, norm, int(skip)]
        state = dataclasses.replace(state, curve=[*state.curve, row])
        if skip:
            return dataclasses.replace(state, skipped=state.skipped + 1)
        rate = descent.rate_at(self.settings, state.iteration)
        return descent.descend(state, gradients, norm, rate, self.settings)

    def _program(self, i: int, stage: Stage) -> Any:
        s = self.settings
        if (i, stage) not in self._programs:
            loss = meta_loss(s.loss, s.log_weight)
            goal = Goal(self.subjects[i].task, self.architecture, stage.unroll, loss, stage.discount, s.clip)
            self._programs[i, stage] = _program_for(self.estimator, goal)
        return self._programs[i, stage]

    def _memory(self, i: int, stage: Stage) -> int:
        params, _, _ = mixture.problems(self.subjects[i], "metatrain", [0], 1)
        count = sum(int(np.prod(leaf.shape[1:])) for leaf in _leaves(params))
        at_once = self.settings.batch_of(i) // self.settings.pieces * self._workers
        return self._program(i, stage).memory_bytes(count, at_once)


@functools.lru_cache(maxsize=64)
def _first(architecture: Any) -> Any:
    return architecture


def _known(architecture: Any) -> Any:
    """The first one met that equals it, whose programs this process keeps: seeds of one training share them."""
    return _first(architecture) if _hashable(architecture) else architecture


@functools.lru_cache(maxsize=16)
def _kept(estimator: Any, goal: Goal) -> Any:
    return estimator.compile(goal)


def _program_for(estimator: Any, goal: Goal) -> Any:
    """The program of a goal; kept, so that a second training of this process compiles nothing anew."""
    return _kept(estimator, goal) if _hashable(goal) else estimator.compile(goal)


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _tensors(theta: Theta) -> dict[str, Any]:
    import tensorflow as tf

    return {name: tf.constant(value) for name, value in theta.items()}


def _leaves(nested: Any) -> list[Any]:
    import tensorflow as tf

    return tf.nest.flatten(nested)


def _key(seed: int, number: int, part: int) -> Any:
    """A key (2,) int32 for what an estimator draws itself."""
    import tensorflow as tf

    stream = f"estimator/{seed}/{part}" if part else f"estimator/{seed}"
    return tf.constant([digest(stream), number % (2**31 - 2**17)], tf.int32)
