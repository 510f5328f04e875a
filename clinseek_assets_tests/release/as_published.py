"""What the published validator, loaders, drivers and scorers look for, read independently out of their description.

Each function takes the folder of a package and gives what it would complain of.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas

MARK = "OriginalLinked_v1"


def rows_of(package: Path, name: str = "mm_bench.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (package / "inputs" / name).read_text(encoding="utf-8").splitlines()]


def stripped(path: str) -> str:
    first, _, rest = path.partition("/")
    return rest if first.endswith(MARK) else path


def validator(package: Path, sources: dict[str, int], tasks: dict[str, int]) -> list[str]:
    """The published validator in its package mode."""
    complaints = []
    rows = rows_of(package)
    for row in rows:
        source = row.get("source_benchmark")
        if source not in ("ehrxqa", "medmod") or not row.get("subject_id"):
            complaints.append("row")
            continue
        root = package / "data" / "mm_bench" / source
        wanted = [f"database/patient_{row['subject_id']}.db", *map(stripped, row["image_paths"] + row["report_paths"])]
        complaints += [path for path in wanted if not (root / path).is_file()]
    if Counter(row["source_benchmark"] for row in rows) != Counter(sources):
        complaints.append("sources")
    if Counter(row["task"] for row in rows) != Counter(tasks):
        complaints.append("tasks")
    return complaints


def agent_paths(package: Path) -> list[Path]:
    """Where the published agent looks for linked files: it takes no prefix off, below its BENCH_ROOT."""
    root = package / "data" / "mm_bench"
    return [root / path for row in rows_of(package) for path in row["image_paths"] + row["report_paths"]]


def scored_gold(rows: list[dict[str, Any]]) -> list[list[str]]:
    """The gold that the published scorer reads: `label` alone, objects by name, else by value."""
    return [
        [str(item.get("name") or item.get("value")) if isinstance(item, dict) else str(item) for item in row["label"]]
        for row in rows
    ]


def loaded(database: Path, moment: str) -> dict[str, pandas.DataFrame]:
    """The tables of a database as the published loader serves them: cut by the first column named after a time."""
    tables = {}
    with closing(sqlite3.connect(database)) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            table = pandas.read_sql(f'SELECT * FROM "{name}"', connection)
            time = next(
                (column for column in table if "time" in str(column).lower() or "date" in str(column).lower()), None
            )
            if time is not None:
                table = table[pandas.to_datetime(table[time], errors="coerce") < pandas.Timestamp(moment)]
            tables[name] = table
    return tables


def descriptions(folder: Path) -> list[dict[str, Any]]:
    """Both files of a `table_description/`: each of their lines is parsed by itself."""
    files = ("shorten_description.json", "link_information.json")
    return [json.loads(line) for name in files for line in (folder / name).read_text().splitlines()]
