"""Descending in θ: the meta-training loop, resumable to the same bits.

The recipe is measured, not guessed: full unroll, adjoints clipped and discounted (bench.metagradient), Adam with a
short warm-up and a cosine by iteration, the global norm clipped to twice its running median, non-finite
steps skipped and counted, the best θ on held-out problems kept.
"""

from __future__ import annotations

import copy
import io
import json
import shlex
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from tqdm import tqdm

from bench import names, runtime
from bench.errors import UserError
from bench.keys import digest, keys
from bench.suites import check_count
from optimizers import Entry

_EVERY = 50
"""Iterations between checkpoints."""
_VALIDATIONS = 12


@dataclass(frozen=True)
class Settings:
    """What determines the weights, besides architecture and tasks."""

    steps: int
    seed: int = 0
    loss: str = "mixed"
    discount: float = 0.95
    clip: float = 5.0
    rate: float = 5e-3
    batch: int = 64
    unroll: int = 200
    log_weight: float = 0.005
    validation: int | None = None

    def __post_init__(self):
        for name in ("steps", "batch", "unroll"):
            check_count(name, getattr(self, name))
        if self.validation is not None:
            check_count("validation", self.validation)
        if not isinstance(self.seed, int) or self.seed < 0:
            raise UserError(f"seed must be a whole number, 0 or more, not {self.seed!r}")
        if self.loss not in ("mean", "log", "mixed"):
            raise UserError(f"loss must be mean, log or mixed, not {self.loss!r}")
        if not 0 < self.discount <= 1:
            raise UserError(f"discount must be above 0 and at most 1, not {self.discount}")
        for name in ("clip", "rate"):
            if not getattr(self, name) > 0:
                raise UserError(f"{name} must be above 0, not {getattr(self, name)}")
        if not 0 <= self.log_weight < np.inf:
            raise UserError(f"log_weight must be 0 or more, not {self.log_weight}")


def metatrain(
    optimizer: Any,
    tasks: Any,
    *,
    steps: int,
    seed: int = 0,
    out: Any = None,
    progress: bool = True,
    **settings: Any,
) -> dict[str, np.ndarray]:
    """Meta-train an architecture on a task, or on a mixture with one task drawn per iteration -> best θ.

    `steps`: meta-iterations. `settings`: loss, log_weight, discount, clip, rate, batch, unroll, validation, as in
    Settings. With `out` (a file ending in .npz) weights and card are written there, and a checkpoint beside it
    makes the same call go on where it was stopped. Raises UserError.
    """
    from bench.separable import check_separable
    from optimizers import learned

    architecture = learned.get(optimizer) if isinstance(optimizer, str) else optimizer
    listed = tasks if isinstance(tasks, (list, tuple)) else [tasks]
    subjects = [names.named_task(task) for task in listed]
    if not subjects:
        raise UserError("no task to meta-train on; name one, e.g. rosenbrock")
    try:
        chosen = Settings(steps=steps, seed=seed, **settings)
    except TypeError as problem:
        raise UserError(f"meta-training has no such setting: {problem}") from None
    path = _weights_path(out)
    named = path is not None or type(architecture) in learned.ARCHITECTURES.values()
    spelled = learned.spell(architecture) if named else type(architecture).__name__
    check_separable(architecture)
    training = _Training(architecture, subjects, chosen, spelled)
    if path is not None:
        training.resume(_checkpoint(path))
    training.go(_checkpoint(path) if path else None, progress)
    if not np.isfinite(training.score):
        raise UserError(
            f"meta-loss {chosen.loss!r} was never finite on held-out problems ({training.skipped} "
            f"of {steps} iterations skipped); choose another --loss, a smaller --rate or other scales"
        )
    if path is not None:
        from optimizers.shipped import save

        save(path, training.best, training.card(path))
        _checkpoint(path).unlink(missing_ok=True)
    return training.best


def _weights_path(out: Any) -> Path | None:
    if out is None:
        return None
    path = Path(out)
    if path.suffix != ".npz":
        raise UserError(f"weights file {out} must end in .npz")
    Entry(
        path.stem, "learned", cast(Any, None)
    )  # OptimizerError for a name that could not be loaded again
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as problem:
        raise UserError(f"cannot write {out}: {problem.strerror}; choose another --out") from None
    return path


def _checkpoint(path: Path) -> Path:
    return path.with_suffix(".checkpoint")


