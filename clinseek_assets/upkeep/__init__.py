"""Looking after a home: what of it is stale, and taking that away without losing anything else."""
