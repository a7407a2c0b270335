"""Before TensorFlow is imported anywhere: quiet, one thread, compiled programs cached. Registries, and who runs which
file.
"""

import importlib

import hypothesis
import pytest

from bench.engine import process

process.load_tensorflow()
hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)  # the machine may be busy
hypothesis.settings.load_profile("untimed")
REGISTRIES = [("tasks.base", "_registry"), ("optimizers.registry", "_registry"), ("bench.lookup.plugins", "_loaded")]


@pytest.fixture(autouse=True, scope="module")
def registries():
    """What a file's tests register, or a plug-in that they run, is not there for the next file's."""
    with pytest.MonkeyPatch.context() as patch:
        for name, attribute in REGISTRIES:
            module = importlib.import_module(name)
            patch.setattr(module, attribute, dict(getattr(module, attribute)))
        yield


@pytest.fixture(autouse=True)
def no_memory_of_this_machine(monkeypatch):
    """Estimates are those of the tables: how fast this machine was does not come into a test, nor a test into it."""
    monkeypatch.setattr("bench.suites.machine.place", lambda: None)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With `-n`, a file's tests to one process, so that what they set up is set up once; in the order of collection.

    Another `--dist` than the one of `-n` itself is obeyed.
    """
    from xdist.scheduler import LoadFileScheduling

    if config.getvalue("dist") != "load":
        return None
    config.option.loadscopereorder = False  # else files of many quick tests go first, and a slow one comes last
    return LoadFileScheduling(config, log)
