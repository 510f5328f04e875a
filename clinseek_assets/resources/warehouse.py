"""The warehouse: one DuckDB file with views over the graph's Parquet files and the marts that dbt builds from them.

DuckDB takes one writing process at a time, so whoever writes does it under the pool `warehouse` (limit 1), and readers
take the marts' Parquet files instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_duckdb import DuckDBResource
from duckdb import DuckDBPyConnection

from clinseek_assets.locations.layout import Layout
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.atomic import private_folder, whole_file
from clinseek_assets.storage.fingerprint import of_file

POOL = "warehouse"
SOURCE_SCHEMA = "clinseek"
# The columns that the marts read, by what they are of; where there is nothing yet the view has them and no rows.
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
    "exact_match": "DOUBLE",
}
QUESTION_COLUMNS: Mapping[str, str] = {
    "row_number": "BIGINT",
    "subject_id": "BIGINT",
    "subtask": "VARCHAR",
    "task_type": "VARCHAR",
    "decided": "BOOLEAN",
    "is_yes": "BOOLEAN",
}
INTERVAL_COLUMNS: Mapping[str, str] = {
    "model": "VARCHAR",
    "arm": "VARCHAR",
    "mode": "VARCHAR",
    "column": "VARCHAR",
    "weighting": "VARCHAR",
    "f1": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "n": "BIGINT",
    "patients": "BIGINT",
    "small": "BOOLEAN",
    "tied_with_best": "BOOLEAN",
}
CONTRAST_COLUMNS: Mapping[str, str] = {
    "model": "VARCHAR",
    "mode": "VARCHAR",
    "contrast": "VARCHAR",
    "column": "VARCHAR",
    "level": "VARCHAR",
    "weighting": "VARCHAR",
    "delta": "DOUBLE",
    "low": "DOUBLE",
    "high": "DOUBLE",
    "boot_low": "DOUBLE",
    "boot_high": "DOUBLE",
    "p": "DOUBLE",
    "p_holm": "DOUBLE",
    "p_bh": "DOUBLE",
    "mde": "DOUBLE",
    "n": "BIGINT",
    "patients": "BIGINT",
    "small": "BOOLEAN",
}
CONTEXT_COLUMNS: Mapping[str, str] = {
    "subtask": "VARCHAR",
    "rows_curated_only": "BIGINT",
    "values_curated_only": "BIGINT",
    "rows_strict_only": "BIGINT",
}
AUDIT_COLUMNS: Mapping[str, str] = {
    "subtask": "VARCHAR",
    "hidden_rows": "BIGINT",
    "hidden_values": "BIGINT",
    "strict_only_rows": "BIGINT",
}
# Whether the one answer of a question is yes; NULL where it is neither yes nor no. EHRXQA writes "1" and "0".
IS_YES = """CASE WHEN len(gold) = 1 THEN CASE
    WHEN lower(trim(gold[1])) IN ('yes', 'true', '1') THEN true
    WHEN lower(trim(gold[1])) IN ('no', 'false', '0') THEN false
END END AS is_yes"""


def warehouse(layout: Layout) -> DuckDBResource:
    """The warehouse of a home."""
    return DuckDBResource(database=str(layout.warehouse))


@dataclass(frozen=True)
class SplitFiles:
    """What the marts are built from in one split; a file need not be there.

    Attributes:
        scores: of each model.
        strict_contexts: of each subtask.
        leak_audit: the audit's report.
        audited: the part of that report with the figures by subtask.
    """

    scores: Sequence[Path]
    strict_contexts: Sequence[Path]
    leak_audit: Path
    audited: str


def refresh_views(connection: DuckDBPyConnection, home: Home, files: Mapping[str, SplitFiles]) -> None:
    """Point the views that dbt reads at what is there now; no text of a question or context is in any of them.

    Args:
        connection: of the warehouse.
        home: whose files they are.
        files: those of each split, `text` and `multimodal`.
    """
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SOURCE_SCHEMA}")
    views = {
        "text_questions": questions(home.manifest_file, "decided"),
        "multimodal_questions": questions(home.multimodal_manifest_file, "CAST(NULL AS BOOLEAN) AS decided"),
        "text_subtasks": f"SELECT * FROM {parquet([home.subtasks_file])}",
        "participants": participants(home),
        **{
            f"{split}_{what}": select for split in files for what, select in views_of(home, split, files[split]).items()
        },
    }
    for name, select in views.items():
        connection.execute(f"CREATE OR REPLACE VIEW {SOURCE_SCHEMA}.{name} AS {select}")


def views_of(home: Home, split: str, files: SplitFiles) -> dict[str, str]:
    """The views of one split over its scores and over what its arms were shown, by the second part of their names."""
    return {
        "scores": of_files(files.scores, SCORE_COLUMNS),
        "intervals": of_files([home.intervals(split)], INTERVAL_COLUMNS),
        "contrasts": of_files([home.contrasts(split)], CONTRAST_COLUMNS),
        "strict_contexts": of_files(files.strict_contexts, CONTEXT_COLUMNS),
        "leak_audit": of_audit(files.leak_audit, files.audited),
    }


def of_audit(report: Path, part: str) -> str:
    """The figures by subtask of a leak audit's report; those of too few patients are NULL there."""
    if not report.is_file():
        return no_rows(AUDIT_COLUMNS)
    figures = {name: kind for name, kind in AUDIT_COLUMNS.items() if name != "subtask"}
    of_subtask = ", ".join(f"{name} {kind}" for name, kind in figures.items())
    columns = f"columns = {{{part}: 'MAP(VARCHAR, STRUCT({of_subtask}))'}}"
    entries = f"SELECT unnest(map_entries({part})) AS entry FROM read_json({quoted(str(report))}, {columns})"
    values = ", ".join(f"entry.value.{name} AS {name}" for name in figures)
    return f"SELECT entry.key AS subtask, {values} FROM ({entries})"


def questions(manifest: Path, decided: str) -> str:
    """The questions of a manifest, without their texts; `decided` is that column as an expression."""
    if not manifest.is_file():
        return no_rows(QUESTION_COLUMNS)
    columns = f"row_number, subject_id, task AS subtask, task_type, {decided}, {IS_YES}"
    return f"SELECT {columns} FROM {parquet([manifest])}"


def of_files(paths: Sequence[Path], columns: Mapping[str, str]) -> str:
    """Some columns of the files that are there: a view over no file at all would be an error."""
    found = [path for path in paths if path.is_file()]
    names = ", ".join(f'"{name}"' for name in columns)
    return f"SELECT {names} FROM {parquet(found)}" if found else no_rows(columns)


def parquet(paths: Sequence[Path]) -> str:
    """A table function over Parquet files."""
    return f"read_parquet([{', '.join(quoted(str(path)) for path in paths)}])"


def no_rows(columns: Mapping[str, str]) -> str:
    """An empty relation of these columns."""
    typed = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
    return f"SELECT {typed} WHERE false"


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
