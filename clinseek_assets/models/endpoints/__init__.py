"""Endpoints: dialects over one HTTP client, concurrency under a ceiling, patience."""