class _Training:
    """The loop's state: θ, Adam's moments, recent norms, the best so far."""

    def __init__(self, architecture, subjects, settings: Settings, spelled: str):
        self.architecture, self.subjects, self.settings, self.spelled = (
            architecture,
            subjects,
            settings,
            spelled,
        )
        self.theta = architecture.initial(settings.seed)
        self.first = {name: np.zeros_like(value) for name, value in self.theta.items()}
        self.second = {name: np.zeros_like(value) for name, value in self.theta.items()}
        self.best = dict(self.theta)
        self.norms: list[float] = []
        self.iteration = self.updates = self.skipped = 0
        self.score, self.seconds = np.inf, 0.0
        self.shown: dict[str, float] = {}
        self.gradients = 0
        self.history: list[list[float]] = []
        self._programs: dict[int, Any] = {}

    def go(self, checkpoint: Path | None, progress: bool) -> None:
        """Iterate to the end; Ctrl-C leaves a checkpoint of the last whole iteration."""
        s = self.settings
        marks = {round(s.steps * (i + 1) / _VALIDATIONS) for i in range(_VALIDATIONS)}
        bar = tqdm(
            total=s.steps,
            initial=self.iteration,
            desc=self.spelled,
            unit="it",
            disable=not progress,
        )
        with bar:
            while self.iteration < s.steps:
                start, before = time.perf_counter(), self._snapshot()
                try:
                    self._iterate()
                    if self.iteration in marks or self.iteration == s.steps:
                        self._validate()
                except KeyboardInterrupt:
                    vars(self).update(before)
                    if checkpoint is not None:
                        self.save(checkpoint)
                    raise
                self.seconds += time.perf_counter() - start
                bar.update()
                bar.set_postfix_str(self._status())
                if checkpoint is not None and self.iteration % _EVERY == 0:
                    self.save(checkpoint)

    def _snapshot(self) -> dict[str, Any]:
        """All that an iteration changes. Arrays are replaced, never written into, so shallow copies do."""
        return {name: copy.copy(getattr(self, name)) for name in (*_GROUPS, *_PLAIN)}

    def _status(self) -> str:
        shown = " ".join(f"{name} {value:.4g}" for name, value in self.shown.items())
        return f"held-out {shown} skipped {self.skipped}" if shown else f"skipped {self.skipped}"

    def _iterate(self) -> None:
        s = self.settings
        i = digest(f"mixture/{s.seed}/{self.iteration}") % len(self.subjects)
        first = digest(f"metatrain/{s.seed}") + self.iteration * s.batch
        numbers = [(first + k) % (2**31 - 2**17) for k in range(s.batch)]
        estimate = self._program(i)(_tensors(self.theta), *self._problems(i, "metatrain", numbers))
        self.iteration += 1
        self.gradients += s.batch * (s.unroll + 1)
        gradients = {name: value.numpy() for name, value in estimate.gradients.items()}
        norm = float(
            np.sqrt(sum(np.sum(np.square(g, dtype="float64")) for g in gradients.values()))
        )
        if not np.isfinite(norm) or not np.isfinite(float(estimate.loss)):
            self.skipped += 1
            return
        self.norms = [*self.norms[-99:], norm]
        scale = min(1.0, 1.0 / (norm + 1e-12), 2.0 * float(np.median(self.norms)) / (norm + 1e-12))
        self._adam({name: g * np.float32(scale) for name, g in gradients.items()})

    def _adam(self, gradients: dict[str, np.ndarray]) -> None:
        """Kingma and Ba, 2015, β = (0.9, 0.99); 20 iterations of warm-up, then a cosine to 1 %."""
        s = self.settings
        self.updates += 1
        cosine = 0.5 * (1 + np.cos(np.pi * self.iteration / s.steps)) * 0.99 + 0.01
        rate = s.rate * min(1.0, self.iteration / 20) * cosine
        for name, g in gradients.items():
            self.first[name] = 0.9 * self.first[name] + 0.1 * g
            self.second[name] = 0.99 * self.second[name] + 0.01 * g * g
            mean = self.first[name] / (1 - 0.9**self.updates)
            spread = np.sqrt(self.second[name] / (1 - 0.99**self.updates)) + 1e-8
            self.theta[name] = (self.theta[name] - rate * mean / spread).astype("float32")

    def _validate(self) -> None:
        """Meta-loss on held-out problems, mean over tasks; keeps θ when it is the best so far."""
        import tensorflow as tf

        from bench.metagradient import meta_loss

        s = self.settings
        curves = [self._held_out(i) for i in range(len(self.subjects))]
        score = float(
            np.mean([meta_loss(s.loss, s.log_weight)(tf.constant(curve)) for curve in curves])
        )
        ratio = np.concatenate([(curve / curve[:1]).ravel() for curve in curves]).astype("float64")
        self.shown = {"mean": float(ratio.mean()), "log10": float(np.log10(ratio + 1e-14).mean())}
        self.history.append([self.iteration, score, *self.shown.values()])
        if np.isfinite(score) and score < self.score:
            self.score, self.best = (
                score,
                {name: value.copy() for name, value in self.theta.items()},
            )

    def _held_out(self, i: int) -> np.ndarray:
        """Losses (unroll + 1, problems) on the validation problems of task `i`."""
        from bench.engine import race

        entry = Entry("in-training", "learned", self.architecture.build)
        usual = 128 if self.subjects[i].task.tile[1] >= 32 else 32
        seeds = range(self.settings.validation or usual)
        raced = race(
            self.subjects[i],
            entry,
            [self.theta],
            purpose="validate",
            seeds=seeds,
            steps=self.settings.unroll,
            record="all",
        )
        return raced.runs.losses[0].T

    def _program(self, i: int):
        from bench.metagradient import compile_metagradient

        s = self.settings
        if i not in self._programs:
            self._programs[i] = compile_metagradient(
                self.subjects[i].task,
                self.architecture.build,
                steps=s.unroll,
                loss=s.loss,
                discount=s.discount,
                clip=s.clip,
                log_weight=s.log_weight,
            )
        return self._programs[i]

    def _problems(self, i: int, purpose: str, numbers):
        from bench.sampling import batches, sample

        name, task = self.subjects[i]
        seen = batches(task, keys(name, "batches-" + purpose, numbers), self.settings.unroll)
        return *sample(task, keys(name, purpose, numbers)), seen

    def _identity(self) -> dict[str, Any]:
        tasks = [names.task_definition(subject.task) for subject in self.subjects]
        return {
            "architecture": self.spelled,
            "tasks": tasks,
            **asdict(self.settings),
            "versions": runtime.versions(),
        }

    def save(self, path: Path) -> None:
        """Everything the loop needs to go on to the same bits, in one file."""
        from bench.files import write_bytes

        groups = {group: getattr(self, group) for group in _GROUPS}
        arrays = {
            f"{group}.{name}": value
            for group, values in groups.items()
            for name, value in values.items()
        }
        plain = {k: getattr(self, k) for k in _PLAIN}
        card = json.dumps({"identity": self._identity(), "state": plain})
        buffer = io.BytesIO()
        np.savez(buffer, card=np.array(card), **arrays)
        write_bytes(path, buffer.getvalue())

    def resume(self, path: Path) -> None:
        """Take up the checkpoint at `path`, if it is there, whole, and of this very training."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                card, held = json.loads(str(arrays["card"])), dict(arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return
        if {**asdict(Settings(steps=1)), **card["identity"]} != json.loads(
            json.dumps(self._identity())
        ):
            raise UserError(
                f"{path} is of a training with other settings; delete it, or choose another --out"
            )
        for group in _GROUPS:
            setattr(self, group, {name: held[f"{group}.{name}"] for name in self.theta})
        for name, value in card["state"].items():
            setattr(self, name, value)

    def card(self, out: Path) -> dict[str, Any]:
        """How the weights were made: enough to make them again."""
        tasks = [subject.name for subject in self.subjects]
        s = asdict(self.settings)
        options = " ".join(
            f"--{name.replace('_', '-')} {value}" for name, value in s.items() if value is not None
        )
        command = f"python -m bench metatrain {shlex.quote(self.spelled)} --tasks {shlex.quote(','.join(tasks))}"
        return {
            "architecture": self.spelled,
            "tasks": tasks,
            "task_definitions": [names.task_definition(subject.task) for subject in self.subjects],
            "command": f"{command} --out {out} {options}",
            **s,
            "iterations": self.iteration,
            "seconds": round(self.seconds, 1),
            "gradients": self.gradients,
            "validation": {
                "meta_loss": self.score,
                "iteration, meta-loss, mean, log10": self.history,
            },
            "non_finite_steps": self.skipped,
            "versions": runtime.versions(),
            **runtime.provenance(),
        }


_GROUPS = ("theta", "first", "second", "best")
_PLAIN = (
    "norms",
    "iteration",
    "updates",
    "skipped",
    "score",
    "shown",
    "seconds",
    "gradients",
    "history",
)


def _tensors(theta: dict[str, np.ndarray]):
    import tensorflow as tf

    return {name: tf.constant(value) for name, value in theta.items()}
