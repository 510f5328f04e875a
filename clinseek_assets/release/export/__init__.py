"""The rebuilt benchmark in the published layout, for the published drivers, validator and scorers."""
