"""Damaged files, each with what must come of it written down beforehand: which refusal, or which exact figures."""
