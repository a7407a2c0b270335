"""Commands in a process and a folder of their own, by this checkout; and a task to write into that folder."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BOWL = """
from dataclasses import dataclass
from tasks import Task, register, tf

@dataclass(frozen=True)
class Bowl(Task):
    def sample(self, key):
        return tf.random.stateless_normal([2], key, alg="philox"), ()
    def loss(self, params, data, batch):
        return tf.reduce_sum(tf.square(params))

register("own-bowl", Bowl())
"""


def bench(arguments, folder):
    """What `python -m bench` prints."""
    return python("import optoscope; optoscope.main()", folder, arguments)


def python(code, folder, arguments=()):
    """What a line of Python prints."""
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}]\n{code}"
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
