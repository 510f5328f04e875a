"""Judges: endpoints that compare an answer with its gold where no rule can, and their verdicts, kept for good."""
