"""What competes. This file only names the shipped entries.

Imports neither TensorFlow nor Keras; where Keras is there already, models saved with one of these can be loaded.
"""

import sys

import optoscope as _first  # noqa: F401  so that TensorFlow is loaded without its log
from optimizers.base import Asks, Entry, Optimizer, OptimizerError
from optimizers.hand_designed import register_all
from optimizers.oracles import register_oracles
from optimizers.registry import get, names, register
from optimizers.shipped import load, register_shipped
from optimizers.spaces import Choice, Integer, LogUniform, Uniform

__all__ = [
    "Asks",
    "Choice",
    "Entry",
    "Integer",
    "LogUniform",
    "Optimizer",
    "OptimizerError",
    "Uniform",
    "get",
    "load",
    "names",
    "register",
]

register_all()
register_shipped()
register_oracles()

SHIPPED = frozenset(names())
"""Names that every process knows."""

if "keras" in sys.modules:
    from optimizers import keras_optimizer as keras_optimizer
