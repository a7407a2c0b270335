"""What a loss cannot do in the engine, and what to write instead.

TensorFlow's own errors name the op that cannot be vectorized, not the remedy; and some mistakes raise nothing: draws by
`tf.random.normal` or dropout are vectorized without complaint, and then no run can be repeated. `check` looks at the
traced graph of one problem for those; `explain` puts a line under what was raised.
"""

from __future__ import annotations

import re
from typing import Any

from tasks.base import Task, TaskError, tf

_RANDOM = re.compile(r"Random|Rng|TruncatedNormal|Multinomial|StatefulStandard|StatefulUniform|Shuffle")
_NO_DRAWS = (
    "draw ahead instead: what differs by problem in `sample(key)`, by step in `batches(key, steps)`; "
    "a Keras model goes as it is into tasks.KerasTask"
)
_FLOAT32 = "tensors are float32: cast data in `sample`, and write tf.constant(…, tf.float32)"
_OUTSIDE = (
    "it uses a variable that is not the model's, as keras.random without a seed does; "
    "give the layer seed=keras.random.SeedGenerator()"
)
_PLAIN_OPS = "the engine runs all problems at once: write it with tf.where, tf.gather, tf.one_hot, products and sums"

_RAISED = (
    (
        r"No pfor vectorization defined for (\S*(?:Random|Rng|Multinomial)\S*)",
        f"{{}} draws random numbers; {_NO_DRAWS}",
    ),
    (
        r"op '(\w*Conv\w*)' expected to be (?:not )?loop invariant",
        "{} cannot be vectorized over filters; write tasks.layout.convolve, patches times a matrix; "
        "a Keras model goes as it is into tasks.KerasTask",
    ),
    (
        r"No pfor vectorization defined for ((?:Eager)?PyFunc\w*)",
        "{} calls Python; write the loss in TensorFlow operations",
    ),
    (
        r"No pfor vectorization defined for (Where)\b",
        "tf.boolean_mask and one-argument tf.where have results of varying size; multiply by a mask instead",
    ),
    (r"No pfor vectorization defined for (\w+)", f"{{}} cannot be vectorized; {_PLAIN_OPS}"),
    (r"No converter defined for (\w+)", f"{{}} cannot be vectorized; {_PLAIN_OPS}"),
    (r"gradient registry has no entry for: (\w+)", f"{{}} has no gradient; {_PLAIN_OPS}"),
    (
        r"unsupported operations .*: TensorListReserve|'variant'\W+ is not compatible",
        "a loop of TensorFlow's (tf.while_loop, tf.scan, tf.map_fn) cannot be compiled inside a loss; "
        "unroll it in Python, `for t in range(length)`; a Keras model goes as it is into tasks.KerasTask",
    ),
    (r"unsupported operations when .*?: (\w+) \(", f"XLA cannot compile {{}}; {_PLAIN_OPS}"),
    (
        r"symbolic `tf.Tensor` as a Python `bool`",
        "a Python `if` cannot depend on a tensor; write tf.where(condition, a, b)",
    ),
    (
        r"Iterating over a symbolic `tf.Tensor`",
        "a Python `for` cannot run over a tensor; write tf.unstack(x), or one operation on all of x",
    ),
    (
        r"has no attribute 'numpy'|NotImplementedError: Cannot convert a symbolic",
        "a loss is traced before there are numbers; write tf functions, not NumPy's",
    ),
    (
        r"(?:argument must be a .*, not|TypeError:) '(?:Symbolic|Eager)?Tensor'(?: object cannot be interpreted|$)",
        "losses and updates are traced before there are numbers; write tf.cast(x, tf.float32), not float(x) or int(x)",
    ),
    (
        r"UnliftableError|tf\.Variable",
        "losses and updates are pure functions; make no tf.Variable in them: a task's numbers go into data, an "
        "optimizer's memory into its state (self.add_variable in build, for a Keras class)",
    ),
    (
        r"Variable' object has no attribute 'path'",
        "Keras hands update_step and weight decay variables of TensorFlow's, which have no path; read paths in build, "
        "and find what belongs to a variable by self._get_variable_index(variable)",
    ),
    (
        r"KeyError: '?\d{9,}",
        "what is found by id(variable) in build is another object in update_step; find what belongs to a variable by "
        "self._get_variable_index(variable)",
    ),
    (
        r"Tensor' object has no attribute 'path'",
        "parameters and gradients are tensors, which have no path; tell them apart by their place in the nest, such as "
        "the keys of a dict",
    ),
    (
        r"'Seen' object has no attribute '(\w+)'",
        "an update that asks is handed loss, loss_at(params), gradient_at(params) and floor, not {}",
    ),
    (
        r"Error: None values not supported|Attempt to convert a value \(None\)",
        "None is used as a tensor; an update is handed no loss unless its Entry says asks=Asks(), no floor without "
        "Asks(floor=True), and in a Keras class neither",
    ),
    (r"Argument `target` should be .* received None", "the loss returns None; it returns a scalar tensor"),
    (r"does not match type float64|has type float64|double", _FLOAT32),
    (r"Dimensions must be equal.*SelectV2", "the loss is not a scalar; end it with tf.reduce_mean or tf.reduce_sum"),
)


