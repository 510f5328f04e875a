"""Damages to a manifest. The undamaged file is a JSON list with row n on line n + 1; some are done to JSONL."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clinseek_assets.benchmark.questions import Question
from clinseek_assets_tests.mutations.outcomes import AS_WITHOUT, SECRET, SECRET_ID, Case, Taken, refused

Row = dict[str, Any]


def _row(qid: str, task: str, label: Any, candidates: list[str] | None, **further: Any) -> Row:
    return {
        "qid": qid,
        "subject_id": SECRET_ID,
        "hadm_id": 29876543,
        "prediction_time": "2180-05-06 22:23:01",
        "latest_event_time": "2180-05-06 22:23:00",
        "task": task,
        "label": label,
        "candidates": candidates,
        "instruction": f"{SECRET} instruction",
        "input": f"## {SECRET} é [2180-05-06 22:23:00]\n- Note: “x”",
        **further,
    }


ROWS: list[Row] = [
    _row("q1", "Inpatient_Mortality", "no", ["yes", "no"], task_type="risk_prediction"),
    _row("q2", "labevents", ["Glucose", f"{SECRET} sodium"], ["Glucose", f"{SECRET} sodium", "Zinc"]),
    _row(
        "q3",
        "prescriptions_atc",
        [{"name": "a", "atc_name": "Opioids"}, {"name": "b", "atc_name": f"{SECRET} class"}],
        ["Opioids", f"{SECRET} class", "Laxatives"],
    ),
    _row("q4", "ED_Hospitalization", "yes", ["yes", "no"], hadm_id=None),
    _row("q5", "next_event", "labevents", ["labevents", "poe"], source_file="ehr_bench.jsonl", source_idx=5),
    _row("q6", "labevents", [f"{SECRET} outside"], ["Glucose", "Zinc"], task_info={"metric": SECRET}),
    _row("q7", "omr", ["Weight (Lbs)"], None, latest_event_time=None),
    _row("q8", "ICU_Mortality_1day", "yes", ["yes", "no"], decided=False, question=f"{SECRET} question"),
]


def as_list(rows: list[Any], **how: Any) -> bytes:
    return ("[\n" + ",\n".join(json.dumps(row, **how) for row in rows) + "\n]\n").encode()


def as_lines(rows: list[Any], **how: Any) -> bytes:
    return "".join(json.dumps(row, **how) + "\n" for row in rows).encode()


UNDAMAGED = as_list(ROWS)

# --- kinds of damage


def rows(change: Callable[[list[Row]], Any], form: Callable[[list[Any]], bytes] = as_list) -> Callable[[bytes], bytes]:
    """Change the list of rows, in place or by returning another list."""

    def damage(content: bytes) -> bytes:
        loaded = json.loads(content)
        changed = change(loaded)
        return form(changed if isinstance(changed, list) else loaded)

    return damage


def cell(number: int, key: str, value: Any, form: Callable[[list[Any]], bytes] = as_list) -> Callable[[bytes], bytes]:
    """Put a value into a field of a row."""
    return rows(lambda loaded: loaded[number - 1].update({key: value}), form)


def without(number: int, key: str) -> Callable[[bytes], bytes]:
    """Remove a field of a row."""
    return rows(
        lambda loaded: [
            {name: value for name, value in row.items() if (place, name) != (number, key)}
            for place, row in enumerate(loaded, start=1)
        ]
    )


def text(old: str, new: str) -> Callable[[bytes], bytes]:
    """Replace the first occurrence of a text in the file."""
    return lambda content: content.replace(old.encode(), new.encode(), 1)


def cut_after(fraction: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * fraction)]


# --- what must come of it

THIRD = "(first: line 4 (row 3))"


def one(kind: str, place: str = THIRD):
    return refused(f"{kind}: 1 {place}")


def question(number: int, **changes: Any) -> Taken:
    """All as without, but for these fields of one question."""
    return Taken(
        lambda questions: [*questions[: number - 1], replace(questions[number - 1], **changes), *questions[number:]]
    )


def numbered(questions: list[Question]) -> list[Question]:
    return [replace(each, row_number=place) for place, each in enumerate(questions, start=1)]


NOT_NUMBERS = {
    "a text": SECRET,
    "blank": "",
    "digits with spaces": " 10000032 ",
    "digits of another script": "１２３",
    "a fraction": 10000032.5,
    "a fraction in a text": "10000032.0",
    "negative": -10000032,
    "true": True,
    "a list": [SECRET_ID],
    "an object": {"id": SECRET_ID},
    "beyond 64 bits": 2**63,
}
NOT_TIMES = {
    "a text": SECRET,
    "blank": "",
    "a date alone": "2180-05-06",
    "month 13": "2180-13-06 22:23:01",
    "30 February": "2180-02-30 22:23:01",
    "day first": "06/05/2180 22:23:01",
    "with a zone": "2180-05-06 22:23:01+00:00",
    "without seconds": "2180-05-06 22:23",
    "with a fraction": "2180-05-06 22:23:01.5",
    "hour 24": "2180-05-06 24:00:00",
    "a number": 6637415601,
    "a list": ["2180-05-06 22:23:01"],
}
NOT_TEXTS = {"a number": SECRET_ID, "a list": [SECRET], "an object": {"text": SECRET}, "false": False}

REFUSED_CELLS = [
    *(
        Case(f"subject_id is {name}", cell(3, "subject_id", value), one("`subject_id` is not a whole number"))
        for name, value in NOT_NUMBERS.items()
    ),
    *(
        Case(f"hadm_id is {name}", cell(3, "hadm_id", value), one("`hadm_id` is not a whole number"))
        for name, value in NOT_NUMBERS.items()
    ),
    *(
        Case(
            f"prediction_time is {name}",
            cell(3, "prediction_time", value),
            one("`prediction_time` is not a time as YYYY-MM-DD HH:MM:SS"),
        )
        for name, value in NOT_TIMES.items()
    ),
    *(
        Case(
            f"latest_event_time is {name}",
            cell(3, "latest_event_time", value),
            one("`latest_event_time` is not a time as YYYY-MM-DD HH:MM:SS"),
        )
        for name, value in NOT_TIMES.items()
    ),
    *(
        Case(f"{key} is {name}", cell(3, key, value), one(f"`{key}` is not a text"))
        for key in ("input", "question")
        for name, value in NOT_TEXTS.items()
    ),
    *(
        Case(f"{key} is missing", without(3, key), one(f"no `{key}`"))
        for key in ("qid", "subject_id", "prediction_time", "task", "label")
    ),
    *(
        Case(f"{key} is null", cell(3, key, None), one(f"no `{key}`"))
        for key in ("qid", "subject_id", "prediction_time", "task", "label")
    ),
    Case("qid is a list", cell(3, "qid", [SECRET]), one("`qid` is not a text")),
    Case("qid is blank", cell(3, "qid", "  "), one("`qid` is not a text")),
    Case("qid is an earlier one", cell(3, "qid", "q1"), one("`qid` of an earlier row")),
    Case(
        "prediction_time before the latest event",
        cell(3, "latest_event_time", "2180-05-06 22:23:02"),
        one("`prediction_time` is before `latest_event_time`"),
    ),
    Case(
        "task nearly known",
        cell(3, "task", "prescription_atc"),
        one("unknown subtask 'prescription_atc' (near: prescriptions_atc)"),
    ),
    Case("task of another case", cell(3, "task", "Labevents"), one("unknown subtask 'Labevents' (near: labevents)")),
    Case("task unknown", cell(3, "task", SECRET), one("unknown subtask")),
    Case("task is a list", cell(3, "task", ["labevents"]), one("`task` is not a text")),
    Case(
        "task_type of the other kind",
        cell(3, "task_type", "risk_prediction"),
        one("`task_type` is not that of the row's `task`"),
    ),
    Case("task_type is free text", cell(3, "task_type", SECRET), one("`task_type` is not that of the row's `task`")),
    Case("label is empty", cell(2, "label", ""), one("empty gold in `label`", "(first: line 3 (row 2))")),
    Case("label is an empty list", cell(2, "label", []), one("empty gold in `label`", "(first: line 3 (row 2))")),
    Case(
        "label has a blank answer",
        cell(2, "label", ["Glucose", " "]),
        one("empty gold in `label`", "(first: line 3 (row 2))"),
    ),
    Case(
        "label is a number",
        cell(2, "label", 1),
        one("`label` is neither a text, a list of texts nor a list of named objects", "(first: line 3 (row 2))"),
    ),
    Case(
        "label has a null",
        cell(2, "label", ["Glucose", None]),
        one("`label` is neither a text, a list of texts nor a list of named objects", "(first: line 3 (row 2))"),
    ),
    Case(
        "label mixes texts and objects",
        cell(2, "label", ["Glucose", {"name": SECRET}]),
        one("`label` is neither a text, a list of texts nor a list of named objects", "(first: line 3 (row 2))"),
    ),
    Case(
        "label's objects have no name",
        cell(3, "label", [{"title": SECRET}]),
        one("`label` is neither a text, a list of texts nor a list of named objects"),
    ),
    Case(
        "label's objects have a numeric class",
        cell(3, "label", [{"name": "a", "atc_name": 7}]),
        one("`label` is neither a text, a list of texts nor a list of named objects"),
    ),
    Case(
        "risk label is neither",
        cell(1, "label", SECRET),
        one("`label` of a risk subtask is not one yes or no", "(first: line 2 (row 1))"),
    ),
    Case(
        "risk label is both",
        cell(1, "label", ["yes", "no"]),
        one("`label` of a risk subtask is not one yes or no", "(first: line 2 (row 1))"),
    ),
    Case(
        "risk label is true",
        cell(1, "label", True),
        one("`label` is neither a text, a list of texts nor a list of named objects", "(first: line 2 (row 1))"),
    ),
    Case(
        "ground_truth says otherwise",
        cell(1, "ground_truth", "yes"),
        one("`label` and `ground_truth` differ", "(first: line 2 (row 1))"),
    ),
    Case("candidates in one text", cell(3, "candidates", "a, b"), one("`candidates` is not a list of texts")),
    Case("candidates with a number", cell(3, "candidates", ["a", 5]), one("`candidates` is not a list of texts")),
    Case(
        "candidates are objects", cell(3, "candidates", [{"name": SECRET}]), one("`candidates` is not a list of texts")
    ),
    Case(
        "candidates emptied",
        cell(3, "candidates", []),
        one("`candidates` is an empty list (null where there are none)"),
    ),
    Case("decided is a text", cell(3, "decided", "no"), one("`decided` is neither true nor false")),
    Case("source_idx is a text", cell(3, "source_idx", SECRET), one("`source_idx` is not a whole number")),
    Case("half a surrogate pair", cell(3, "input", f"{SECRET}\ud83d"), one("`input` holds half of a surrogate pair")),
]

REFUSED_FILES = [
    Case("emptied", lambda content: b"", refused("holds no question")),
    Case("spaces alone", lambda content: b" \n\t\n", refused("holds no question")),
    Case("an empty list", lambda content: b"[]", refused("holds no question")),
    Case(
        "a row emptied",
        rows(lambda loaded: loaded[2].clear()),
        refused("no `qid`: 1", "no `label`: 1", "no `task`: 1", "line 4 (row 3)"),
    ),
    Case("a row is null", rows(lambda loaded: [*loaded[:2], None, *loaded[3:]]), one("a row that is not an object")),
    Case(
        "a row is a list", rows(lambda loaded: [*loaded[:2], [SECRET], *loaded[3:]]), one("a row that is not an object")
    ),
    Case("wrapped in an object", lambda content: b'{"data": ' + content + b"}", refused("no `qid`: 1 (first: line 1)")),
    Case("wrapped in a list", lambda content: b"[" + content + b"]", refused("a row that is not an object: 1")),
    Case(
        "every row twice",
        rows(lambda loaded: loaded + loaded),
        refused("`qid` of an earlier row: 8 (first: line 10 (row 9)"),
    ),
    Case(
        "one row twice",
        rows(lambda loaded: [*loaded, loaded[2]]),
        refused("`qid` of an earlier row: 1 (first: line 10 (row 9))"),
    ),
    Case("cut in the first row", cut_after(0.02), refused("not JSON: 1", "line 2")),
    Case("cut in the middle", cut_after(0.5), refused("not JSON: 1", "the file ends inside a row")),
    Case(
        "cut before the bracket", lambda content: content.rstrip()[:-1], refused("the file ends before the list does")
    ),
    Case(
        "cut after a comma",
        lambda content: content[: content.rindex(b',\n{"qid"') + 1],
        refused("the file ends inside a row"),
    ),
    Case("the opening bracket lost", lambda content: content.lstrip()[1:], refused("not JSON")),
    Case(
        "a comma lost",
        text("},\n{", "}\n{"),
        refused("line 3 column 1: neither a comma nor the list's end after a row"),
    ),
    Case("a comma too many", text("\n]", ",\n]"), refused("not JSON: 1 (first: line 10 column 1")),
    Case(
        "two files joined",
        lambda content: content + content,
        refused("line 11 column 1: text after the end of the list"),
    ),
    Case(
        "JSONL line cut",
        lambda content: as_lines(ROWS).replace(b'"label": ["Weight (Lbs)"]', b'"label": ["Weig\n'),
        refused("not JSON: 1 (first: line 7 column"),
    ),
    Case("JSONL cut at its end", lambda content: as_lines(ROWS)[:-30], refused("not JSON: 1 (first: line 8 column")),
    Case("JSONL with commas", lambda content: as_lines(ROWS).replace(b"}\n", b"},\n"), refused("not JSON: 8")),
    Case(
        "JSONL with two faults apart",
        rows(lambda loaded: (loaded[1].update(label=""), loaded[6].update(task="Omr")), as_lines),
        refused("empty gold in `label`: 1 (first: line 2)", "unknown subtask 'Omr' (near: omr): 1 (first: line 7)"),
    ),
    Case("a key twice", text('"qid": "q3"', '"qid": "q3", "qid": "q9"'), one("a key twice in one object")),
    Case(
        "a key twice further in",
        text('"metric"', '"metric": "x", "metric"'),
        one("a key twice in one object", "(first: line 7 (row 6))"),
    ),
    Case(
        "NaN as an id",
        text(f'"subject_id": {SECRET_ID}', '"subject_id": NaN'),
        refused("line 2 column 1: NaN or Infinity"),
    ),
    Case("Python's True", text('"decided": false', '"decided": False'), refused("not JSON: 1 (first: line 9 column")),
    Case("single quotes", lambda content: content.replace(b'"', b"'"), refused("not JSON: 1 (first: line 2 column 2")),
    Case(
        "a raw line break in a text",
        text(f"{SECRET} instruction", f"{SECRET}\ninstruction"),
        refused("line 2 column", "Invalid control character"),
    ),
    Case(
        "a number of 5,000 digits",
        text(f'"subject_id": {SECRET_ID}', f'"subject_id": {"7" * 5000}'),
        refused("a number that is too long"),
    ),
    Case("nested without end", lambda content: b"[" * 100_000, refused("nested too deeply")),
    Case(
        "Latin-1",
        lambda content: as_list(ROWS, ensure_ascii=False).decode().replace("“x”", "x").encode("latin-1"),
        refused("not UTF-8: the first wrong byte is on line 2"),
    ),
    Case("UTF-16", lambda content: content.decode().encode("utf-16"), refused("line 1 (it looks like UTF-16)")),
    Case("gzip", gzip.compress, refused("line 1 (it looks like gzip)")),
    Case(
        "one wrong byte",
        lambda content: content.replace(b"question", b"quest\xffion", 1),
        refused("first wrong byte is on line"),
    ),
    Case(
        "a CSV file",
        lambda content: f"qid,subject_id\nq1,{SECRET_ID}\n".encode(),
        refused("not JSON: 1 (first: line 1 column 1"),
    ),
    Case(
        "an HTML page",
        lambda content: f"<html>{SECRET}</html>".encode(),
        refused("not JSON: 1 (first: line 1 column 1"),
    ),
    Case("a scalar", lambda content: b"17", refused("a row that is not an object: 1 (first: line 1)")),
    Case("zero bytes at the end", lambda content: content + b"\0" * 512, refused("text after the end of the list")),
]

TAKEN = [
    Case("a byte order mark", lambda content: b"\xef\xbb\xbf" + content, AS_WITHOUT),
    Case("line ends of Windows", lambda content: content.replace(b"\n", b"\r\n"), AS_WITHOUT),
    Case("no line ends", lambda content: content.replace(b"\n", b""), AS_WITHOUT),
    Case("empty lines around", lambda content: b"\n\n" + content + b"\n \n", AS_WITHOUT),
    Case("indented", rows(lambda loaded: None, lambda loaded: json.dumps(loaded, indent=4).encode()), AS_WITHOUT),
    Case("as JSONL", rows(lambda loaded: None, as_lines), AS_WITHOUT),
    Case("as JSONL without the last line end", lambda content: as_lines(ROWS).rstrip(), AS_WITHOUT),
    Case("as JSONL with empty lines", lambda content: as_lines(ROWS).replace(b"\n", b"\n\n"), AS_WITHOUT),
    Case("written without escapes", lambda content: as_list(ROWS, ensure_ascii=False), AS_WITHOUT),
    Case("keys in another order", rows(lambda loaded: [dict(reversed(row.items())) for row in loaded]), AS_WITHOUT),
    Case(
        "ids as texts",
        rows(lambda loaded: [{**row, "subject_id": str(row["subject_id"])} for row in loaded]),
        AS_WITHOUT,
    ),
    Case(
        "ids with .0",
        rows(lambda loaded: [{**row, "hadm_id": row["hadm_id"] and float(row["hadm_id"])} for row in loaded]),
        AS_WITHOUT,
    ),
    Case(
        "times with T",
        rows(lambda loaded: [{**row, "prediction_time": row["prediction_time"].replace(" ", "T")} for row in loaded]),
        AS_WITHOUT,
    ),
    Case(
        "ground_truth for label",
        rows(
            lambda loaded: [
                {("ground_truth" if key == "label" else key): value for key, value in row.items()} for row in loaded
            ]
        ),
        AS_WITHOUT,
    ),
    Case(
        "query_id for qid",
        rows(
            lambda loaded: [
                {("query_id" if key == "qid" else key): value for key, value in row.items()} for row in loaded
            ]
        ),
        AS_WITHOUT,
    ),
    Case("task_type left out", without(1, "task_type"), AS_WITHOUT),
    Case("candidates left out where null", rows(lambda loaded: loaded[6].pop("candidates")), AS_WITHOUT),
    Case("rows reversed", rows(lambda loaded: loaded[::-1]), Taken(lambda questions: numbered(questions[::-1]))),
    Case(
        "a row removed",
        rows(lambda loaded: loaded.pop(2)),
        Taken(lambda questions: numbered(questions[:2] + questions[3:])),
    ),
    Case(
        "cut between lines of JSONL",
        lambda content: b"".join(as_lines(ROWS).splitlines(keepends=True)[:5]),
        Taken(lambda questions: questions[:5]),
    ),
    Case("hadm_id emptied", cell(3, "hadm_id", None), question(3, hadm_id=None)),
    Case("latest event emptied", cell(3, "latest_event_time", None), question(3, latest_event_time=None)),
    Case("context removed", without(3, "input"), question(3, input=None)),
    Case("candidates removed", cell(3, "candidates", None), question(3, candidates=None)),
    Case("label in capitals", cell(1, "label", "NO"), question(1, label="NO", gold=("NO",))),
    Case("label as a list", cell(1, "label", ["no"]), question(1, label=["no"], gold=("no",), answer_is_list=True)),
    Case(
        "one class lost",
        cell(3, "label", [{"name": "a", "atc_name": "Opioids"}, {"name": "b"}]),
        question(3, label=[{"name": "a", "atc_name": "Opioids"}, {"name": "b"}], gold=("Opioids",)),
    ),
    Case("a key of its own", cell(3, "colour", "red"), question(3, extra={"colour": "red"})),
    Case(
        "an answer twice in the gold",
        cell(2, "label", ["Glucose", "Glucose"]),
        question(2, label=["Glucose", "Glucose"], gold=("Glucose", "Glucose")),
    ),
]

CASES = [*REFUSED_CELLS, *REFUSED_FILES, *TAKEN]
