"""The search range of every hyper-parameter, read from what identifies an entry in its record."""

from __future__ import annotations

import ast

from bench.scores.numbers import significant


def ranges(definition: str) -> dict[str, str]:
    """`… space [('learning_rate', LogUniform(low=1e-05, …))] theta …` -> {"learning_rate": "1e-05 … 10, log-uniform"}.

    From the record, not from what is registered now: that may have changed since.
    """
    _, found, rest = definition.partition(" space ")
    space = rest.rpartition(" theta ")[0]
    if not found or not space:
        return {}
    try:
        pairs = map(_parts, _parts(ast.parse(space, mode="eval").body))
        return {str(ast.literal_eval(name)): _range(call) for name, call in pairs}
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):  # a record may be anybody's
        return {"search space": space}


def _parts(node: ast.expr) -> list[ast.expr]:
    """What stands in a list or a tuple; ValueError for anything else."""
    if not isinstance(node, (ast.List, ast.Tuple)):
        raise ValueError(f"{ast.unparse(node)} is no list")
    return node.elts


def _range(call: ast.expr) -> str:
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        return ast.unparse(call)
    given = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
    match call.func.id, given:
        case "LogUniform", {"low": low, "high": high, "complement": True}:
            return f"{_short(1 - high)} … {_short(1 - low)}, log-uniform in 1 − x from {_short(low)} to {_short(high)}"
        case "LogUniform", {"low": low, "high": high}:
            return f"{_short(low)} … {_short(high)}, log-uniform"
        case "Uniform", {"low": low, "high": high}:
            return f"{_short(low)} … {_short(high)}, uniform"
        case "Integer", {"low": low, "high": high}:
            return f"{low} … {high}, whole{', log-uniform' if given.get('log') else ''}"
        case "Choice", {"options": options}:
            return "one of " + ", ".join(map(str, options))
    return ast.unparse(call)


def _short(value: float) -> str:
    return significant(value, 6)
