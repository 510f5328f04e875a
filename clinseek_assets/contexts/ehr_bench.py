"""Curated input out of EHR-Bench's own files, for questions whose manifest row names its place there.

A question is joined by `source_file` (without folder and suffix) and `source_idx`: a row's own `idx` or `source_idx`
where it has one, else its place in the file, counted from 0. The joined row must be the same question, by subtask and
label. Patients are never matched: who a row is about was left out by its authors on purpose.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import SourceFault
from clinseek_assets.storage.fault_tally import FaultTally

SUFFIXES = (".jsonl", ".json")
INDEX_FIELDS = ("idx", "source_idx")
MEND = "Point EHR_BENCH_ROOT to the edition that the manifest was made from, or unset it to render contexts instead."


def ehr_bench_inputs(questions: Iterable[Question], root: Path) -> dict[str, str]:
    """The `input` of each question that EHR-Bench has.

    Args:
        questions: those without a source file or index, or whose file is not there, get nothing.
        root: the folder of EHR-Bench's `.jsonl` and `.json` files, subfolders included.

    Returns:
        qid -> curated input.

    Raises:
        SourceFault: the folder is missing; two files go by a name that the manifest names; or rows that it names are
            missing, are not JSON or are other questions (each kind counted, the first rows of each named).
    """
    wanted: dict[str, dict[int, Question]] = {}
    for question in questions:
        if question.source_file is not None and question.source_idx is not None:
            wanted.setdefault(_stem(question.source_file), {})[question.source_idx] = question
    found: dict[str, str] = {}
    for stem, path in _files(root, set(wanted)).items():
        found.update(_joined(path, wanted[stem]))
    return found


def _stem(source_file: str) -> str:
    name = PurePosixPath(source_file)
    return name.stem if name.suffix in SUFFIXES else name.name


def bench_files(root: Path) -> list[Path]:
    """EHR-Bench's files below a folder, subfolders included, in a fixed order.

    Raises:
        SourceFault: the folder is missing.
    """
    if not root.is_dir():
        raise SourceFault(f"The EHR-Bench folder {root} is missing.", mend="Correct or unset EHR_BENCH_ROOT.")
    return sorted(path for path in root.rglob("*") if path.suffix in SUFFIXES and not path.name.startswith("."))


def _files(root: Path, stems: set[str]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for path in bench_files(root):
        if path.stem in stems and path.stem in files:
            raise SourceFault(
                f"EHR-Bench has {path.stem} twice: {files[path.stem]} and {path}.", mend="Keep one of the two."
            )
        if path.stem in stems:
            files[path.stem] = path
    return files


def _joined(path: Path, wanted: dict[int, Question]) -> dict[str, str]:
    """qid -> input of the wanted rows of one file."""
    tally = FaultTally()
    found: dict[str, str] = {}
    for place, row in enumerate(_rows(path)):
        named = f"row {place + 1:,}"
        if not isinstance(row, dict):
            tally.add("not a JSON object", named)
            continue
        question = wanted.get(_index(row, place))
        if question is None:
            continue
        fault = "an index of an earlier row" if question.qid in found else _fault(row, question)
        if fault:
            tally.add(fault, named)
        found[question.qid] = "" if fault else row["input"]
    for question in wanted.values():
        if question.qid not in found:
            tally.add("no row of the index that the manifest names", f"manifest row {question.row_number:,}")
    if tally:
        raise SourceFault(f"{path} does not hold the manifest's questions; faults by kind:\n{tally}", mend=MEND)
    return found


def _rows(path: Path) -> Iterator[Any]:
    """The rows in order; None for one that is not JSON. A JSONL file is never in memory as a whole."""
    try:
        with path.open("rb") as stream:
            if path.suffix == ".json":
                rows = _parsed(stream.read())
                yield from rows if isinstance(rows, list) else [None]
            else:
                yield from (_parsed(line) for line in stream if line.strip())
    except OSError as error:
        raise SourceFault(f"{path} cannot be read ({error.strerror}).", mend="Check its permissions.") from None


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


def _index(row: dict[str, Any], place: int) -> int:
    return next((row[field] for field in INDEX_FIELDS if isinstance(row.get(field), int)), place)


def _fault(row: dict[str, Any], question: Question) -> str | None:
    """Why a row is not the question that the manifest names there, or None."""
    details = row.get("task_info")
    fields = {**(details if isinstance(details, dict) else {}), **row}
    if not isinstance(row.get("input"), str) or not row["input"].strip():
        return "no `input`"
    if fields.get("task") != question.task:
        return "a question of another subtask"
    if "label" in fields:
        same = _items(fields["label"]) == _items(question.label)
    else:
        same = _items(str(fields.get("output")).split("\n")) == _items(list(question.gold))
    return None if same else "a question with another label"


def _items(label: Any) -> set[str]:
    """A label's items without their order; objects by their content."""
    return {json.dumps(item, sort_keys=True) for item in (label if isinstance(label, list) else [label])}
