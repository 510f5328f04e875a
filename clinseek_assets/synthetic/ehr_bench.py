"""The other places of a question's context: EHR-Bench's files, and manifest rows that leave it to them.

Which way a question goes is drawn by its qid, so that every way is walked in every release.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from clinseek_assets.synthetic.randomness import Dice

# The way to a question's context -> its share of the questions.
WAYS = {
    "manifest_input": 0.58,
    "manifest_question": 0.08,
    "ehr_bench": 0.17,
    "patient_database": 0.17,
}
# What EHR-Bench's rows hold of a question: no id of a patient or an admission.
FIELDS = ("task", "task_type", "instruction", "input", "output", "candidates", "task_info")

Row = dict[str, Any]


def ways_of(rows: Iterable[Row], seed: int) -> dict[str, str]:
    """qid -> the way to its context."""
    return {row["qid"]: Dice(f"{seed}/way/{row['qid']}").weighted(WAYS) for row in rows}


def as_released(rows: Iterable[Row], ways: Mapping[str, str]) -> list[Row]:
    """The manifest rows, each with what its way needs of `input`, `question` and its place in EHR-Bench."""
    return [_released(row, ways[row["qid"]]) for row in rows]


def without_contexts(rows: Iterable[Row]) -> list[Row]:
    """The rows without `input` and `question`: all contexts have to come from EHR-Bench or the record."""
    return [{key: value for key, value in row.items() if key not in ("input", "question")} for row in rows]


def write_ehr_bench(folder: Path, rows: Iterable[Row], ways: Mapping[str, str]) -> None:
    """Write the full rows of every question that is not left to the patient database, a file a kind of question.

    A row's `idx` is the manifest's `source_idx`; places in the file have gaps, as an edition of it may.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines: dict[str, list[str]] = {}
    for row in rows:
        if ways[row["qid"]] != "patient_database":
            entry = {"idx": row["source_idx"], **{name: row[name] for name in FIELDS}}
            lines.setdefault(row["source_file"], []).append(json.dumps(entry, ensure_ascii=False))
    for name, of_file in sorted(lines.items()):
        (folder / name).write_text("\n".join(of_file) + "\n", encoding="utf-8")


def _released(row: Row, way: str) -> Row:
    if way == "manifest_input":
        return row
    if way == "manifest_question":
        return row | {"input": None}
    if way == "ehr_bench":
        return row | {"input": None, "question": None}
    unplaced = {"source_file": None, "source_idx": None}
    return row | unplaced | {"input": None, "question": None, "task_info": row["task_info"] | unplaced}