def explain(exception: BaseException) -> str | None:
    """One line that says what to write instead of what made TensorFlow raise; None: not a mistake known here."""
    text = " ".join(f"{type(exception).__name__}: {exception}".split())
    for pattern, remedy in _RAISED:
        if found := re.search(pattern, text):
            return remedy.format(*found.groups())
    return None


def check(task: Task, params: Any, data: Any, batch: Any = None) -> None:
    """Raise TaskError when the loss or the evaluation of one problem is not what the engine can run.

    `params`, `data` and `batch` are of one problem and one step, tensors or `tf.TensorSpec`s. Traces, computes nothing.
    """
    what = type(task).__name__
    for leaf in tf.nest.flatten(params):
        if leaf.dtype != tf.float32:
            raise TaskError(f"{what}.sample returns {leaf.dtype.name} parameters; {_FLOAT32}")
    specs, seen = _specs((params, data)), None if batch is None else _specs(batch)
    keyed = type(task).train_loss is not Task.train_loss
    _check_scalar(f"{what}.loss", task.loss, *specs, seen, keyed=keyed)
    try:
        _check_scalar(f"{what}.evaluate", task.evaluate, *specs, keyed=keyed)
    except Exception as problem:
        if batch is None or type(task).evaluate is not Task.evaluate:
            raise
        said = " ".join(f"{type(problem).__name__}: {problem}".split())[:160]
        raise TaskError(
            f"{what} has batches and no evaluate of its own, so that its loss is scored with batch None, which fails "
            f"({said}); write evaluate(params, data), a noise-free score"
        ) from problem


def _specs(structure):
    return tf.nest.map_structure(lambda leaf: tf.TensorSpec(leaf.shape, leaf.dtype), structure)


def _check_scalar(what: str, function, *specs, keyed: bool = False) -> None:
    """`keyed`: it may draw stateless random numbers, by what it is given, but from no variable."""
    returned: list[Any] = []

    def run(*arguments):
        returned.append(function(*arguments))
        return returned[-1]

    try:
        traced = tf.function(run, autograph=False).get_concrete_function(*specs)
    except Exception as problem:  # anybody's loss runs in here
        if (remedy := explain(problem)) is None:
            raise
        raise TaskError(f"{what}: {remedy}") from problem
    drawn = sorted({op for op in _operations(traced.graph) if _RANDOM.search(op)})
    if keyed and any(held.dtype == tf.resource for held, _ in traced.graph.captures):
        raise TaskError(f"{what}: {_OUTSIDE}")
    if drawn := [op for op in drawn if not (keyed and op.startswith("Stateless"))]:
        raise TaskError(f"{what}: {drawn[0]} draws random numbers; {_NO_DRAWS}")
    value = returned[-1]
    if not tf.is_tensor(value):
        raise TaskError(f"{what} returns {type(value).__name__}; it returns a scalar tensor")
    if value.shape.rank is None and (python := [op for op in _operations(traced.graph) if "PyFunc" in op]):
        raise TaskError(f"{what}: {python[0]} calls Python; write the loss in TensorFlow operations")
    if value.shape.rank != 0:
        raise TaskError(
            f"{what} returns shape {value.shape}, not a scalar; end it with tf.reduce_mean or tf.reduce_sum"
        )
    if value.dtype != tf.float32:
        raise TaskError(f"{what} returns {value.dtype.name}; {_FLOAT32}")


def _operations(graph) -> set[str]:
    """Types of the operations of a graph and of the functions that it calls."""
    definition = graph.as_graph_def()
    inner = (node.op for function in definition.library.function for node in function.node_def)
    return {node.op for node in definition.node} | set(inner)
