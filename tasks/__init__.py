"""What is minimized. One family per file; `tasks.shipped` names them."""

from tasks import shipped
from tasks.base import Task, TaskError, get, names, register, tf

__all__ = ["Task", "TaskError", "get", "names", "register", "shipped", "tf"]
