"""Reading the multimodal manifest: the released JSONL (or a JSON list) into checked questions.

Keys and types are those of the released file. The answers may stand in `ground_truth` or `label`, as objects with a
`name` (else a `value`) or as plain texts; ids may be numbers or strings of digits; MedMod's tasks may have the names
that MedMod itself uses. Whether a linked file is there, and whether its path is the patient's own, is not told here
(`imaging/paths.py`). A file with any fault is refused as a whole, every kind counted and its first rows named by line.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinseek_assets.benchmark.groups import EHRXQA, MEDMOD, TASKS
from clinseek_assets.benchmark.manifest_fields import Fields
from clinseek_assets.benchmark.multimodal.grouping import OVERRIDES_FILE, group_of, read_overrides
from clinseek_assets.benchmark.multimodal.qids import parse_qid
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ManifestFault
from clinseek_assets.storage.fault_tally import FaultTally
from clinseek_assets.storage.json_rows import JsonBreak, JsonRow, json_rows, read_utf8

SPLIT = "multimodal"
DATASETS = (EHRXQA, MEDMOD)
_OTHER_NAME = {"ground_truth": "label"}
_TAKEN_KEYS = (
    *("qid", "source_benchmark", "task", "subject_id", "hadm_id", "stay_id", "prediction_time", "question"),
    *("input_text", "image_paths", "report_paths", "ground_truth"),
)
# MedMod's own names of its tasks, as some rows have them.
_TASK_NAMES = {task.upstream.replace("-", "_"): name for name, task in TASKS.items() if task.dataset == MEDMOD}


def read_multimodal_manifest(path: Path, overrides: Mapping[str, str] | None = None) -> list[Question]:
    """The questions of a manifest, in the file's order.

    Args:
        path: JSONL or a JSON list, UTF-8.
        overrides: qid -> group, where the rule of `grouping.py` is to be corrected; by default what the file
            `multimodal_groups.csv` beside the manifest says.

    Raises:
        ManifestFault: the file cannot be opened, is not UTF-8, holds no rows, or any row is not as it should be; or an
            override names a qid that no row has. The message quotes no value of a row.
    """
    overrides = read_overrides(path.with_name(OVERRIDES_FILE)) if overrides is None else overrides
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
        question = _question(item, tally, overrides)
        if question is None:
            continue
        if question.qid in qids:
            tally.add("`qid` of an earlier row", _place(item))
        qids.add(question.qid)
        questions.append(question)
    if tally:
        raise ManifestFault(
            f"{path} cannot be taken as a multimodal manifest; faults by kind, in {rows:,} rows read:\n{tally}",
            mend="Mend the rows named, or take the manifest as it was released.",
        )
    if not rows:
        raise ManifestFault(f"{path} holds no question.", mend="Take the manifest as it was released.")
    if strangers := len(set(overrides) - qids):
        raise ManifestFault(
            f"{strangers:,} of the {len(overrides):,} qids whose group is to be corrected are in no row of {path}.",
            mend=f"Mend {OVERRIDES_FILE} beside the manifest.",
        )
    return questions


def _place(row: JsonRow) -> str:
    return f"line {row.line}" if row.line == row.number else f"line {row.line} (row {row.number})"


def _question(row: JsonRow, tally: FaultTally, overrides: Mapping[str, str]) -> Question | None:
    """The question of one row, or None; every fault of the row is counted, not only its first."""
    place = _place(row)
    if not isinstance(row.value, dict):
        tally.add("a row that is not an object", place)
        return None
    faults: list[str] = ["a key twice in one object"] if row.repeats_a_key else []
    fields = _Fields(row.value, faults.append, _OTHER_NAME)
    qid, dataset, task = fields.qid(), fields.dataset(), fields.task()
    if task and dataset and TASKS[task].dataset != dataset:
        faults.append("`task` is not one of its `source_benchmark`")
    if qid and task and ((parts := parse_qid(qid)) is None or parts.task != task):
        faults.append("`qid` has not the form that the row's `task` gives it")
    label = fields.label()
    text = fields.text("question", required=True)
    if text is not None and not text.strip():
        faults.append("`question` is empty")
    made: dict[str, Any] = {
        "subject_id": fields.number("subject_id", required=True),
        "hadm_id": fields.number("hadm_id"),
        "stay_id": fields.number("stay_id"),
        "prediction_time": fields.moment("prediction_time", required=True),
        "input": fields.text("input_text"),
        "image_paths": fields.texts("image_paths"),
        "report_paths": fields.texts("report_paths"),
    }
    if task and dataset == MEDMOD and len(made["image_paths"]) != 1 and not faults:
        faults.append("a MedMod row without exactly one image in `image_paths`")
    for kind in faults:
        tally.add(kind, place)
    if faults or qid is None or text is None or label is None:
        return None
    gold = gold_names(label)
    return Question(
        qid=qid,
        row_number=row.number,
        latest_event_time=None,
        task=overrides.get(qid) or group_of(task, text),
        task_type=task,
        label=label,
        gold=gold,
        answer_is_list=len(gold) > 1,
        candidates=None,
        question=text,
        split=SPLIT,
        dataset=dataset,
        extra=fields.untaken(_TAKEN_KEYS),
        **made,
    )


def gold_names(label: Any) -> tuple[str, ...]:
    """The answers of a label: texts as they are, objects by `name`, else by `value`."""
    items = label if isinstance(label, list) else [label]
    return tuple(_name(item) for item in items)


def _name(item: Any) -> str:
    if isinstance(item, dict):
        name = item.get("name")
        item = item.get("value") if name is None else name
    return item if isinstance(item, str) else "" if item is None else str(item)


class _Fields(Fields):
    """The fields that a row of the multimodal split has."""

    def dataset(self) -> str:
        """The dataset, or "" with its fault."""
        value = self.value("source_benchmark", required=True)
        if value is not None and value not in DATASETS:
            self.report("`source_benchmark` is neither ehrxqa nor medmod")
        return value if value in DATASETS else ""

    def task(self) -> str:
        """The released task's name, or "" with its fault."""
        value = self.value("task", required=True)
        name = _TASK_NAMES.get(value.replace("-", "_"), value) if isinstance(value, str) else value
        if value is not None and name not in TASKS:
            self.report("`task` is none of the five released ones")
        return name if name in TASKS else ""

    def label(self) -> Any:
        """The gold as the row has it, or None with its fault."""
        value = self.value("ground_truth", required=True)
        if value is None:
            return None
        both = [self.row.get(key) for key in ("ground_truth", "label")]
        if None not in both and gold_names(both[0]) != gold_names(both[1]):
            self.report("`label` and `ground_truth` differ")
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | dict) for item in items):
            self.report("`ground_truth` is neither a list of named objects nor a list of texts")
            return None
        names = gold_names(value)
        if not names or not all(name.strip() for name in names):
            self.report("empty gold in `ground_truth`")
            return None
        return value if all(self.is_unicode("ground_truth", name) for name in names) else None
