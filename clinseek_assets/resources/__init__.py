"""What a run is given: settings and what was found there, the registry, the warehouse, the instance."""
