"""What TensorFlow code does without running it: the operations of its graph."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf

_RANDOM = re.compile(
    r"(Stateless)?(Random|TruncatedNormal|ParameterizedTruncatedNormal|Multinomial|Shuffle)|"
    r"Stateful(Random|Standard|Truncated|Uniform)|Rng|AnonymousRandomSeed"
)
_PYTHON = re.compile(r"(Eager|Stateless)?Py(Func|Function)(Stateless)?")
_PHILOX = 1
_FREE = {"Const", "Cast", "Placeholder", "Identity"}
"""Operations on float64 that only carry a constant into float32."""
_COUNTED = ("token",)
"""Settings of nodes that are another at every trace."""


def trace(f: Callable, *arguments: Any) -> Any:
    """Concrete function of `f` for tensors like `arguments` (nested; None stays None), traced afresh."""
    return tf.function(f, autograph=False).get_concrete_function(*arguments)


def nodes(traced: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """(node, its neighbors by name) of a traced function and of all functions it calls."""
    graph = traced.graph.as_graph_def()
    for group in (graph.node, *(function.node_def for function in graph.library.function)):
        beside = {node.name: node for node in group}
        yield from ((node, beside) for node in group)


def random_draws(traced: Any) -> list[str]:
    """Operations that draw random numbers, stateless ones too."""
    return sorted({node.op for node, _ in nodes(traced) if _RANDOM.match(node.op)})


def stateful_draws(traced: Any) -> list[str]:
    """Operations that draw random numbers by no key."""
    return [op for op in random_draws(traced) if not op.startswith("Stateless")]


def unkeyed_draws(traced: Any) -> list[str]:
    """Random operations that follow no key, or whose bits depend on the device: not `alg="philox"`."""
    return sorted({node.op for node, beside in nodes(traced) if _unkeyed(node, beside)})


def _unkeyed(node: Any, beside: dict[str, Any]) -> bool:
    if not _RANDOM.match(node.op):
        return False
    if not node.op.startswith("Stateless"):
        return True
    if "GetKeyCounter" in node.op or not (node.op.endswith(("V2", "V3")) or "Shuffle" in node.op):
        return "GetKeyCounter" in node.op
    algorithm = beside.get(node.input[3].split(":")[0])  # (shape, key, counter, algorithm, …)
    if algorithm is None or algorithm.op != "Const":
        return True
    return int(tf.make_ndarray(algorithm.attr["value"].tensor)) != _PHILOX


def python_calls(traced: Any) -> list[str]:
    """Operations that call back into Python."""
    return sorted({node.op for node, _ in nodes(traced) if _PYTHON.fullmatch(node.op)})


def float64(traced: Any) -> list[str]:
    """Operations that compute in float64."""
    double = tf.float64.as_datatype_enum
    return sorted(
        {
            node.op
            for node, _ in nodes(traced)
            if node.op not in _FREE and any(attr.type == double for attr in node.attr.values())
        }
    )


def nested(f: Callable) -> Callable:
    """`f(run, problem)` of one run, lifted to runs (S, C, …) and problems (S, …), as the engine does it."""

    def over(each: Callable, elements: Any) -> Any:
        return tf.vectorized_map(each, elements, fallback_to_while_loop=False)

    return lambda runs, problems: over(lambda row: over(lambda run: f(run, row[1]), row[0]), (runs, problems))


def same(one: Any, other: Any) -> bool:
    """Whether two traces do the same: equal operations on equal constants, and the same tensors from outside."""
    if _text(one) != _text(other) or len(one.graph.captures) != len(other.graph.captures):
        return False
    pairs = zip(one.graph.captures, other.graph.captures, strict=True)
    return all(mine is theirs or _equal(mine, theirs) for (mine, _), (theirs, _) in pairs)


def _equal(mine: Any, theirs: Any) -> bool:
    """Of two tensors from outside the graphs; resources are equal when they are the same."""
    if mine.dtype != theirs.dtype or not hasattr(mine, "numpy") or mine.dtype in (tf.resource, tf.variant):
        return False
    return mine.shape == theirs.shape and mine.numpy().tobytes() == theirs.numpy().tobytes()


def _text(traced: Any) -> list[Any]:
    """The operations of a trace, nodes and functions by their places: TensorFlow counts names over the process."""
    graph = traced.graph.as_graph_def()
    functions = {function.signature.name: function for function in graph.library.function}
    places: dict[str, int] = {}
    text = _lines(graph.node, (), functions, places)
    for done in itertools.count():
        if done == len(places):
            return text
        function = functions[list(places)[done]]
        text += _lines(function.node_def, function.signature.input_arg, functions, places)
        text.append([function.ret[out.name].partition(":")[2] for out in function.signature.output_arg])
    raise AssertionError


def _lines(nodes: Any, arguments: Any, functions: Mapping[str, Any], places: dict[str, int]) -> list[Any]:
    """One line a node: operation, inputs, settings. `places` numbers the functions as they are met."""
    index = {node.name: i for i, node in enumerate((*arguments, *nodes))}

    def called(name: str) -> Any:
        return places.setdefault(name, len(places)) if name in functions else name

    def setting(value: Any) -> Any:
        if value.WhichOneof("value") == "func":
            return called(value.func.name)
        return [called(f.name) for f in value.list.func] or value.SerializeToString(deterministic=True)

    def source(name: str) -> Any:
        node, _, output = name.removeprefix("^").partition(":")
        return index.get(node, node), output

    return [
        (
            called(node.op),
            [source(name) for name in node.input],
            [(key, setting(node.attr[key])) for key in sorted(node.attr) if key not in _COUNTED and key[0] != "_"],
        )
        for node in nodes
    ]


def variables(traced: Any) -> list[str]:
    """Names of the variables and other resources that a traced function reads or writes."""
    return [held.name for _, held in traced.graph.captures if held.dtype == tf.resource]
