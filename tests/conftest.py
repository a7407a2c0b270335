"""Before TensorFlow is imported anywhere: quiet, one thread, compiled programs cached. And who runs which file."""

import pytest

from bench.engine import process

process.load_tensorflow()


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
