"""Damages to a results file over the questions of `manifest_cases`: line n answers question n.

Figures are each question's F1 by both rules; None stands for a question without a score.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from clinseek_assets_tests.mutations.manifest_cases import as_lines, as_list
from clinseek_assets_tests.mutations.outcomes import SECRET, Refused, refused
from clinseek_assets_tests.scoring.exchanges import answering, call, failed, finishing

Row = dict[str, Any]

ROWS: list[Row] = [
    answering("q1", "no", task="Inpatient_Mortality", label="no", question=f"{SECRET} question"),
    answering("q2", "Glucose"),
    answering("q3", "Opioids", f"{SECRET} wrong"),
    answering("q4", "no"),
    answering("q5", "labevents"),
    answering("q6", f"{SECRET} outside"),
    failed("q8", error=SECRET),
]
UNDAMAGED = as_lines(ROWS)
# q2: one of two found; q3: one of two right, one of two found; q4 wrong; q7 not there; q8 a failed call.
STRICT = {"q1": 1.0, "q2": 2 / 3, "q3": 0.5, "q4": 0.0, "q5": 1.0, "q6": 1.0, "q7": None, "q8": None}
COMPAT = {**STRICT, "q8": 0.0}


@dataclass(frozen=True)
class Scores:
    """The file is scored; these questions' F1 differ from those of the undamaged file."""

    strict: dict[str, float | None] = field(default_factory=dict)
    compat: dict[str, float | None] = field(default_factory=dict)


def both(**f1: float | None) -> Scores:
    """The same difference by both rules."""
    return Scores(f1, f1)


AS_WITHOUT = Scores()


@dataclass(frozen=True)
class ResultsCase:
    """One damage to a results file, and what must come of it."""

    name: str
    damage: Callable[[bytes], bytes]
    outcome: Refused | Scores


def rows(change: Callable[[list[Any]], Any], form: Callable[[list[Any]], bytes] = as_lines) -> Callable[[bytes], bytes]:
    """Change the list of rows, in place or by returning another list."""

    def damage(content: bytes) -> bytes:
        loaded = [json.loads(line) for line in content.splitlines()]
        changed = change(loaded)
        return form(changed if isinstance(changed, list) else loaded)

    return damage


def third(**fields: Any) -> Callable[[bytes], bytes]:
    """Put values into fields of row 3."""
    return rows(lambda loaded: loaded[2].update(fields))


def third_without(key: str) -> Callable[[bytes], bytes]:
    return rows(
        lambda loaded: [{name: row[name] for name in row if row is not loaded[2] or name != key} for row in loaded]
    )


def replaced_third(row: Any) -> Callable[[bytes], bytes]:
    return rows(lambda loaded: [*loaded[:2], row, *loaded[3:]])


def arguments(value: Any, name: Any = "ehr.finish") -> Callable[[bytes], bytes]:
    """Give row 3 a finish call with these arguments."""
    return third(messages=finishing(value, name))


