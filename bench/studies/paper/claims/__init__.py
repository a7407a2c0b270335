"""The claims of Maheswaranathan et al. (2021) as data: what is said, how sure we are that it is, and how it is judged.

A module for each of its sections, in its order; 5 in our notes is its section on tasks and baselines.
"""

from bench.studies.paper.claims import abstract, adaptation, clipping, momentum, races, schedule
from bench.studies.paper.claims.claim import Claim

__all__ = ["CLAIMS", "Claim"]

CLAIMS: tuple[Claim, ...] = (
    *abstract.CLAIMS,
    *races.CLAIMS,
    *momentum.CLAIMS,
    *clipping.CLAIMS,
    *schedule.CLAIMS,
    *adaptation.CLAIMS,
)
