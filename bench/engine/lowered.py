"""A traced function that TensorFlow lowers, and that jaxlib compiles, runs and keeps.

Called as `Flat` is; what jaxlib cannot take, `Flat` runs. Where a plan is known by its text, a kept program is run
without a trace: the structure of what it returns is then traced for only when somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from bench.engine import executables, pjrt
from bench.engine.blocks import few
from bench.engine.definition import Unknown, definition
from bench.engine.executables import Kept
from bench.engine.flat import Flat
from bench.engine.unroll import Plan
from tasks import Task

_PRODUCTS = {"dot", "convolution", "fft", "sort", "reduce-window"}
"""Operations that are many times slower within a kernel."""
_refused: dict[tuple[Task, Callable], str] = {}


class Loose(NamedTuple):
    """What a piece returned, flat, on its way to the next."""

    results: Sequence[Any]
    source: Lowered


def refused(task: Task, build: Callable) -> str:
    """Why TensorFlow ran a program of this task and optimizer, in a few words; empty where jaxlib ran all."""
    return _refused.get((task, build), "")


class Lowered:
    """One piece of a plan's program; `part` tells it from the others."""

    def __init__(self, f: Callable, plan: Plan, part: str):
        self._f, self._plan, self._part = f, plan, part
        self._flat = Flat(f)
        self._run: pjrt.Executable | None = None
        self._arguments: tuple[Any, ...] = ()
        self._structure: Any = None
        self._given: list[tuple[Any, Any]] = []
        self._captured: list[Any] = []
        self._refused = False

    @property
    def cold(self) -> bool:
        return self._run is None and self._flat.cold

    def __call__(self, *arguments: Any) -> Sequence[Any]:
        if self._run is None and not self._refused:
            self._arguments = tuple(_specified(argument) for argument in arguments)
            try:
                self._run = self._made()
            except pjrt.Refused as reason:
                self._refused = True
                _refused[self._plan.task, self._plan.build] = str(reason)
        if self._run is None:
            return self._flat(*(a.source.packed(a.results) if isinstance(a, Loose) else a for a in arguments))
        return self._run([*self._buffers(list(_leaves(arguments))), *self._captured])

    def handed_on(self, results: Sequence[Any]) -> Any:
        """`results` as an argument of the next piece."""
        return self._flat.packed(results) if self._run is None else Loose(results, self)

    def packed(self, results: Sequence[Any]) -> Any:
        """What the function returned, in tensors of TensorFlow's."""
        if self._run is None:
            return self._flat.packed(results)
        return tf.nest.pack_sequence_as(self.structure, [tf.constant(pjrt.array(result)) for result in results])

    @property
    def structure(self) -> Any:
        """Of what the function returns: nested specifications."""
        if self._structure is None:
            self._trace()
        return self._structure

    def _buffers(self, leaves: Sequence[Any]) -> list[Any]:
        """jaxlib's own of the arguments; those that were given at the last call too are at hand."""
        known = self._given if len(self._given) == len(leaves) else [(None, None)] * len(leaves)
        pairs = zip(leaves, known, strict=True)
        self._given = [(leaf, held if leaf is last else _buffer(leaf)) for leaf, (last, held) in pairs]
        return [held for _, held in self._given]

    def _made(self) -> pjrt.Executable:
        """The program, kept or new. Raises Refused."""
        key = self._key()
        if key and (found := self._restored(key)):
            return found
        traced, concrete = self._trace()
        hlo = pjrt.Hlo(traced.experimental_get_compiler_ir(*_leaves(self._arguments))(stage="hlo_serialized"))
        captured = _captured(concrete, hlo, len(list(_leaves(self._arguments))))
        as_kernel = few(self._plan.task) and not hlo.operations & _PRODUCTS
        if not key:
            key = executables.digest(hlo.text, str(as_kernel))
            if found := self._restored(key):
                return found
        made = pjrt.Executable.compiled(hlo, as_kernel=as_kernel)
        executables.write(key, Kept(made.serialized(), captured))
        self._captured = [pjrt.buffer(tf.constant(value)) for value in captured]
        return made

    def _restored(self, key: str) -> pjrt.Executable | None:
        if (kept := executables.read(key)) is None:
            return None
        try:
            found = pjrt.Executable.restored(kept.program)
        except pjrt.Refused:
            executables.remove(key)
            return None
        self._captured = [pjrt.buffer(tf.constant(value)) for value in kept.captured]
        return found

    def _key(self) -> str:
        """Of a program whose plan is known by its text; else empty."""
        try:
            about = definition(self._plan)
        except Unknown:
            return ""
        shapes = [f"{leaf.dtype.name}{leaf.shape}" for leaf in _leaves(self._arguments)]
        return executables.digest(about, self._part, *shapes)

    def _trace(self) -> tuple[Any, Any]:
        """(the function, its trace), of flat arguments: TensorFlow lowers no others."""
        nests = [a.source.structure if isinstance(a, Loose) else a for a in self._arguments]

        def flat(*leaves: Any) -> Any:
            left = iter(leaves)
            return self._f(*tf.nest.map_structure(lambda leaf: None if leaf is None else next(left), nests))

        traced = tf.function(flat, jit_compile=True, autograph=False)
        concrete = traced.get_concrete_function(*_leaves(nests))
        self._structure = concrete.structured_outputs
        return traced, concrete


def _leaves(arguments: Any) -> Iterator[Any]:
    """Of nested arguments, in order, without what is None."""
    for argument in arguments:
        flat = argument.results if isinstance(argument, Loose) else tf.nest.flatten(argument)
        yield from (leaf for leaf in flat if leaf is not None)


def _specified(argument: Any) -> Any:
    """An argument with specifications in place of tensors."""
    if isinstance(argument, Loose):
        return Loose([_spec(leaf) for leaf in argument.results], argument.source)
    return tf.nest.map_structure(lambda leaf: None if leaf is None else _spec(leaf), argument)


def _spec(leaf: Any) -> tf.TensorSpec:
    return tf.TensorSpec(leaf.shape, leaf.dtype)


def _buffer(leaf: Any) -> Any:
    return pjrt.buffer(leaf) if isinstance(leaf, tf.Tensor) else leaf


def _captured(concrete: Any, hlo: pjrt.Hlo, arguments: int) -> tuple[np.ndarray, ...]:
    """Values of the tensors from outside the graph, which the program takes after its arguments. Raises Refused."""
    if any(tensor.dtype == tf.resource for tensor in concrete.captured_inputs):
        raise pjrt.Refused("it reads a variable")
    values = tuple(tensor.numpy() for tensor in concrete.captured_inputs)
    if hlo.parameters != arguments + len(values):
        raise pjrt.Refused("TensorFlow lowers it to other parameters")
    return values
