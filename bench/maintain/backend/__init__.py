"""How the project is packed: read by pip, which puts this folder itself on the path, and imported by nothing else."""
