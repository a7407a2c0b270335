"""A stop that was asked for ends a process within seconds, whatever it does; what only looks like one does not."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench import stops

BUSY = """
import hashlib, signal
from bench import stops
stops.listen([signal.SIGTERM], last_words="that was all")
print("listening", flush=True)
try:
    {work}
except KeyboardInterrupt as problem:
    print("stopped", stops.meant(problem), flush=True)
"""


def ended(work):
    """(seconds from SIGTERM to the end, exit code, output, standard error) of a process doing `work`."""
    command = [sys.executable, "-c", BUSY.format(work=work)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "listening\n"
        time.sleep(0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, error = process.communicate(timeout=60)
        return time.monotonic() - began, process.returncode, out, error


def test_one_that_minds_python_ends_at_once():
    _, code, out, error = ended("while True: hash(1)")
    assert (code, out, error) == (0, "stopped True\n", "")


def test_one_busy_in_compiled_code_ends_after_the_grace():
    seconds, code, out, error = ended("hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)")
    assert (code, out, error) == (stops.STOPPED, "", "\nthat was all\n")
    assert seconds >= 0.9 * stops.GRACE


@pytest.mark.parametrize(
    ("problem", "listening", "asked", "meant"),
    [
        (KeyboardInterrupt(), True, True, True),
        (KeyboardInterrupt(), True, False, False),
        (KeyboardInterrupt(), False, False, True),
        (SystemExit(0), True, True, False),
        (SystemExit(0), False, False, False),
        (ValueError(), True, True, False),
    ],
)
def test_what_is_meant(problem, listening, asked, meant, monkeypatch):
    monkeypatch.setattr(stops, "_listening", listening)
    monkeypatch.setattr(stops, "_asked", asked)
    assert stops.meant(problem) is meant


LEFT = """
import os
from multiprocessing import get_context
from bench.running import lane
lane.quiet_tracker()
lock = get_context("spawn").RLock()
print(lock._semlock.name, flush=True)
os._exit(130)
"""


def test_a_semaphore_that_a_stop_leaves_is_removed_without_a_word():
    done = subprocess.run([sys.executable, "-c", LEFT], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (130, "")
    name = done.stdout.strip().removeprefix("/")
    assert name
    assert not Path("/dev/shm", f"sem.{name}").exists()


LEAVING = """
import atexit, os, sys
from bench.__main__ import main

class Part:
    def __del__(self, write=os.write):
        write(1, b"taken apart\\n")

part = Part()
sys.argv = ["bench", "list", "nothing"]
sys.modules.update({loaded})
atexit.register(print, "last", flush=True)
main()
"""


@pytest.mark.parametrize(("loaded", "said"), [("tensorflow=sys", "last\n"), ("", "last\ntaken apart\n")])
def test_a_command_that_loaded_tensorflow_ends_without_taking_it_apart(loaded, said):
    words = [sys.executable, "-c", LEAVING.format(loaded=loaded)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (2, said)
    assert done.stderr.startswith("error: Invalid value for")