def line(number: int, change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Change the bytes of one line."""

    def damage(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        lines[number - 1] = change(lines[number - 1])
        return b"".join(lines)

    return damage


def renamed(old: str, new: str) -> Callable[[list[Row]], list[Row]]:
    return lambda loaded: [{(new if key == old else key): value for key, value in row.items()} for row in loaded]


NOT_JSON_3 = refused("not JSON: 1 (first: line 3)")
NO_ROWS = refused("holds no rows")
NO_QID = refused("no `qid`: 1 (first: line 3)")
ODD_QID = refused("`qid` is neither a text nor a number: 1 (first: line 3)")
ODD_MESSAGES = refused("`messages` is neither a list nor null: 1 (first: line 3)")
NO_OBJECT = refused("a row that is not an object: 1 (first: line 3)")
RIGHT_PAIR = f'["Opioids", "{SECRET} class"]'

REFUSED = [
    ResultsCase("emptied", lambda content: b"", NO_ROWS),
    ResultsCase("empty lines alone", lambda content: b"\n \n\n", NO_ROWS),
    ResultsCase("an empty list", lambda content: b"[]", NO_ROWS),
    ResultsCase(
        "last line cut", lambda content: content[:-40], refused("not JSON: 1 (first: line 7 (the last line, cut))")
    ),
    ResultsCase(
        "cut in the middle",
        lambda content: content[: content.index(b'"q4"') + 9],
        refused("not JSON: 1 (first: line 4 (the last line, cut))"),
    ),
    ResultsCase(
        "two lines damaged",
        lambda content: line(5, lambda text: text[5:])(line(3, lambda text: text[:20] + b"\n")(content)),
        refused("not JSON: 2 (first: line 3, line 5)"),
    ),
    ResultsCase("a line cut short", line(3, lambda text: text[:60] + b"\n"), NOT_JSON_3),
    ResultsCase("a line without its start", line(3, lambda text: text[30:]), NOT_JSON_3),
    ResultsCase("two rows on one line", line(3, bytes.rstrip), NOT_JSON_3),
    ResultsCase(
        "a row over two lines",
        line(3, lambda text: text.replace(b", ", b",\n", 1)),
        refused("not JSON: 2 (first: line 3, line 4)"),
    ),
    ResultsCase(
        "commas between lines",
        lambda content: content.replace(b"}\n", b"},\n"),
        refused("not JSON: 7 (first: line 1, line 2, line 3, line 4, line 5)"),
    ),
    ResultsCase("Python's quotes", line(3, lambda text: text.replace(b'"', b"'")), NOT_JSON_3),
    ResultsCase("a stack trace in between", line(3, lambda text: f"Traceback: {SECRET}\n".encode() + text), NOT_JSON_3),
    ResultsCase(
        "indented",
        rows(lambda loaded: None, lambda loaded: b"\n".join(json.dumps(row, indent=1).encode() for row in loaded)),
        refused("not JSON", "first: line 1"),
    ),
    ResultsCase("row is null", replaced_third(None), NO_OBJECT),
    ResultsCase("row is a text", replaced_third(SECRET), NO_OBJECT),
    ResultsCase("row is a number", replaced_third(3), NO_OBJECT),
    ResultsCase("row is a list", replaced_third([SECRET]), NO_OBJECT),
    ResultsCase("row is empty", replaced_third({}), NO_QID),
    ResultsCase("qid lost", third_without("qid"), NO_QID),
    ResultsCase("qid null", third(qid=None), NO_QID),
    ResultsCase(
        "qid null, two questions of the same task and patient",
        third(qid=None, task="labevents", subject_id=19876543, hadm_id=29876543),
        refused(
            "no `qid`, and several questions of the manifest have the row's task, patient and admission",
            "(first: line 3)",
        ),
    ),
    ResultsCase("qid true", third(qid=True), ODD_QID),
    ResultsCase("qid a list", third(qid=["q3", SECRET]), ODD_QID),
    ResultsCase("qid an object", third(qid={SECRET: 3}), ODD_QID),
    ResultsCase("qid a fraction", third(qid=3.5), ODD_QID),
    ResultsCase("messages a text", third(messages=SECRET), ODD_MESSAGES),
    ResultsCase("messages an object", third(messages={"role": SECRET}), ODD_MESSAGES),
    ResultsCase("messages a number", third(messages=0), ODD_MESSAGES),
    ResultsCase("messages false", third(messages=False), ODD_MESSAGES),
    ResultsCase(
        "all of another benchmark",
        rows(lambda loaded: [{**row, "qid": f"{SECRET}_{row['qid']}"} for row in loaded]),
        refused("None of the 7 rows of results belongs to a question of the manifest"),
    ),
    ResultsCase(
        "ids with a space",
        rows(lambda loaded: [{**row, "qid": f" {row['qid']}"} for row in loaded]),
        refused("None of the 7 rows"),
    ),
    ResultsCase(
        "ids in capitals",
        rows(lambda loaded: [{**row, "qid": row["qid"].upper()} for row in loaded]),
        refused("None of the 7 rows"),
    ),
    ResultsCase("UTF-16", lambda content: content.decode().encode("utf-16"), refused("not JSON")),
    ResultsCase("Latin-1", line(3, lambda text: text.replace(b"wrong", b"wr\xf6ng")), refused("line 3")),
    ResultsCase("gzip", gzip.compress, refused("cannot be scored")),
    ResultsCase("zero bytes at the end", lambda content: content + b"\0" * 64, refused("line 8 (the last line, cut)")),
    ResultsCase("zero bytes in a line", line(3, lambda text: b"\0" * len(text) + b"\n"), NOT_JSON_3),
    ResultsCase("nested without end", line(3, lambda text: b"[" * 100_000 + b"\n"), NOT_JSON_3),
    ResultsCase("a list, cut", lambda content: as_list(ROWS)[:-30], refused("not JSON: 1 (first: line 8 column")),
    ResultsCase(
        "a list with more after it", lambda content: as_list(ROWS) + b"{}", refused("text after the end of the list")
    ),
    ResultsCase(
        "the manifest itself as rows without ids",
        rows(lambda loaded: [{"task": SECRET} for _ in loaded]),
        refused("no `qid`: 7 (first: line 1, line 2, line 3, line 4, line 5)"),
    ),
]

SCORED = [
    ResultsCase("rows reversed", rows(lambda loaded: loaded[::-1]), AS_WITHOUT),
    ResultsCase("keys reversed", rows(lambda loaded: [dict(reversed(row.items())) for row in loaded]), AS_WITHOUT),
    ResultsCase("every row twice", rows(lambda loaded: loaded + loaded), AS_WITHOUT),
    ResultsCase("a byte order mark", lambda content: b"\xef\xbb\xbf" + content, AS_WITHOUT),
    ResultsCase("line ends of Windows", lambda content: content.replace(b"\n", b"\r\n"), AS_WITHOUT),
    ResultsCase("empty lines", lambda content: content.replace(b"\n", b"\n\n"), AS_WITHOUT),
    ResultsCase("no last line end", bytes.rstrip, AS_WITHOUT),
    ResultsCase("as a list", lambda content: as_list(ROWS), AS_WITHOUT),
    ResultsCase("NaN in a field that is not read", third(cost=float("nan")), AS_WITHOUT),
    ResultsCase("a row of another question more", rows(lambda loaded: [*loaded, answering(SECRET, "yes")]), AS_WITHOUT),
    ResultsCase(
        "run_index lost",
        rows(lambda loaded: [{key: row[key] for key in row if key != "run_index"} for row in loaded]),
        AS_WITHOUT,
    ),
    ResultsCase("run_index a text", third(run_index="first"), AS_WITHOUT),
    ResultsCase("gold changed in the row", third(label=["Opioids"]), AS_WITHOUT),
    ResultsCase("one model's name", rows(lambda loaded: [{**row, "model": "m"} for row in loaded]), AS_WITHOUT),
    ResultsCase("query_id for qid", rows(renamed("qid", "query_id")), AS_WITHOUT),
    ResultsCase(
        "ids rebuilt from task and patient",
        third(qid=None, task="prescriptions_atc", subject_id="19876543", hadm_id=29876543),
        AS_WITHOUT,
    ),
    ResultsCase("a row lost", rows(lambda loaded: loaded.pop(2)), both(q3=None)),
    ResultsCase("a row of another question", third(qid="q7"), Scores({"q3": None, "q7": 0.0}, {"q3": None, "q7": 0.0})),
    ResultsCase(
        "cut between lines",
        lambda content: b"".join(content.splitlines(keepends=True)[:4]),
        Scores({"q5": None, "q6": None}, {"q5": None, "q6": None, "q8": None}),
    ),
    ResultsCase(
        "a second run that is right", rows(lambda loaded: [*loaded, answering("q4", "yes", run_index=2)]), both(q4=0.5)
    ),
    ResultsCase(
        "a failed second run", rows(lambda loaded: [*loaded, failed("q1", run_index=2)]), Scores({}, {"q1": 0.5})
    ),
    ResultsCase("messages emptied", third(messages=[]), Scores({"q3": None}, {"q3": 0.0})),
    ResultsCase("messages null", third(messages=None), Scores({"q3": None}, {"q3": 0.0})),
    ResultsCase("messages lost", third_without("messages"), Scores({"q3": None}, {"q3": 0.0})),
    ResultsCase(
        "messages of odd kinds", rows(lambda loaded: loaded[2]["messages"].extend([None, 5, SECRET, []])), AS_WITHOUT
    ),
    ResultsCase("messages reversed", rows(lambda loaded: loaded[2]["messages"].reverse()), AS_WITHOUT),
    ResultsCase("status error though answered", third(status="error"), AS_WITHOUT),
    ResultsCase(
        "status error and an empty answer",
        rows(lambda loaded: loaded[2].update(status="error", messages=finishing('{"response": []}'))),
        Scores({"q3": None}, {"q3": 0.0}),
    ),
    ResultsCase("no tool calls", third(messages=[{"role": "assistant", "content": f"{SECRET} class"}]), both(q3=0.0)),
    ResultsCase("tool calls null", third(messages=[{"role": "assistant", "tool_calls": None}]), both(q3=0.0)),
    ResultsCase("tool calls a text", third(messages=[{"role": "assistant", "tool_calls": "finish"}]), both(q3=0.0)),
    ResultsCase("a tool call null", third(messages=[{"role": "assistant", "tool_calls": [None]}]), both(q3=0.0)),
    ResultsCase(
        "a later empty finish",
        rows(
            lambda loaded: loaded[2]["messages"].append({"role": "assistant", "tool_calls": [call('{"response": []}')]})
        ),
        both(q3=0.0),
    ),
    ResultsCase(
        "a later finish that cannot be read",
        rows(lambda loaded: loaded[2]["messages"].append({"role": "assistant", "tool_calls": [call("{")]})),
        both(q3=0.0),
    ),
    ResultsCase(
        "an earlier finish",
        rows(lambda loaded: loaded[2]["messages"].insert(0, {"tool_calls": [call(RIGHT_PAIR)]})),
        AS_WITHOUT,
    ),
    ResultsCase("another tool called", arguments(RIGHT_PAIR, "ehr.think"), both(q3=0.0)),
    ResultsCase("the tool's name null", arguments(RIGHT_PAIR, None), both(q3=0.0)),
    ResultsCase("the tool's name in capitals", arguments(RIGHT_PAIR, "EHR.FINISH"), both(q3=1.0)),
    ResultsCase("arguments a bare list", arguments(RIGHT_PAIR), both(q3=1.0)),
    ResultsCase("arguments an object, not a text", arguments({"response": json.loads(RIGHT_PAIR)}), both(q3=1.0)),
    ResultsCase("arguments Python", arguments(repr({"response": json.loads(RIGHT_PAIR)})), both(q3=1.0)),
    ResultsCase("arguments one text", arguments('{"response": " Opioids "}'), both(q3=2 / 3)),
    ResultsCase("arguments a list in a text", arguments(json.dumps({"response": RIGHT_PAIR})), both(q3=0.0)),
    ResultsCase("arguments cut", arguments(RIGHT_PAIR[:-1]), both(q3=0.0)),
    ResultsCase("arguments null", arguments(None), both(q3=0.0)),
    ResultsCase("arguments a number", arguments("5"), both(q3=0.0)),
    ResultsCase("arguments of another key", arguments('{"answers": ["Opioids"]}'), both(q3=0.0)),
    ResultsCase("arguments code", arguments("__import__('os').abort()"), both(q3=0.0)),
    ResultsCase(
        "answers of odd kinds between", arguments('["Opioids", 5, null, {"name": "x"}, ["y"]]'), both(q3=2 / 3)
    ),
    ResultsCase("answers in capitals", arguments(RIGHT_PAIR.upper()), both(q3=1.0)),
    ResultsCase(
        "answers with spaces around", arguments(f'[" Opioids", "{SECRET} class "]'), Scores({"q3": 1.0}, {"q3": 0.0})
    ),
    ResultsCase(
        "answers with inner spaces", arguments(f'["Opioids", "{SECRET}  class"]'), Scores({"q3": 1.0}, {"q3": 0.5})
    ),
    ResultsCase(
        "answers full-width", arguments(f'["Ｏｐｉｏｉｄｓ", "{SECRET} class"]'), Scores({"q3": 1.0}, {"q3": 0.5})
    ),
    ResultsCase("answers with a full stop", arguments(f'["Opioids.", "{SECRET} class."]'), both(q3=0.0)),
    ResultsCase("answers repeated in other case", arguments('["Opioids", "OPIOIDS", "opioids"]'), both(q3=2 / 3)),
    ResultsCase(
        "blank answers between", arguments(f'["Opioids", "", "{SECRET} class"]'), Scores({"q3": 1.0}, {"q3": 4 / 5})
    ),
]

CASES = [*REFUSED, *SCORED]
