"""EHRXQA's own questions and answers, `test.json`: what the manifest's EHRXQA rows were taken from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.faults import SourceFault
from clinseek_assets.storage.json_rows import JsonBreak, JsonRow, json_rows, read_utf8

BUILD_AGAIN = (
    "Build EHRXQA's dataset again (generate_answer.py writes test.json; the file _test.json of the download has no "
    "answers)."
)


@dataclass(frozen=True)
class EhrxqaQuestion:
    """One record of `test.json`.

    Attributes:
        number: its id, to which a qid `ehrxqa_test_<id>` refers.
        question: the question as it was asked.
        answer: what the query gave, as plain texts: whole numbers without a fraction, None as an empty text.
        query: the query in EHRXQA's dialect of SQL; it tells the answer and is never shown.
        template: the question as its template words it.
    """

    number: int
    question: str
    answer: tuple[str, ...]
    query: str
    template: str


def read_ehrxqa_questions(path: Path) -> dict[int, EhrxqaQuestion]:
    """The records of a `test.json`, by id.

    Raises:
        SourceFault: not readable, not a list of records, a record without one of the keys or of the wrong kind, or two
            records with one id; it names the record's number and line.
    """
    found: dict[int, EhrxqaQuestion] = {}
    for row, where in _records(path):
        question = _question(row.value, where)
        if question.number in found:
            raise SourceFault(f"{where}: its id is that of an earlier record.", mend=BUILD_AGAIN)
        found[question.number] = question
    if not found:
        raise SourceFault(f"{path} has no records.", mend=BUILD_AGAIN)
    return found


def _records(path: Path) -> Iterator[tuple[JsonRow, str]]:
    for row in json_rows(read_utf8(path, SourceFault)):
        if isinstance(row, JsonBreak):
            raise SourceFault(f"{path}, line {row.line}, column {row.column}: {row.reason}.", mend=BUILD_AGAIN)
        yield row, f"{path}, record {row.number} (line {row.line})"


def _question(record: Any, where: str) -> EhrxqaQuestion:
    if not isinstance(record, dict):
        raise SourceFault(f"{where}: it is not an object with keys.", mend=BUILD_AGAIN)
    missing = [key for key in ("id", "question", "answer", "query", "template") if key not in record]
    if missing:
        raise SourceFault(f"{where}: it has no {', '.join(missing)}.", mend=BUILD_AGAIN)
    number, answer = record["id"], record["answer"]
    if isinstance(number, bool) or not isinstance(number, int):
        raise SourceFault(f"{where}: its id is not a whole number.", mend=BUILD_AGAIN)
    if not isinstance(answer, list):
        raise SourceFault(f"{where}: its answer is not a list.", mend=BUILD_AGAIN)
    texts = {key: record[key] for key in ("question", "query", "template")}
    wrong = [key for key, text in texts.items() if not isinstance(text, str)]
    if wrong:
        raise SourceFault(f"{where}: its {', '.join(wrong)} is not a text.", mend=BUILD_AGAIN)
    return EhrxqaQuestion(number, answer=tuple(plain_answer(value) for value in answer), **texts)


def plain_answer(value: Any) -> str:
    """A value of an answer as the manifest would name it: `1.0` and True are `1`, a row of one value is that value."""
    while isinstance(value, list) and len(value) == 1:
        (value,) = value
    if value is None:
        return ""
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return str(value).strip()
