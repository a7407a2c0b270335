"""What is minimized. One family per file; this file only names them."""

from tasks.base import Task, TaskError, get, names, register, tf
from tasks.classic import Rosenbrock
from tasks.moons import FreshTwoMoons, TwoMoons
from tasks.quadratic import Quadratic

__all__ = ["Task", "TaskError", "get", "names", "register", "tf"]

register("linear-regression", Quadratic(dimension=5, log10_spectrum=(-3.0, 0.0)))
register("rosenbrock", Rosenbrock())
register("two-moons", TwoMoons())
register("two-moons-small", FreshTwoMoons())
