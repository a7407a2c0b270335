"""The paper's five figures of one optimizer on one task, and a page that holds them.

`measure` gathers numbers, `figures` draws them and nothing else, `report` puts both together. No TensorFlow until one
is measured.
"""

from bench.studies.anatomy.measure import FIGURES, anatomy, draw, formula, gather, write

__all__ = ["FIGURES", "anatomy", "draw", "formula", "gather", "write"]
