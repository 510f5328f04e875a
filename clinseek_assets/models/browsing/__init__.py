"""The browser tools: medical knowledge out of a local corpus, or of a search endpoint that may see the queries."""
