"""The name under which the GRU was first known here; it lives in rnn.py."""

from optimizers.learned.rnn import Gru

__all__ = ["Gru"]
