"""The rebuilt benchmark as hashes that can be shared, and the proof against them; docs/seals.md says what they tell."""
