"""Rows that stand twice in an extracted table: a fault where the published data cannot have them, else a notice.

A repeated row changes counts, so it is never passed over in silence. Ids that number the rows of a table (a key of one
column) are unique in the published data, and so are the keys on which mimic-code puts a primary key: there a repeated
row means a damaged file. In the other tables nothing published forbids two equal rows; they are kept, as the published
builder keeps them, and counted; so are those of a build that lacks the column which numbers its rows.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.cell_types import SOURCE_ROW
from clinseek_assets.mimic.record_bounds import line_told
from clinseek_assets.mimic.tables import DATASET_TITLES, Table

# Tables for which mimic-code's constraints (mimic-iv and mimic-iv-ed, `constraint.sql`) name no primary key. MedMod's
# events are made of such tables.
EQUAL_ROWS_POSSIBLE = frozenset(
    {
        ("icu", "chartevents"),
        ("note", "discharge_detail"),
        ("hosp", "drgcodes"),
        ("hosp", "emar_detail"),
        ("icu", "ingredientevents"),
        ("ed", "medrecon"),
        ("hosp", "omr"),
        ("ed", "pyxis"),
        ("note", "radiology_detail"),
        ("ed", "vitalsign"),
        ("medmod", "events"),
    }
)


def duplicate_notices(
    engine: duckdb.DuckDBPyConnection, table: Table, parquet: Path, where: str, absent: Collection[str] = ()
) -> list[str]:
    """Look for repeated rows in an extracted table.

    Args:
        engine: a connection whose memory is limited.
        table: the catalogue entry.
        parquet: its extracted rows.
        where: the source file, as messages name it.
        absent: the catalogue's columns that this build of the table lacks.

    Returns:
        A notice with the number of repeated rows, where the table may have such; else nothing.

    Raises:
        SourceFault: an id stands twice in a table whose rows it numbers, or a row in a table with a primary key.
    """
    numbered = len(table.key) == 1 and table.key[0] not in absent
    if numbered:
        told, apart = f"the {table.key[0]} of an earlier record", [table.key[0]]
    else:
        told, apart = "the same cells as an earlier record", list(table.column_names)
    repeated, record = _repeated(engine, apart, parquet)
    if not repeated:
        return []
    if (table.module, table.name) in EQUAL_ROWS_POSSIBLE or (table.module in DATASET_TITLES and not numbered):
        return [f"{where}: {repeated} record(s) have the same cells as an earlier one; all were kept."]
    raise SourceFault(
        f"{where}: record {record} has {told} ({repeated} such record(s)): {table.dataset} has no such duplicates.",
        mend=f"{line_told(record)} Fetch the file again, or remove the repeated records.",
    )


def _repeated(engine: duckdb.DuckDBPyConnection, columns: list[str], parquet: Path) -> tuple[int, int]:
    """How many records repeat an earlier one in `columns`, and the first such record's number."""
    values = ", ".join(f'"{name}"' for name in columns)
    mark = values if len(columns) == 1 else f"hash({values})"
    # Hashes first: one narrow column over all rows. Only where two agree are the rows themselves compared.
    ((suspects,),) = engine.execute(
        f"SELECT count({mark}) - count(DISTINCT {mark}) FROM read_parquet(?)", [str(parquet)]
    ).fetchall()
    if not suspects:
        return 0, 0
    ((repeated, record),) = engine.execute(
        f"""
        WITH marked AS (SELECT *, {mark} AS mark FROM read_parquet($file)),
        suspect AS (SELECT mark FROM marked GROUP BY mark HAVING count(*) > 1),
        numbered AS (
            SELECT {SOURCE_ROW}, row_number() OVER (PARTITION BY {values} ORDER BY {SOURCE_ROW}) AS nth
            FROM marked SEMI JOIN suspect USING (mark)
        )
        SELECT count(*), min({SOURCE_ROW}) FROM numbered WHERE nth > 1
        """,
        {"file": str(parquet)},
    ).fetchall()
    return int(repeated), int(record or 0)
