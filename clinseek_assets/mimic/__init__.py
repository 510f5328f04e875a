"""MIMIC-IV as the benchmark uses it: the tables' catalogue, its files on disk, the cohort's rows out of them."""
