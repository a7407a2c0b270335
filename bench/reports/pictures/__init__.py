"""Pictures of stored results: for color-blind readers, for black-and-white print, each saying what it shows."""
