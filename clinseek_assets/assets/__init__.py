"""The graph, one file an artifact, in the order in which data flows."""
