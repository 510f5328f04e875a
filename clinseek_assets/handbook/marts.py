"""The page of the marts: each with its columns and their tests, out of dbt's own files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from clinseek_assets.handbook.markdown import code, table
from clinseek_assets.resources.dbt_project import PROJECT

HEAD = """# Marts

What dbt builds in `warehouse.duckdb`; each is written to `assets/marts/<name>.parquet` as well, so that a reader
never waits for the warehouse's writer. Figures are fractions, in the tables taken over from the dataset card
percentage points.
"""
FILES = ("models/marts", "seeds")
LISTS = ("models", "seeds")


def marts_page() -> Iterator[str]:
    """Every mart and seed of the dbt project."""
    yield HEAD
    for mart in described():
        yield from (f"## `{mart['name']}`", "", " ".join(mart.get("description", "").split()), "")
        rows = [
            (f"`{column['name']}`", column.get("description", ""), tests_of(column))
            for column in mart.get("columns", ())
        ]
        yield from table(("column", "what it is", "tests"), rows)


def described() -> Iterator[Mapping[str, Any]]:
    """The marts and seeds as dbt's property files describe them."""
    for path in sorted(path for folder in FILES for path in (PROJECT / folder).glob("*.yml")):
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        for kind in LISTS:
            yield from document.get(kind, ())


def tests_of(column: Mapping[str, Any]) -> str:
    """The tests of a column, in words where they have arguments."""
    return "; ".join(map(test_told, column.get("data_tests", ())))


def test_told(test: str | Mapping[str, Any]) -> str:
    """One test: its name, and what it was given."""
    if isinstance(test, str):
        return f"`{test}`"
    ((name, given),) = test.items()
    arguments = given.get("arguments", {})
    of = code(arguments["values"]) if "values" in arguments else " ".join(map(str, arguments.values()))
    where = f", where `{given['config']['where']}`" if "where" in given.get("config", {}) else ""
    return f"`{name}`: {of}{where}"


def sql_tests() -> Iterator[tuple[str, str]]:
    """The tests that are queries of their own, with the comment that each begins with."""
    for path in sorted((PROJECT / "tests").glob("*.sql")):
        yield f"`{path.stem}`", comment(path)


def comment(path: Path) -> str:
    """The first comment of a query, on one line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next((place for place, line in enumerate(lines) if line.startswith("--")), len(lines))
    said = []
    for line in lines[first:]:
        if not line.startswith("--"):
            break
        said.append(line.removeprefix("--").strip())
    return " ".join(said)
