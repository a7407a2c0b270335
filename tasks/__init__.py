"""What is minimized. One family per file; `tasks.shipped` names them."""

from tasks import shipped
from tasks.base import Task, TaskError, get, names, register, tf
from tasks.keras_model import KerasTask

__all__ = ["KerasTask", "Task", "TaskError", "get", "names", "register", "shipped", "tf"]
