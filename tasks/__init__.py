"""What is minimized. One family per file; `tasks.shipped` names them."""

from typing import TYPE_CHECKING, Any

import optoscope as _first  # noqa: F401  so that TensorFlow is loaded without its log
from tasks import shipped
from tasks.base import Task, TaskError, get, names, register, tf

if TYPE_CHECKING:
    from tasks.keras_model import KerasTask

__all__ = ["KerasTask", "Task", "TaskError", "get", "names", "register", "shipped", "tf"]


def __getattr__(name: str) -> Any:
    if name != "KerasTask":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tasks.keras_model import KerasTask  # NumPy with it, which listing the tasks does without

    return KerasTask


SHIPPED = frozenset(names())
"""Names that every process knows."""
