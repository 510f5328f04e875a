"""The leak audit: what may be seen is worked out once more, naively, and held against what is served."""
