"""What is kept: records, cell files, and files that are whole or not there."""
