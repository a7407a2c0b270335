"""Causal tests: an optimizer with one mechanism removed, frozen or linearised, as an entry like any other.

    ablated[optimizer=gru-rosenbrock,without=momentum]      linearised[optimizer=adam,at=path]

`bench` makes such names known to `optimizers.get`.
"""
