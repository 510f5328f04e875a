"""MIMIC-IV as the benchmark uses it: the catalogue of its tables, its files on disk, and the cohort's rows out of them."""
