"""Before TensorFlow is imported anywhere: quiet, one thread, compiled programs cached."""

from bench import runtime

runtime.load_tensorflow()
