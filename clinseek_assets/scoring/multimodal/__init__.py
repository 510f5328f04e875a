"""Scores of the multimodal split: which way each row goes, what a rule can decide, and what only a judge can."""
