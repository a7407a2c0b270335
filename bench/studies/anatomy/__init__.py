"""The paper's five figures of one optimizer on one task, and a page that holds them.

`measuring` gathers numbers, `figures` draws them and nothing else, `page` puts both together. No TensorFlow until one
is measured.
"""

from bench.studies.anatomy.measure import FIGURES, anatomy, draw, formula, gather, write

__all__ = ["FIGURES", "anatomy", "draw", "formula", "gather", "write"]
