"""What was written for Keras 2 is told apart, in one line that says what to write in Keras 3."""

from __future__ import annotations

import re
from typing import Any

from optimizers.base import OptimizerError

_APPLIES = ("_resource_apply_dense", "_resource_apply_sparse", "_create_slots", "_apply_dense", "get_updates")
_HOOKS = (
    *("get_gradients", "_get_gradients", "compute_gradients", "_compute_gradients", "minimize"),
    *("_transform_gradients", "_transform_unaggregated_gradients", "_aggregate_gradients", "_transform_loss"),
)
_CALLED = ("update_step", "apply", "apply_gradients")
_INIT = "write super().__init__(learning_rate=learning_rate, name=name, **kwargs)"
_REMEDY = (
    "write update_step(self, gradient, variable, learning_rate) with self.assign_sub(variable, …), and make state in "
    "build(self, variables) with self.add_variable_from_reference"
)
_GRADIENTS = (
    "change gradients in apply(self, grads, trainable_variables=None), which ends in "
    "super().apply(grads, trainable_variables)"
)
_ARGUMENTS = {
    "lr": "lr is learning_rate",
    "decay": "decay is a schedule, learning_rate=keras.optimizers.schedules.InverseTimeDecay(rate, 1, decay)",
    "beta_1_decay": "beta_1_decay is gone",
    "schedule_decay": "schedule_decay is gone",
    "jit_compile": "jit_compile is an argument of model.compile",
    "is_legacy_optimizer": "is_legacy_optimizer is gone",
    "gradient_transformers": f"gradient_transformers are gone: {_GRADIENTS}",
    "gradient_aggregator": f"gradient_aggregator is gone: {_GRADIENTS}",
}
_GONE = re.compile(
    r"no attribute '(_set_hyper|_get_hyper|_serialize_hyperparameter|add_slot|get_slot|_decayed_lr|_create_hypers|"
    r"_prepare_local|_use_locking|get_gradients|_create_slots)'"
)
_RENAMED = (
    (r"object has no attribute '(lr)'", "self.{} is self.learning_rate in Keras 3"),
    (r"object has no attribute '(weights|_weights)'", "self.{} is self.variables in Keras 3"),
    (r"object has no attribute '(_var_list)'", "self.{} is self._trainable_variables in Keras 3"),
    (r"object has no attribute '(_index_dict)'", "self.{} is self._get_variable_index(variable) in Keras 3"),
    (r"object has no attribute '(_build_learning_rate)'", "self.{} is gone in Keras 3; " + _INIT),
    (r"missing 1 required positional argument: '(learning_rate)'", "Keras 3 asks for the {}; " + _INIT),
    (
        r"(?:update_step|apply|apply_gradients)\(\) missing \d required \S+ arguments?: '(\w+)'",
        "Keras hands no {} to an optimizer; an update that needs the loss is two functions, Entry(…, asks=Asks())",
    ),
    (
        r"(update_step\(\)) takes 3 positional",
        "Keras 3 calls {} with three; write (self, gradient, variable, learning_rate)",
    ),
    (
        r"unexpected keyword argument '(model_variable|variable_name)'",
        "{} is of Keras 2; the two are (variable, name=…)",
    ),
    (r"module 'keras[\w.]*\.backend' has no attribute '(\w+)'", "keras.backend.{0} is of Keras 2; see keras.ops"),
    (
        r"module 'keras[\w.]*\.optimizers' has no attribute '(experimental)'",
        "keras.optimizers.{} is gone; use keras.optimizers itself",
    ),
)


def refuse(name: str, cls: Any) -> None:
    """Raises OptimizerError for a class of Keras 2, and for one whose update is still Keras 2's."""
    import keras

    if any(base.__name__ == "LegacyOptimizerWarning" for base in cls.__mro__):
        raise OptimizerError(
            f"optimizer {name!r} is of keras.optimizers.legacy, which is Keras 2; use keras.optimizers itself"
        )
    base: Any = keras.optimizers.Optimizer
    if word := _never_called(cls, base):
        raise OptimizerError(
            f"optimizer {name!r}: {cls.__name__} is a Keras 2 optimizer (it has {word}, which Keras 3 never calls); "
            f"{_GRADIENTS if word in _HOOKS else _REMEDY}"
        )
    kept = any(getattr(cls, called, None) is not getattr(base, called) for called in _CALLED)
    if issubclass(cls, base) and not kept and cls is not base:
        raise OptimizerError(f"optimizer {name!r}: {cls.__name__} has no update_step; {_REMEDY}")


def _never_called(cls: Any, base: Any) -> str | None:
    """The first method of Keras 2 in `cls` that no class, from the one that has it down, replaces by one of Keras 3."""
    for word in (*_APPLIES, *_HOOKS):
        if hasattr(cls, word) and not hasattr(base, word):
            depth = next(i for i, one in enumerate(cls.__mro__) if word in vars(one))
            if not any(called in vars(one) for one in cls.__mro__[: depth + 1] for called in _CALLED):
                return word
    return None


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
        return f"the learning rate is no number, as when a Keras 2 optimizer gives its name first; {_INIT}"
    return next((line.format(*m.groups()) for pattern, line in _RENAMED if (m := re.search(pattern, text))), None)
