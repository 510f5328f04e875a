"""Manifests as users bring them: in the released form, in others that are as good, and damaged."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.manifest_frame import manifest_frame, questions_from_frame
from clinseek_assets.benchmark.manifest_review import count_checks, manifest_warnings
from clinseek_assets.benchmark.manifest_schema import TEXT_MANIFEST
from clinseek_assets.benchmark.released_counts import ExpectedCounts, TextCounts
from clinseek_assets.faults import ManifestFault

RISK_ROW: dict[str, Any] = {
    "qid": "ehr_bench_risk_prediction_329",
    "subject_id": 10000032,
    "hadm_id": None,
    "prediction_time": "2180-05-06 22:23:01",
    "latest_event_time": "2180-05-06 22:23:00",
    "task": "Inpatient_Mortality",
    "task_type": "risk_prediction",
    "label": "no",
    "candidates": ["yes", "no"],
    "source_idx": 329,
    "source_file": "ehr_bench_risk_prediction.jsonl",
    "task_info": {"metric": "aucroc"},
}
DECISION_ROW: dict[str, Any] = {
    "qid": "ehr_bench_decision_making_7",
    "subject_id": 10000048,
    "hadm_id": 20000019,
    "prediction_time": "2126-11-22 23:15:01",
    "latest_event_time": "2126-11-22 23:15:00",
    "task": "labevents",
    "task_type": "decision_making",
    "label": ["Glucose", "Sodium"],
    "candidates": ["Glucose", "Potassium", "Sodium"],
    "instruction": "Which tests come next?",
    "input": "## Patient Demographics [None]\n- Anchor_Age: 52",
}


def row(base: dict[str, Any] = RISK_ROW, **changes: Any) -> dict[str, Any]:
    return {**base, **changes}


@pytest.fixture
def manifest(tmp_path: Path):
    def write(content: Any) -> Path:
        path = tmp_path / "manifest.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def fault_of(path: Path) -> str:
    with pytest.raises(ManifestFault) as caught:
        read_manifest(path)
    return str(caught.value)


def test_a_released_row_becomes_a_question(manifest) -> None:
    risk, decision = read_manifest(manifest([RISK_ROW, DECISION_ROW]))
    assert (risk.qid, risk.row_number, risk.subject_id, risk.hadm_id) == (RISK_ROW["qid"], 1, 10000032, None)
    assert risk.prediction_time == datetime(2180, 5, 6, 22, 23, 1)
    assert (risk.gold, risk.answer_is_list, risk.extra) == (("no",), False, {"task_info": {"metric": "aucroc"}})
    assert (decision.gold, decision.answer_is_list, decision.input) == (
        ("Glucose", "Sodium"),
        True,
        DECISION_ROW["input"],
    )


@pytest.mark.parametrize(
    "form",
    [
        lambda rows: json.dumps(rows).encode(),
        lambda rows: json.dumps(rows, indent=2).encode(),
        lambda rows: b"\xef\xbb\xbf" + json.dumps(rows).encode(),
        lambda rows: "\n".join(map(json.dumps, rows)).encode(),
        lambda rows: ("\r\n".join(map(json.dumps, rows)) + "\r\n\r\n").encode(),
        lambda rows: "\n\n".join(json.dumps(each, indent=1) for each in rows).encode(),
    ],
    ids=["list", "indented list", "byte order mark", "jsonl", "jsonl of Windows", "objects over several lines"],
)
def test_the_form_is_told_by_the_content(manifest, form) -> None:
    rows = [RISK_ROW, DECISION_ROW]
    assert read_manifest(manifest(form(rows))) == read_manifest(manifest(rows))


def test_one_object_alone_is_a_manifest_of_one(manifest) -> None:
    assert len(read_manifest(manifest(RISK_ROW))) == 1


def test_the_form_of_the_published_documentation_is_taken(manifest) -> None:
    documented = {
        "query_id": 17,
        "subject_id": "10000032",
        "prediction_time": "2180-05-06T22:23:01",
        "query": "What now?",
        "task": "Inpatient_Mortality",
        "ground_truth": ["no"],
    }
    (question,) = read_manifest(manifest(documented))
    assert (question.qid, question.subject_id, question.question) == ("17", 10000032, "What now?")
    assert (question.gold, question.answer_is_list, question.task_type) == (("no",), True, "risk_prediction")
    assert question.extra == {}


def test_objects_as_gold_count_by_atc_name_where_any_has_one(manifest) -> None:
    by_name = [{"name": "Aspirin"}, {"name": "Heparin", "atc_name": ""}]
    by_class = [{"name": "Aspirin", "atc_name": "Antithrombotics"}, {"name": "Heparin"}]
    first, second = read_manifest(
        manifest([row(DECISION_ROW, qid="a", label=by_name), row(DECISION_ROW, qid="b", label=by_class)])
    )
    assert (first.gold, second.gold) == (("Aspirin", "Heparin"), ("Antithrombotics",))
    assert second.label == by_class


FAULTY_ROWS = {
    "unknown subtask 'Inpatient_Mortalty' (near: Inpatient_Mortality)": row(task="Inpatient_Mortalty"),
    "unknown subtask: 1": row(task="something else"),
    "no `qid`": row(qid=None),
    "no `subject_id`": row(subject_id=None),
    "no `prediction_time`": {key: value for key, value in RISK_ROW.items() if key != "prediction_time"},
    "no `label`": row(label=None),
    "no `task`": row(task=None),
    "`qid` is not a text": row(qid=["x"]),
    "`subject_id` is not a whole number": row(subject_id="10000032x"),
    "`hadm_id` is not a whole number": row(hadm_id=True),
    "`source_idx` is not a whole number": row(source_idx=1.5),
    "`prediction_time` is not a time as YYYY-MM-DD HH:MM:SS": row(prediction_time="2180-05-06"),
    "`latest_event_time` is not a time as YYYY-MM-DD HH:MM:SS": row(latest_event_time="2180-02-30 00:00:00"),
    "`prediction_time` is before `latest_event_time`": row(latest_event_time="2180-05-06 22:23:02"),
    "`task_type` is not that of the row's `task`": row(task_type="decision_making"),
    "`label` of a risk subtask is not one yes or no": row(label="maybe"),
    "`label` is neither a text": row(label=[1, 2]),
    "`label` and `ground_truth` differ": row(ground_truth="yes"),
    "empty gold in `label`": row(DECISION_ROW, label=["Glucose", "  "]),
    "`candidates` is not a list of texts": row(candidates="yes, no"),
    "`candidates` is an empty list": row(candidates=[]),
    "`input` is not a text": row(input=["## Patient"]),
    "`decided` is neither true nor false": row(decided="no"),
    "`instruction` holds half of a surrogate pair": row(instruction="\ud800"),
    "a row that is not an object": [1],
}


@pytest.mark.parametrize("kind", FAULTY_ROWS)
def test_each_kind_of_fault_is_named_with_its_line(manifest, kind: str) -> None:
    rows = [row(DECISION_ROW, qid="first"), FAULTY_ROWS[kind]]
    message = fault_of(manifest("\n".join(map(json.dumps, rows)).encode() if kind[:5] != "a row" else rows))
    assert kind in message
    assert ("line 2" in message) or ("line 1 (row 2)" in message)


def test_every_kind_is_counted_over_the_whole_file_and_no_value_is_shown(manifest) -> None:
    secret = "SECRET of a patient"
    rows = [
        row(qid="same"),
        row(qid="same", instruction=secret),
        row(qid="same"),
        row(qid="b", subject_id=secret),
        row(qid="c", prediction_time=secret, candidates=secret),
        row(qid="d", task=secret),
        row(qid="e", label=secret),
    ]
    message = fault_of(manifest("\n".join(map(json.dumps, rows)).encode()))
    assert "`qid` of an earlier row: 2 (first: line 2, line 3)" in message
    assert "`subject_id` is not a whole number: 1 (first: line 4)" in message
    assert "unknown subtask: 1 (first: line 6)" in message
    assert "`candidates` is not a list of texts: 1 (first: line 5)" in message
    assert "SECRET" not in message


def test_rows_of_a_list_are_named_by_the_line_on_which_they_start(manifest) -> None:
    text = "[\n" + json.dumps(row(qid="a")) + ",\n\n" + json.dumps(row(qid="b", label="perhaps"), indent=2) + "\n]\n"
    assert "line 4 (row 2)" in fault_of(manifest(text.encode()))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "holds no question"),
        (b"[]", "holds no question"),
        (b" \n\n", "holds no question"),
        (b"[" + json.dumps(RISK_ROW).encode(), "line 1 column"),
        (b"[\n" + json.dumps(RISK_ROW).encode()[:-20], "line 2 column"),
        (json.dumps([RISK_ROW]).encode() + b"\n{}", "line 2 column 1: text after the end of the list"),
        (json.dumps([RISK_ROW]).encode()[:-1] + b",]", "line 1 column"),
        (b'{"qid": "a", "qid": "b"}', "a key twice in one object: 1 (first: line 1)"),
        (b'{"qid": NaN}', "NaN or Infinity"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"subject_id": ' + b"9" * 5000 + b"}", "a number that is too long"),
        (json.dumps([RISK_ROW]).encode("utf-16"), "line 1 (it looks like UTF-16)"),
        (b'{"qid": "a"}\n{"qid": "caf\xe9"}', "first wrong byte is on line 2"),
        (b"qid,subject_id\n1,2\n", "line 1 column 1"),
    ],
)
def test_what_is_not_json_is_named_by_its_place(manifest, content: bytes, expected: str) -> None:
    assert expected in fault_of(manifest(content))


def test_a_broken_line_does_not_hide_the_faults_after_it(manifest) -> None:
    lines = [json.dumps(row(qid="a")), json.dumps(row(qid="b"))[:40], json.dumps(row(qid="c", label="?"))]
    message = fault_of(manifest("\n".join(lines).encode()))
    assert "not JSON: 1 (first: line 2 column" in message
    assert "not one yes or no: 1 (first: line 3)" in message


def test_a_missing_file_is_a_fault(tmp_path: Path) -> None:
    assert "cannot be opened" in fault_of(tmp_path / "nowhere.json")
    assert "cannot be opened" in fault_of(tmp_path)


def test_gold_outside_the_candidates_is_counted_not_refused(manifest) -> None:
    questions = read_manifest(
        manifest(
            [
                row(DECISION_ROW, qid="a", label=["Glucose", "Lactate"]),
                row(DECISION_ROW, qid="b", label=["  GLUCOSE "]),
                row(DECISION_ROW, qid="c", candidates=["Glucose", "glucose", "Sodium"]),
            ]
        )
    )
    warnings = {warning.name: warning for warning in manifest_warnings(questions)}
    outside = warnings["gold outside the candidates"]
    assert (outside.rows, outside.per_subtask, outside.first_rows) == (1, {"labevents": 1}, (1,))
    assert warnings["candidates that differ only in case or spaces, or twice the same"].first_rows == (3,)


def test_counts_are_compared_with_what_is_expected(manifest) -> None:
    questions = read_manifest(manifest([RISK_ROW, DECISION_ROW]))
    expected = ExpectedCounts(
        release="built", text=TextCounts(rows=2, patients=2, per_subtask={"Inpatient_Mortality": 1, "omr": 1})
    )
    assert {check.name for check in count_checks(questions, expected)} == {
        *("rows", "patients", "rows of Inpatient_Mortality", "rows of labevents", "rows of omr")
    }
    assert {
        (fault.name, fault.expected, fault.found) for fault in count_checks(questions, expected) if not fault.ok
    } == {
        ("rows of labevents", 0, 1),
        ("rows of omr", 1, 0),
    }


def test_the_frame_passes_its_schema_and_comes_back_through_parquet(manifest, tmp_path: Path) -> None:
    questions = read_manifest(
        manifest(
            [
                RISK_ROW,
                row(DECISION_ROW, decided=False, candidates=None, latest_event_time=None),
                row(DECISION_ROW, qid="c", label=[{"name": "Glucose"}], question="Q"),
            ]
        )
    )
    frame = TEXT_MANIFEST.validate(manifest_frame(questions))
    assert questions_from_frame(frame) == questions
    frame.to_parquet(tmp_path / "frame.parquet")
    stored = pandas.read_parquet(tmp_path / "frame.parquet")
    assert questions_from_frame(stored) == questions
    TEXT_MANIFEST.validate(stored)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda name: name.strip())


@given(
    st.lists(st.tuples(st.lists(names, min_size=1, max_size=4), st.lists(names, min_size=1, max_size=4)), min_size=1)
)
def test_whatever_the_texts_they_are_read_as_they_are(tmp_path_factory, texts) -> None:
    rows = [
        row(DECISION_ROW, qid=f"q{number}", label=label, candidates=candidates)
        for number, (label, candidates) in enumerate(texts)
    ]
    path = tmp_path_factory.mktemp("manifest") / "manifest.json"
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    questions = read_manifest(path)
    assert [(list(question.gold), list(question.candidates or ())) for question in questions] == list(texts)
    assert questions_from_frame(manifest_frame(questions)) == questions
