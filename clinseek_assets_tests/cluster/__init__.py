"""Proofs on several hosts: they need Postgres and Redis, and are skipped without."""
