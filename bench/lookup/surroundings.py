"""What every function of a process shares, put back after foreign code ran: no number may depend on what ran before.

Python's and NumPy's global random numbers, the folder, the search path, umask, standard streams, signals, the
environment, NumPy's errors and printing, and what Keras and TensorFlow compute in. Not TensorFlow's global seed, which
nothing in a race draws by.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

import numpy as np


@contextmanager
def kept(seed: int | None = None) -> Iterator[Callable[[], bool]]:
    """Put everything back at the end of the block; with a `seed`, global random numbers start from it.

    What it gives says whether they have moved since. Another thread may have moved them: that is no proof.
    """
    with ExitStack() as after:
        for now, put in _settings():
            after.callback(_put_back, now, now(), put)
        if seed is not None:
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002 (the one that foreign code may draw by)
        start = _drawn()
        yield lambda: _drawn() != start


def _settings() -> Iterator[tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """(what reads it, what sets it) of each."""
    yield random.getstate, random.setstate
    yield _numpy_state, np.random.set_state
    yield np.geterr, lambda errors: np.seterr(**errors)
    yield np.get_printoptions, lambda options: np.set_printoptions(**options)
    yield _folder, lambda folder: os.chdir(folder) if folder else None
    yield lambda: sys.path[:], lambda path: sys.path.extend(entry for entry in path if entry not in sys.path)
    yield _umask, os.umask
    yield lambda: (sys.stdin, sys.stdout, sys.stderr), _set_streams
    if threading.current_thread() is threading.main_thread():  # Python sets them nowhere else
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            yield partial(signal.getsignal, number), partial(_set_signal, number)
        yield _alarmed, lambda alarmed: None if alarmed else signal.setitimer(signal.ITIMER_REAL, 0)
    if keras := sys.modules.get("keras"):
        yield keras.config.floatx, keras.config.set_floatx
        yield keras.config.dtype_policy, keras.config.set_dtype_policy
    if tf := sys.modules.get("tensorflow"):
        yield lambda: dict(os.environ), _set_environment  # before, TensorFlow's own import changes it
        yield tf.config.functions_run_eagerly, tf.config.run_functions_eagerly
        yield lambda: tf.config.optimizer.get_jit() != "", tf.config.optimizer.set_jit
        yield tf.config.optimizer.get_experimental_options, tf.config.optimizer.set_experimental_options


def _put_back(read: Callable[[], Any], before: Any, put: Callable[[Any], Any]) -> None:
    if read() != before:
        with suppress(OSError):  # a folder that is gone
            put(before)


def _drawn() -> Any:
    return random.getstate(), _numpy_state()


def _numpy_state() -> Any:
    """As a tuple that can be compared, and set."""
    state: Any = np.random.get_state()  # noqa: NPY002 (the same)
    name, words, *rest = state
    return (name, words.tolist(), *rest)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _umask() -> int:
    now = os.umask(0o077)
    os.umask(now)
    return now


def _set_streams(streams: tuple[Any, Any, Any]) -> None:
    sys.stdin, sys.stdout, sys.stderr = streams


def _set_signal(number: int, handler: Any) -> None:
    if handler is not None:  # one that Python did not set, and cannot
        signal.signal(number, handler)


def _alarmed() -> bool:
    return signal.getitimer(signal.ITIMER_REAL)[0] > 0


def _set_environment(before: dict[str, str]) -> None:
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)
