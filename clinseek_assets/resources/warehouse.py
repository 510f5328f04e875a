"""The warehouse: one DuckDB file with views over the graph's Parquet files and the marts that dbt builds from them.

DuckDB takes one writing process at a time, so whoever writes does it under the pool `warehouse` (limit 1), and readers
take the marts' Parquet files instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dagster_duckdb import DuckDBResource
from duckdb import DuckDBPyConnection

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.atomic import private_folder, whole_file
from clinseek_assets.storage.fingerprint import of_file

POOL = "warehouse"
SOURCE_SCHEMA = "clinseek"
# The columns of the scores that the marts read; with no scores yet the view has them and no rows.
SCORE_COLUMNS: Mapping[str, str] = {
    "row_number": "BIGINT",
    "subject_id": "BIGINT",
    "subtask": "VARCHAR",
    "task_type": "VARCHAR",
    "model": "VARCHAR",
    "arm": "VARCHAR",
    "run_index": "BIGINT",
    "mode": "VARCHAR",
    "scored": "BOOLEAN",
    "precision": "DOUBLE",
    "recall": "DOUBLE",
    "f1": "DOUBLE",
}


def warehouse(layout: Layout) -> DuckDBResource:
    """The warehouse of a home."""
    return DuckDBResource(database=str(layout.warehouse))


def refresh_views(connection: DuckDBPyConnection, home: Home, score_files: list[Path]) -> None:
    """Point the views that dbt reads at what is there now; no text of a question is in any of them."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SOURCE_SCHEMA}")
    questions = "row_number, subject_id, task AS subtask, task_type, decided"
    views = {
        "text_questions": f"SELECT {questions} FROM {parquet([home.manifest_file])}",
        "text_subtasks": f"SELECT * FROM {parquet([home.subtasks_file])}",
        "text_intervals": f"SELECT * FROM {parquet([home.intervals_file])}",
        "text_scores": f"SELECT {', '.join(SCORE_COLUMNS)} FROM {parquet(score_files)}" if score_files else no_scores(),
        "participants": participants(home),
    }
    for name, select in views.items():
        connection.execute(f"CREATE OR REPLACE VIEW {SOURCE_SCHEMA}.{name} AS {select}")


def parquet(paths: list[Path]) -> str:
    """A table function over Parquet files."""
    return f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}])"


def no_scores() -> str:
    """An empty relation of the scores' shape: a view over no file at all would be an error."""
    columns = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in SCORE_COLUMNS.items())
    return f"SELECT {columns} WHERE false"


def participants(home: Home) -> str:
    """The enabled models and their kinds as a relation."""
    rows = ", ".join(f"({quoted(name)}, {quoted(model.kind)})" for name, model in home.models.items())
    empty = "SELECT CAST(NULL AS VARCHAR) AS model, CAST(NULL AS VARCHAR) AS kind WHERE false"
    return f"SELECT * FROM (VALUES {rows}) AS listed (model, kind)" if rows else empty


def quoted(text: str) -> str:
    """An SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def publish(connection: DuckDBPyConnection, mart: str, path: Path) -> tuple[str, int]:
    """Write a mart as Parquet for its readers; leave the file alone if nothing changed. Returns its hash and rows."""
    private_folder(path.parent)
    with whole_file(path) as temporary:
        target = quoted(str(temporary))
        connection.execute(f"COPY (FROM main.{mart}) TO {target} (FORMAT parquet, COMPRESSION zstd)")
        content = of_file(temporary)
    rows = connection.execute(f"SELECT count(*) FROM main.{mart}").fetchone()
    return content, int(rows[0]) if rows else 0
