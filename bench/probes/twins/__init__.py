"""Untrained twins: what the probes read of networks of the same architecture that nobody trained."""
