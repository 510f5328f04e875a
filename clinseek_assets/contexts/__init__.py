"""Curated input: how a window of a patient's life is shown to a model, and where each question's context comes from."""
