"""One offline page of folders: board, tables, curves, every cell, probes, cost, words, and how to remake each."""
