"""Before TensorFlow is imported anywhere: quiet, one thread, compiled programs cached."""

from bench.engine import process

process.load_tensorflow()
