"""The published image tools over a question's own images."""
