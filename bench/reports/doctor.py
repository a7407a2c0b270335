"""What `python -m bench doctor` prints: what this machine and installation are, and what keeps them from working."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import NamedTuple

from bench.engine import executor, numerics, process, program_cache
from bench.errors import UserError
from bench.lookup import plugins

LEAST = (3, 11)
"""The oldest Python that this project runs on."""
_AGAIN = "install it again: pip install --force-reinstall tensorflow"
_BOUND = re.compile(r"(>=|<)\s*([\d.]+)")


class Finding(NamedTuple):
    """What was looked at, what is there, and what to do where that does not do: "" where it does."""

    about: str
    found: str
    remedy: str = ""


def examine() -> Iterator[Finding]:
    """Every finding, one after the other: some take seconds. What fails is one too, and the others go on."""
    yield from (*_versions(), _processor(), _cache(), *_disks())
    yield _tried("TensorFlow", _compiled, _AGAIN)
    yield _tried("threads", _threads)
    yield _tried("executor", _executor)
    yield _tried("numerics", _fingerprint)
    yield _tried("plug-ins", _plugins)


def text(finding: Finding) -> str:
    """One line, or two where there is something to do."""
    line = f"{finding.about:14}  {finding.found}"
    return f"{line}\n{'':14}  → {finding.remedy}" if finding.remedy else line


def _versions() -> Iterator[Finding]:
    old = tuple(map(int, platform.python_version_tuple()[:2])) < LEAST
    yield Finding("Python", platform.python_version(), "use Python {}.{} or newer".format(*LEAST) if old else "")
    for name in process.PACKAGES:
        yield _package(name)


def _package(name: str) -> Finding:
    """A package's version against what this installation asks for."""
    asked = next((line for line in _required() if re.match(rf"{name}\b(?!-)", line)), name)
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name, "not installed", f"pip install '{asked}'")
    return Finding(name, found, "" if _within(found, asked) else f"pip install '{asked}'")


def _required() -> list[str]:
    try:
        return requires("optoscope") or []
    except PackageNotFoundError:  # run from a checkout that is not installed
        return []


def _within(found: str, asked: str) -> bool:
    """Whether a version keeps bounds such as `keras<3.16,>=3.15`."""
    have = _numbers(found)
    return all(have >= _numbers(end) if sign == ">=" else have < _numbers(end) for sign, end in _BOUND.findall(asked))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _processor() -> Finding:
    return Finding("processor", f"{process.processor().split(' fpu ')[0]}, {os.cpu_count() or 1} cores")


def _cache() -> Finding:
    """The cache of compiled programs: place, size, whether it can be used."""
    root = program_cache.location()
    if root is None:
        return Finding("program cache", f"off, as {program_cache.VARIABLE} is empty")
    held = [path.stat().st_size for path in root.glob("xla-*/*") if path.is_file()]
    found = f"{root}, {len(held)} files, {sum(held) / 2**20:.0f} of at most {program_cache.LIMIT / 2**20:.0f} MiB"
    amiss = program_cache.trouble(root)
    remedy = f"set {program_cache.VARIABLE} to a writable folder; until then every process compiles its programs again"
    return Finding("program cache", f"{found}; {amiss}" if amiss else found, remedy if amiss else "")


def _disks() -> Iterator[Finding]:
    """Room where results go by default: the folder that the command runs in."""
    here = Path.cwd()
    free, writable = shutil.disk_usage(here).free, os.access(here, os.W_OK)
    remedy = "" if writable else "run where results can be written, or give --out"
    if free < program_cache.ROOM:
        remedy = "make room, or give --out on another disk"
    yield Finding("free disk", f"{free / 2**30:.1f} GiB in {here}{'' if writable else ', read-only'}", remedy)


def _tried(about: str, look: Callable[[], Finding], remedy: str = "report it, with these lines") -> Finding:
    try:
        return look()
    except UserError as mistake:
        return Finding(about, "refused", str(mistake))
    except Exception as problem:
        reason = " ".join(str(problem).split()) or type(problem).__name__
        return Finding(about, f"{type(problem).__name__}: {reason}", remedy)


def _compiled() -> Finding:
    """TensorFlow loads, and XLA compiles and runs a program."""
    process.load_tensorflow()
    import tensorflow as tf

    doubled = float(tf.function(lambda x: 2.0 * x, jit_compile=True)(tf.constant(1.5)))
    if doubled != 3.0:
        return Finding("TensorFlow", f"2 × 1.5 is {doubled}", _AGAIN)
    return Finding("TensorFlow", "compiles and runs")


def _executor() -> Finding:
    """Whose XLA runs the engine's programs, and whether it does."""
    if executor.chosen(os.environ) == executor.NAMES[0]:
        return Finding("executor", f"TensorFlow's own; {executor.VARIABLE} chooses: {', '.join(executor.NAMES)}")
    import tensorflow as tf

    from bench.engine import pjrt

    doubled = tf.function(lambda x: 2.0 * x, jit_compile=True)
    hlo = pjrt.Hlo(doubled.experimental_get_compiler_ir(tf.constant(1.5))(stage="hlo_serialized"))
    (result,) = pjrt.Executable.compiled(hlo, as_kernel=False)([pjrt.buffer(tf.constant(1.5))])
    if float(pjrt.array(result)) != 3.0:
        return Finding("executor", f"2 × 1.5 is {pjrt.array(result)}", f"unset {executor.VARIABLE}")
    return Finding("executor", f"{executor.label()}, compiles and runs what TensorFlow lowers")


def _threads() -> Finding:
    import tensorflow as tf

    threading = tf.config.threading
    inner, outer = threading.get_intra_op_parallelism_threads(), threading.get_inter_op_parallelism_threads()
    read = [os.environ.get(name, "unset") for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")]
    said = " and ".join(str(n or given) for n, given in zip((inner, outer), read, strict=True))
    return Finding("threads", f"{said} in each process; --workers sets the processes, {os.cpu_count() or 1} by default")


def _fingerprint() -> Finding:
    """What numbers depend on here beside versions; settings that could not be fixed are named in it."""
    left = numerics.settle()
    remedy = f"start Python again without {', '.join(left)}" if left else ""
    return Finding("numerics", numerics.fingerprint(), remedy)


def _plugins() -> Finding:
    plugins.load_plugins()
    return Finding("plug-ins", ", ".join(plugins.installed()) or "none installed")
