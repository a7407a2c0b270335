"""What moves the last bits of a number beside the code: settings, fixed here; the processor and libraries, told.

TensorFlow reads its environment once, at import. A variable left to the user would give other numbers under the same
cell: XLA_FLAGS those of compiled programs, TF_ENABLE_ONEDNN_OPTS those of what runs without XLA.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from bench.engine import executor
from bench.errors import UserError
from bench.records.files import note

FIXED: dict[str, str | None] = {
    "TF_ENABLE_ONEDNN_OPTS": "0",  # unset, TensorFlow decides by the processor
    "TF_NUM_INTRAOP_THREADS": "1",  # a second thread splits sums, and slows tiles down; processes do not
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": None,
    "TF_XLA_FLAGS": None,
    "TF_SET_ONEDNN_FPMATH_MODE": None,
    "ONEDNN_DEFAULT_FPMATH_MODE": None,
    "DNNL_DEFAULT_FPMATH_MODE": None,
    "ONEDNN_MAX_CPU_ISA": None,
    "DNNL_MAX_CPU_ISA": None,
}
"""{environment variable: its one value}; None: unset. XLA_FLAGS are those of `options`."""
VARIABLE = "OPTOSCOPE_COMPILER"
"""Environment variable: one of OPTIONS; unset or empty, "default"."""
OPTIONS = {"default": "", "wide": "--xla_cpu_prefer_vector_width=512 --xla_cpu_copy_insertion_use_region_analysis=true"}
"""{choice: flags of XLA}: `wide` is faster and moves last digits; it does nothing where there is no AVX-512."""
_CACHE = re.compile(r"--tf_xla_persistent_cache_\w+=(?:\"[^\"]*\"|\S+)")
"""The flags of TF_XLA_FLAGS that move no number, and stay."""
_INSTRUCTIONS = re.compile(r"avx\w*|fma\w*|f16c|amx\w*|sse4_2|asimd\w*|sve\w*|fphp|bf16|i8mm")


@functools.cache
def settle() -> tuple[str, ...]:
    """Fix the environment, unless TensorFlow has read it already -> what then stays other than FIXED, as NAME=value.

    A note says what was set aside. Raises UserError for a choice that there is not.
    """
    executor.chosen(os.environ)
    other = differing(os.environ)
    if "tensorflow" in sys.modules:
        unset = (name for name, value in _fixed(os.environ) if value is not None and not os.environ.get(name))
        return (*(f"{name}=" for name in unset), *other)  # what is unset TensorFlow has decided
    fix(os.environ)
    if other:
        note(f"{', '.join(other)}: ignored, so that numbers do not depend on it")
    return ()


def fix(environment: MutableMapping[str, str]) -> None:
    """Give every variable of FIXED its value; flags that move no number stay."""
    for name, value in _fixed(environment):
        kept = " ".join(_CACHE.findall(environment.get(name, ""))) or value
        if kept is None:
            environment.pop(name, None)
        else:
            environment[name] = kept


def options(environment: Mapping[str, str]) -> str:
    """The choice among OPTIONS that counts on this processor. Raises UserError for one that there is not."""
    choice = environment.get(VARIABLE, "").strip() or "default"
    if choice not in OPTIONS:
        raise UserError(f"{VARIABLE}={choice}: unknown; known: {', '.join(OPTIONS)}")
    return choice if "avx512f" in _instructions() else "default"


def _fixed(environment: Mapping[str, str]) -> list[tuple[str, str | None]]:
    """FIXED with the flags of what was chosen."""
    flags = OPTIONS[options(environment)] or None
    return [(name, flags if name == "XLA_FLAGS" else value) for name, value in FIXED.items()]


def differing(environment: Mapping[str, str]) -> list[str]:
    """Variables of FIXED that are set to something else, as NAME=value."""
    given = ((name, _CACHE.sub("", environment.get(name, "")).strip(), value) for name, value in _fixed(environment))
    return [f"{name}={now}" for name, now, value in given if now not in ("", value)]


def fingerprint() -> str:
    """What numbers of this process depend on beside code and versions: architecture, vector instructions, settings.

    Equal on two machines: the same command gives the same bytes there, as far as is known.
    """
    choice, executed = options(os.environ), executor.label()
    told = [] if choice == "default" else [f"compiler={choice}"]
    told += [] if executed == executor.NAMES[0] else [f"executor={executed}"]
    return " ".join([processor_kind(), *told, *settle()])


def processor_kind() -> str:
    """The part of the fingerprint that no setting moves: architecture and vector instructions."""
    return " ".join([platform.machine(), *_instructions()])


def _instructions() -> list[str]:
    """Of the processor, those that change how sums are ordered and products rounded, in alphabetical order."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return [re.sub(r"\W+", "-", platform.processor())] if platform.processor() else []
    flags = next((line.split(":", 1)[1] for line in lines if line.lower().startswith(("flags", "features"))), "")
    return sorted({flag for flag in flags.split() if _INSTRUCTIONS.fullmatch(flag)})
