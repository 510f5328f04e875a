"""Whether the files that all patients share are there and whole: dictionaries, candidate tables, table descriptions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.locations.layout import Layout
from clinseek_assets.records import candidate_tables, dataset_references, reference_tables, table_descriptions
from clinseek_assets.records.sqlite_tables import row_counts
from clinseek_assets.release.checks import ReleaseCheck, count

REFERENCE = (*reference_tables.DICTIONARY_TABLES, *reference_tables.CCS_TABLES, reference_tables.ATC_TABLE)
CANDIDATES = tuple(candidate_tables.MEANINGS)
DESCRIPTIONS = (table_descriptions.DESCRIPTIONS_FILE, table_descriptions.LINKS_FILE)
DATASET_REFERENCES = {"ehrxqa": tuple(dataset_references.EHRXQA_DICTIONARIES), "medmod": (dataset_references.ITEMS,)}


def shared_text_checks(layout: Layout) -> Iterator[ReleaseCheck]:
    """The reference tables, the candidate tables and the table descriptions of the text split."""
    yield sqlite_check("reference tables", layout.reference_tables, REFERENCE)
    yield sqlite_check("candidate tables", layout.candidate_tables, CANDIDATES)
    whole = [name for name in DESCRIPTIONS if is_json_lines(layout.table_descriptions / name)]
    yield count("table descriptions", len(DESCRIPTIONS), len(whole), sorted(set(DESCRIPTIONS) - set(whole)))


def dataset_reference_check(dataset: str, layout: Layout) -> ReleaseCheck:
    """The dictionaries of `ehrxqa` or `medmod`."""
    name = f"multimodal: {dataset} reference tables"
    return sqlite_check(name, layout.dataset_reference(dataset), DATASET_REFERENCES[dataset])


def sqlite_check(name: str, path: Path, tables: Sequence[str]) -> ReleaseCheck:
    """Whether an SQLite file opens and has these tables."""
    try:
        present = row_counts(path)
    except Fault:
        return count(name, len(tables), 0, [f"{path} is missing or cannot be read"])
    absent = sorted(set(tables) - set(present))
    return count(name, len(tables), len(tables) - len(absent), absent)


def is_json_lines(path: Path) -> bool:
    """Whether the file is there and every line of it is a JSON object."""
    try:
        return all(isinstance(json.loads(line), dict) for line in path.read_text(encoding="utf-8").splitlines())
    except (OSError, ValueError):
        return False
