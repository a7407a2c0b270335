"""Tasks that go wrong in as many ways as came to mind, and one that does not. Each is a loss or a sample of a bowl."""

import ctypes
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass

import numpy as np

from tasks import Task, register, tf

DRAWN_WHILE_LOADING = float(np.random.uniform())  # noqa: NPY002 (on purpose: the same in every process)


@dataclass(frozen=True)
class Bowl(Task):
    way: str = ""

    def sample(self, key):
        params = tf.random.stateless_uniform([2], key, -5.0, 5.0, alg="philox")
        return SAMPLES.get(self.way, lambda params: (params, ()))(params)

    def loss(self, params, data, batch):
        return LOSSES.get(self.way, bowl)(params)


@dataclass(frozen=True)
class Loses(Bowl):
    """Says its floor when it is registered and never again."""

    @property
    def floor(self):
        if STATE.get("registered"):
            raise LookupError("the floor is gone")
        return 0.0


STATE = {}


def bowl(params):
    return tf.reduce_sum(tf.square(params))


def raises(problem):
    def loss(params):
        raise problem

    return loss


class OnlyBase(BaseException):
    """Not an Exception."""


def leaves_threads(params):
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(100_000,)).start()
    return bowl(params)


def changes_settings(params):
    """What every later cell of this process would compute and write in."""
    import keras

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    tf.config.run_functions_eagerly(True)
    tf.config.optimizer.set_jit(False)
    np.seterr(all="raise")
    np.random.seed(3)  # noqa: NPY002 (on purpose)
    os.environ["XLA_FLAGS"] = "--none"
    os.chdir("/")
    return bowl(params)


def unsettles(params):
    """What every later cell of this process would load, write and be stopped by."""
    sys.path.clear()
    os.umask(0o777)
    sys.stdout = sys.stderr = None
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 3600)
    return bowl(params)


def prints(params):
    print("GARBAGE", flush=True)
    print("more of it", file=sys.stderr)
    return bowl(params)


def recurses(params):
    return recurses(params)


def hangs(params):
    while True:
        pass


def closes(params):
    sys.stdout.close()
    return bowl(params)


LOSSES = {
    "raises": raises(RuntimeError("two\nlines and \x1b[31mred")),
    "raises-base": raises(OnlyBase("odd")),
    "exits": raises(SystemExit("bye")),
    "interrupts": raises(KeyboardInterrupt()),
    "stops": raises(StopIteration("enough")),
    "recurses": recurses,
    "hangs": hangs,
    "vector": lambda params: tf.square(params),
    "double": lambda params: tf.cast(bowl(params), tf.float64),
    "complex": lambda params: tf.cast(bowl(params), tf.complex64),
    "nothing": lambda params: None,
    "constant": lambda params: tf.constant(1.0),
    "not-a-number": lambda params: bowl(params) * float("nan"),
    "infinite": lambda params: bowl(params) + float("inf"),
    "draws": lambda params: bowl(params) + tf.random.normal([]),
    "threads": leaves_threads,
    "settings": changes_settings,
    "unsettles": unsettles,
    "prints": prints,
    "closes": closes,
    "swells": lambda params: bowl(params) + tf.reduce_sum(tf.zeros([200_000, 200_000]) + params[0]),
    "crashes": lambda params: ctypes.string_at(0),
    "loading": lambda params: bowl(params) * (1.0 + DRAWN_WHILE_LOADING),
}
SAMPLES = {
    "key-error": raises(KeyError("k")),
    "whole": lambda params: (tf.cast(params, tf.int32), ()),
    "single": lambda params: params,
    "far": lambda params: (params + float("inf"), ()),
    "empty": lambda params: ((), ()),
    "wide": lambda params: (params, tf.zeros([tf.shape(tf.where(params > 0))[0]])),
}
for way in (*LOSSES, *SAMPLES):
    register(f"bad-{way}", Bowl(way))
register("bad-floor", Loses("raises"))
register("fine", Bowl())
STATE["registered"] = True
