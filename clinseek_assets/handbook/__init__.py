"""The reference: pages below `docs/` that are made from the code, so that they say what it does and nothing else."""
