"""What is removed from an optimizer, and the name that says so in one portable line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.lookup.syntax import settings
from optimizers import OptimizerError
from optimizers.syntax import split

FAMILIES = ("ablated", "linearised")
MECHANISMS: Mapping[str, str] = {
    "momentum": "the state is reset to the drift path before every step",
    "offset": "the update at zero gradient is that of the drift path; the state goes on",
    "clipping": "the update is its tangent in the gradient at zero",
    "schedule": "started at rest, step count and drift frozen there",
    "adaptation": "a gradient acts as it would on the drift path, whatever the state",
    "bias": "the update of the drift path at zero gradient is subtracted",
}
PLACES = ("rest", "path")
TUNED = "tuned"
HORIZON = 200
_SETTINGS = {
    "ablated": ("optimizer", "without", "step", "control", "horizon"),
    "linearised": ("optimizer", "at", "saturating", "without", "step", "control", "horizon"),
}


@dataclass(frozen=True)
class Spec:
    """`linear`: "" or where the optimizer is linearised; `saturating` keeps the nonlinearity in the gradient there.

    `control` ≥ 0: not the ablation but a change of equal size in a random direction, that draw of it. `step` multiplies
    the update, "tuned" leaves it to the suite's tuning. The drift path is known up to `horizon`.
    """

    without: tuple[str, ...] = ()
    linear: str = ""
    saturating: bool = False
    control: int = -1
    step: float | str = 1.0
    horizon: int = field(default=HORIZON)

    def __post_init__(self):
        for mechanism in self.without:
            if mechanism not in MECHANISMS:
                known = ", ".join(MECHANISMS)
                raise OptimizerError(f"without={mechanism!r} is no mechanism; known: {known}")
        if self.linear not in ("", *PLACES):
            raise OptimizerError(f"at={self.linear!r}: linearise at {' or '.join(PLACES)}")
        if self.step != TUNED and not (isinstance(self.step, float) and self.step > 0):
            raise OptimizerError(f"step={self.step!r}: give a positive number, or {TUNED}")
        object.__setattr__(self, "without", tuple(m for m in MECHANISMS if m in self.without))

    def flags(self) -> dict[str, float]:
        """θ of the ablated update (bench.studies.ablation.ablated), all numbers."""
        taken = {name: float(name in self.without) for name in MECHANISMS}
        if self.linear == "rest":
            taken["schedule"] = 1.0
        return {
            **taken,
            "linear": float(bool(self.linear)),
            "saturating": float(self.saturating),
            "control": float(self.control >= 0),
            "draw": float(max(self.control, 0)),
            "step": 1.0 if self.step == TUNED else float(self.step),
        }

    def name(self, optimizer: str) -> str:
        """The name of the ablation of the entry called `optimizer`; `parse` gives both back."""
        if not self.without and not self.linear and self.step == 1.0:
            return optimizer
        said = [f"optimizer={optimizer}"]
        said += [f"at={self.linear}"] if self.linear else []
        said += ["saturating=yes"] if self.saturating else []
        said += [f"without={'+'.join(self.without)}"] if self.without else []
        said += [f"control={self.control}"] if self.control >= 0 else []
        said += [f"step={self.step if self.step == TUNED else f'{self.step:.6g}'}"] if self.step != 1.0 else []
        said += [f"horizon={self.horizon}"] if self.horizon != HORIZON else []
        return f"{FAMILIES[bool(self.linear)]}[{','.join(said)}]"


def parse(name: str) -> tuple[str, Spec]:
    """The optimizer's name and what is done to it; raises OptimizerError."""
    family, within = split(name)
    said = None if within is None else settings(within)
    known = _SETTINGS.get(family, ())
    if said is None or not set(said) <= set(known) or "optimizer" not in said:
        example = f"{family or FAMILIES[0]}[optimizer=gru-rosenbrock,…]"
        raise OptimizerError(f"cannot make optimizer {name!r}; write {example} with settings: {', '.join(known)}")
    linear = said.get("at", "rest") if family == "linearised" else ""
    if not linear and not said.get("without") and "step" not in said:
        raise OptimizerError(f"{name!r} takes nothing away; add without=, of {', '.join(MECHANISMS)}")
    without = tuple(part for part in said.get("without", "").split("+") if part)
    saturating = _word(name, said, "saturating", {"yes": True, "no": False}, "no")
    step: Any = said.get("step", "1")
    step = step if step == TUNED else _number(name, "step", step)
    control, horizon = (
        int(_number(name, key, said.get(key, default)))
        for key, default in (("control", "-1"), ("horizon", str(HORIZON)))
    )
    return said["optimizer"], Spec(without, linear, saturating, control, step, horizon)


def _word(name: str, said: Mapping[str, str], key: str, known: Mapping[str, Any], default: str):
    value = said.get(key, default)
    if value not in known:
        raise OptimizerError(f"{name!r}: {key}={value}; give {' or '.join(known)}")
    return known[value]


def _number(name: str, key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OptimizerError(f"{name!r}: {key}={text}; give a number") from None
