"""What tables and columns mean and how they link, in the two files that the published tools read.

Both are JSON Lines whatever their names end in, without blank lines: the published reader takes each line for an
object.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.tables import Table
from clinseek_assets.records import candidate_tables
from clinseek_assets.records.derived_columns import DERIVED_COLUMNS
from clinseek_assets.storage.atomic import write_text

DESCRIPTIONS_FILE = "shorten_description.json"
LINKS_FILE = "link_information.json"

# What the column means that the patient databases add to a table.
DERIVED_MEANINGS = {
    "admissions": "derived: the stay's discharge summary up to its words «Physical Exam»",
    "diagnoses_icd": "derived: one minute before the hospital stay's dischtime",
    "diagnosis": "derived: one minute before the emergency department stay's outtime",
}


def build_table_descriptions(folder: Path) -> list[Path]:
    """Write `shorten_description.json` and `link_information.json` into `folder`; files that say the same stay.

    Returns:
        The two files.
    """
    tables = (*(description_of(table) for table in TABLES.values()), *candidate_descriptions())
    files = {DESCRIPTIONS_FILE: tables, LINKS_FILE: links()}
    for name, rows in files.items():
        write_where_new(folder / name, json_lines(rows))
    return [folder / name for name in files]


def json_lines(rows: Iterable[dict[str, Any]]) -> str:
    """Rows as JSON Lines."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def write_where_new(path: Path, text: str) -> None:
    """Write the text unless the file already holds exactly that."""
    if not path.is_file() or path.read_bytes() != text.encode("utf-8"):
        write_text(path, text)


def description_of(table: Table) -> dict[str, Any]:
    """One line of the descriptions: a table of MIMIC-IV as a patient database has it."""
    meanings = {column.name: column.description for column in table.columns}
    if table.name in DERIVED_COLUMNS:
        meanings[DERIVED_COLUMNS[table.name].name] = DERIVED_MEANINGS[table.name]
    return described(table.name, table.module, table.description, meanings)


def described(name: str, kind: str, description: str, columns: dict[str, str]) -> dict[str, Any]:
    """One line of the descriptions."""
    return {
        "file_name": name,
        "class": kind,
        "description": description,
        "columns": [{"column_name": column, "description": meaning} for column, meaning in columns.items()],
    }


def candidate_descriptions() -> Iterator[dict[str, Any]]:
    """The lines of the candidate tables."""
    for name, (description, columns) in candidate_tables.MEANINGS.items():
        yield described(name, "candidate", description, columns)


def links() -> Iterator[dict[str, str]]:
    """The lines of the links: which dictionary gives a table's codes their names, by which column.

    The published reader joins on one column that both tables call the same, so only such links are named. ICD codes
    need the version too (a code can stand in both versions): joined by the code alone they would multiply rows.
    """
    for table in TABLES.values():
        for label in table.labels:
            if len(label.columns) == 1 and label.columns[0] in TABLES[label.dictionary].key:
                yield {"table_name": table.name, "link_table": label.dictionary, "link_column": label.columns[0]}
