"""`python -m bench`, a verb a file: parse, one library call, print."""
