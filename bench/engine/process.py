"""The process around TensorFlow: quiet logs, one thread, and a cache of compiled programs.

Call `prepare` before TensorFlow is first imported; afterwards it still sets the threads where it can.
"""

from __future__ import annotations

import functools
import logging
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import optoscope
from bench import waiting
from bench.engine import numerics, program_cache

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn")


def prepare() -> None:
    """Set the environment that TensorFlow reads once, at import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    numerics.settle()
    flags = os.environ.get("TF_XLA_FLAGS", "")
    if "tensorflow" in sys.modules or "persistent_cache" in flags:
        return
    if folder := program_cache.prepare(_compiles_for()):
        flag = f'--tf_xla_persistent_cache_directory="{folder}"'
        os.environ["TF_XLA_FLAGS"] = f"{flags} {flag}".strip()


def load_tensorflow() -> None:
    """Prepare, then import TensorFlow and let it look for devices; its log is not written to standard error."""
    prepare()
    with waiting.doing("loading TensorFlow", at_once="tensorflow" not in sys.modules):
        _started()


@functools.cache
def _started() -> None:
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # its warnings of retracing are for one function called in a loop
    logging.getLogger("absl").setLevel("ERROR")
    with optoscope.quiet():
        tf.constant(0)


def processor() -> str:
    """The processor's model and, where the system tells them, its features."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    kept = dict(line.split(":", 1) for line in lines if line.startswith(("model name", "flags")))
    return " ".join(value.strip() for value in kept.values()) or platform.machine()


def _compiles_for() -> str:
    """What compiled programs depend on beside TensorFlow's version: the processor, and the options of its compiler."""
    choice = numerics.options(os.environ)
    return processor() if choice == "default" else f"{processor()} compiler={choice}"


def versions() -> dict[str, str]:
    """Of every package that can move a number."""
    return {name: version(name) for name in PACKAGES}


def provenance() -> dict[str, str]:
    """Where and when: host, processor, what moves last bits there, Python, time, commit of this project."""
    return {
        "host": platform.node(),
        "processor": processor().split(" fpu ")[0],
        "numerics": numerics.fingerprint(),
        "python": platform.python_version(),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
    }


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
