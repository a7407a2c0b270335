"""Optimizers of known mechanism, read by every probe before it may claim anything of another."""
