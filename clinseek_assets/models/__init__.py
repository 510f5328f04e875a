"""Models and the curated arm: the registry, the endpoint client, the journal, the baselines, the parsing of answers."""
