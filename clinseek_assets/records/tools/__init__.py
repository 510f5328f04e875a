"""The EHR tools: what a model may ask of one question's pinned record, under their published names."""
