"""Words, tables and pictures of stored results."""
