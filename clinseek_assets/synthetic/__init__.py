"""The synthetic release: patients out of latent conditions, their 41 source tables, questions built by the rules."""

from __future__ import annotations

from clinseek_assets.synthetic.release import SyntheticRelease, synthesize

__all__ = ["SyntheticRelease", "synthesize"]
