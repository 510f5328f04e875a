"""Scores: answers out of exchanges, set figures under the strict and the published rule, and their summaries."""
