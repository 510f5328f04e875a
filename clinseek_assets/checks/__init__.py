"""Pandera schemas and asset checks, one file an artifact, under the same names as the assets."""
