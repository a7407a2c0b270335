"""Networks taught a known rule: realistic controls, on the substrate that the probes are for.

Made by `python -m bench maintain controls`; every .npz has a card beside it.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np

from bench.errors import UserError
from bench.probes.controls.distilled.teachers import TEACHERS, Teacher
from bench.probes.controls.networks import gru_system
from bench.probes.dynamics.system import System
from bench.records import sealed
from optimizers.learned.rnn import Gru

FOLDER = Path(__file__).parent
UNITS = 24


def architecture(teacher: Teacher) -> Gru:
    """The network that a teacher's student is."""
    return Gru(UNITS, teacher.input, teacher.input_scale, teacher.output_scale)


def weights(name: str) -> dict[str, np.ndarray]:
    """θ of the shipped student of TEACHERS[name]. Raises UserError for a damaged file."""
    content = (FOLDER / f"{name}.npz").read_bytes()
    if hashlib.sha256(content).hexdigest() != card(name)["sha256"]:
        raise UserError(f"{FOLDER / name}.npz is not that of its card; restore both files")
    with np.load(io.BytesIO(content), allow_pickle=False) as held:
        return dict(held)


def card(name: str) -> dict[str, Any]:
    """How it was made: command, seed, versions, seconds, error. Raises UserError for a damaged one."""
    return sealed.demand(FOLDER / f"{name}.json", "restore both files")


def student(name: str) -> System:
    """The system of the shipped student of TEACHERS[name]."""
    return gru_system(architecture(TEACHERS[name]), weights(name))
