"""Who runs those image tools that a model does: an endpoint of the registry, or a model in this process."""
