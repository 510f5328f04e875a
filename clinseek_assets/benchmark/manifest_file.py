"""Reading a text manifest: the released JSON list, or JSONL, into checked questions.

Keys and types are those of the released file; `ground_truth` is taken for `label`, `query` for `question`, `query_id`
for `qid`, and ids may be numbers or strings of digits, because the published documentation shows rows of that form too.
A file with any fault is refused as a whole, with every kind of fault counted and its first rows named by line.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.benchmark.manifest_fields import Fields
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK, SUBTASKS, YES_NO
from clinseek_assets.faults import ManifestFault
from clinseek_assets.storage.fault_tally import FaultTally
from clinseek_assets.storage.json_rows import JsonBreak, JsonRow, json_rows, read_utf8

# Where the same field has two names in published files, the first that is there is taken.
_OTHER_NAME = {"qid": "query_id", "question": "query", "label": "ground_truth"}
_NAMES = {name.casefold(): name for name in SUBTASKS}
_TAKEN_KEYS = (
    *("qid", "subject_id", "hadm_id", "prediction_time", "latest_event_time", "task", "task_type", "label"),
    *("candidates", "instruction", "input", "question", "source_file", "source_idx", "decided"),
)


def read_manifest(path: Path) -> list[Question]:
    """The questions of a manifest, in the file's order.

    Args:
        path: a JSON list of rows or JSONL, UTF-8 with or without byte order mark; the form is told by the content.

    Raises:
        ManifestFault: the file cannot be opened, is not UTF-8, holds no rows, or any row is not as it should be. The
            message counts every kind of fault and names the first lines of each; it quotes no value of a row, except
            a subtask's name that is nearly one of the 45.
    """
    tally = FaultTally()
    questions: list[Question] = []
    qids: set[str] = set()
    rows = 0
    for item in json_rows(read_utf8(path, ManifestFault)):
        if isinstance(item, JsonBreak):
            rest = "; what follows was not read" if item.rest_unread else ""
            tally.add("not JSON", f"line {item.line} column {item.column}: {item.reason}{rest}")
            continue
        rows += 1
        question = _question(item, tally)
        if question is None:
            continue
        if question.qid in qids:
            tally.add("`qid` of an earlier row", _place(item))
        qids.add(question.qid)
        questions.append(question)
    if tally:
        raise ManifestFault(
            f"{path} cannot be taken as a text manifest; faults by kind, in {rows:,} rows read:\n{tally}",
            mend="Mend the rows named, or take the manifest as it was released.",
        )
    if not rows:
        raise ManifestFault(f"{path} holds no question.", mend="Take the manifest as it was released.")
    return questions


def _place(row: JsonRow) -> str:
    return f"line {row.line}" if row.line == row.number else f"line {row.line} (row {row.number})"


def _question(row: JsonRow, tally: FaultTally) -> Question | None:
    """The question of one row, or None; every fault of the row is counted, not only its first."""
    place = _place(row)
    if not isinstance(row.value, dict):
        tally.add("a row that is not an object", place)
        return None
    faults: list[str] = ["a key twice in one object"] if row.repeats_a_key else []
    fields = _Fields(row.value, faults.append, _OTHER_NAME)
    task = fields.subtask()
    label = fields.label()
    gold = _gold(label)
    candidates = fields.candidates()
    if task and label is not None and SUBTASKS[task].task_type == RISK and _not_one_of_yes_no(gold):
        faults.append("`label` of a risk subtask is not one yes or no")
    prediction_time = fields.moment("prediction_time", required=True)
    latest_event_time = fields.moment("latest_event_time")
    if prediction_time and latest_event_time and prediction_time < latest_event_time:
        faults.append("`prediction_time` is before `latest_event_time`")
    made: dict[str, Any] = {
        "qid": fields.qid(),
        "subject_id": fields.number("subject_id", required=True),
        "hadm_id": fields.number("hadm_id"),
        **{key: fields.text(key) for key in ("instruction", "input", "question", "source_file")},
        "source_idx": fields.number("source_idx"),
        "decided": fields.flag("decided"),
        "prediction_time": prediction_time,
        "latest_event_time": latest_event_time,
    }
    for kind in faults:
        tally.add(kind, place)
    if faults:
        return None
    return Question(
        row_number=row.number,
        task=task,
        task_type=SUBTASKS[task].task_type,
        label=label,
        gold=gold,
        answer_is_list=isinstance(label, list),
        candidates=candidates,
        extra=fields.untaken(_TAKEN_KEYS),
        **made,
    )


def _gold(label: Any) -> tuple[str, ...]:
    """The answers of a label: a text, texts, or objects by `name`; by `atc_name` alone where any object has one."""
    if isinstance(label, str):
        return (label,)
    items = label or []
    if items and isinstance(items[0], dict):
        classes = tuple(item["atc_name"] for item in items if item.get("atc_name"))
        return classes or tuple(item["name"] for item in items)
    return tuple(items)


def _not_one_of_yes_no(gold: tuple[str, ...]) -> bool:
    return len(gold) != 1 or answer_key(gold[0]) not in YES_NO


class _Fields(Fields):
    """The fields that a row of the text split has."""

    def subtask(self) -> str:
        """The subtask's name, or "" with its fault; a given `task_type` must be the subtask's own."""
        name = self.value("task", required=True)
        if name is None:
            return ""
        if not isinstance(name, str):
            self.report("`task` is not a text")
            return ""
        if name not in SUBTASKS:
            near = difflib.get_close_matches(name.casefold(), _NAMES, n=1, cutoff=0.8)
            self.report(f"unknown subtask {name!r} (near: {_NAMES[near[0]]})" if near else "unknown subtask")
            return ""
        if self.value("task_type") not in (None, SUBTASKS[name].task_type):
            self.report("`task_type` is not that of the row's `task`")
        return name

    def candidates(self) -> tuple[str, ...] | None:
        """A list of texts or nothing."""
        value = self.value("candidates")
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.report("`candidates` is not a list of texts")
        elif not value:
            self.report("`candidates` is an empty list (null where there are none)")
        elif all(self.is_unicode("candidates", item) for item in value):
            return tuple(value)
        return None

    def label(self) -> str | list[Any] | None:
        """The gold as the row has it, or None with its fault."""
        value = self.value("label", required=True)
        if value is None:
            return None
        if self.row.get("ground_truth") is not None and not _same_gold(value, self.row["ground_truth"]):
            self.report("`label` and `ground_truth` differ")
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not (_all_texts(items) or _all_named(items)):
            self.report("`label` is neither a text, a list of texts nor a list of named objects")
            return None
        names = [value] if isinstance(value, str) else _gold(items)
        if not names or not all(name.strip() for name in names):
            self.report("empty gold in `label`")
            return None
        return value if all(self.is_unicode("label", name) for name in names) else None


def _same_gold(label: Any, other: Any) -> bool:
    return (label if isinstance(label, list) else [label]) == (other if isinstance(other, list) else [other])


def _all_texts(items: list[Any]) -> bool:
    return all(isinstance(item, str) for item in items)


def _all_named(items: list[Any]) -> bool:
    return all(
        isinstance(item, dict)
        and isinstance(item.get("name", ""), str)
        and isinstance(item.get("atc_name") or "", str)
        and ("name" in item or item.get("atc_name"))
        for item in items
    )
