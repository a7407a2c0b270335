"""What was written for Keras 2 is told apart, in one line that says what to write in Keras 3."""

from __future__ import annotations

import re
from typing import Any

from optimizers.base import OptimizerError

_METHODS = ("_resource_apply_dense", "_resource_apply_sparse", "_create_slots", "_apply_dense", "get_updates")
_REMEDY = (
    "write update_step(self, gradient, variable, learning_rate) with self.assign_sub(variable, …), and make state in "
    "build(self, variables) with self.add_variable_from_reference"
)
_ARGUMENTS = {
    "lr": "lr is learning_rate",
    "decay": "decay is a schedule, learning_rate=keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay)",
    "beta_1_decay": "beta_1_decay is gone",
    "schedule_decay": "schedule_decay is gone",
}
_GONE = re.compile(
    r"no attribute '(_set_hyper|_get_hyper|_serialize_hyperparameter|add_slot|get_slot|_decayed_lr|_create_hypers|"
    r"_prepare_local|_use_locking|get_gradients|_create_slots)'"
)


def refuse(name: str, cls: Any) -> None:
    """Raises OptimizerError for a class of Keras 2, and for one whose update is still Keras 2's."""
    import keras

    if cls.__name__ == "LegacyOptimizerWarning":
        raise OptimizerError(
            f"optimizer {name!r} is of keras.optimizers.legacy, which is Keras 2; use keras.optimizers itself"
        )
    base: Any = keras.optimizers.Optimizer
    methods = [word for word in _METHODS if hasattr(cls, word) and not hasattr(base, word)]
    kept = issubclass(cls, base) and (cls.update_step is not base.update_step or cls.apply is not base.apply)
    if methods and not kept:
        raise OptimizerError(
            f"optimizer {name!r}: {cls.__name__} is a Keras 2 optimizer (it has {methods[0]}, which Keras 3 never "
            f"calls); {_REMEDY}"
        )
    if issubclass(cls, base) and not kept and cls is not base:
        raise OptimizerError(f"optimizer {name!r}: {cls.__name__} has no update_step; {_REMEDY}")


def explain(problem: BaseException) -> str | None:
    """One line for an error that code for Keras 2 makes under Keras 3; None for any other."""
    text = str(problem)
    if "keras.optimizers.legacy" in text or ".legacy` is not supported" in text:
        return "keras.optimizers.legacy is Keras 2; use keras.optimizers itself"
    if "not recognized" in text and (known := [line for word, line in _ARGUMENTS.items() if f"'{word}'" in text]):
        return f"these are arguments of a Keras 2 optimizer; in Keras 3, {'; '.join(known)}"
    if "Argument `decay` is no longer supported" in text:
        return f"decay is an argument of Keras 2, which Keras 3 ignores; {_ARGUMENTS['decay']}"
    if found := _GONE.search(text):
        return f"this is a Keras 2 optimizer (it calls {found[1]}); {_REMEDY}, and settings as attributes"
    if number := re.search(r"Argument `learning_rate` should be float.*learning_rate=(-?[\d.][\d.e+-]*)$", text):
        return f"Keras takes a learning rate that is a float of Python's; write float({number[1]})"
    if "Argument `learning_rate` should be float" in text and "learning_rate=<" not in text:
        return (
            "the learning rate is no number, as when a Keras 2 optimizer gives its name first; "
            "write super().__init__(learning_rate=learning_rate, name=name, **kwargs)"
        )
    return None
