"""Every way to a context, what wins, what is told of the others."""

import json
from datetime import timedelta

import pandas
import pytest

from clinseek_assets.contexts import processes, refinding
from clinseek_assets.contexts.prompts import render_question
from clinseek_assets.contexts.schema import CONTEXTS
from clinseek_assets.contexts.sources import curate
from clinseek_assets.contexts.tokens import count_tokens
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets_tests.contexts.patients import (
    DAY,
    STAY,
    SUBJECT,
    THE_MORNING,
    a_morning_in_hospital,
    at,
    patient_rows,
    question,
    write_database,
)  # fmt: skip

KNOWN = Dictionaries(lab_items={50983: "Sodium"})
STEM = "ehr_bench_decision_making"


@pytest.fixture
def databases(tmp_path):
    folder = tmp_path / "databases"
    write_database(folder, a_morning_in_hospital())
    return folder


def curated(*questions, databases, ehr_bench_root=None, progress=None):
    frame = curate(questions, databases=databases, dictionaries=KNOWN, ehr_bench_root=ehr_bench_root, progress=progress)
    return CONTEXTS.validate(frame)


def only_row(frame):
    assert len(frame) == 1
    return {name: None if pandas.isna(value) else value for name, value in frame.iloc[0].items()}


def in_layout(context):
    return render_question(
        instruction="?", prediction_time=at(10, 0, 1), latest_event_time=None, answer_is_list=True,
        candidates=["</patient_timeline>"], context=context,
    )  # fmt: skip


def bench_file(tmp_path, text):
    folder = tmp_path / "bench"
    folder.mkdir()
    row = {"input": text, "task_info": {"task": "services", "label": ["MED"]}}
    (folder / f"{STEM}.jsonl").write_text(json.dumps(row) + "\n")
    return folder


PLACE = {"source_file": f"{STEM}.jsonl", "source_idx": 0}


def test_a_context_that_nothing_gives_is_rendered_from_the_patient_s_database(databases):
    assert only_row(curated(question(), databases=databases)) == {
        "qid": "q1",
        "row_number": 1,
        "subject_id": SUBJECT,
        "subtask": "services",
        "source": "rendered",
        "status": "exact",
        "context": THE_MORNING,
        "context_sha256": of_text(THE_MORNING),
        "tokens": count_tokens(THE_MORNING),
        "differs": None,
        "search": "exact",
        "ties": None,
        "window_start": at(8),
        "window_table": "admissions",
    }


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({**PLACE, "input": "A", "question": in_layout("B")}, "manifest_input"),
        ({**PLACE, "input": None, "question": in_layout("A")}, "manifest_question"),
        ({**PLACE, "input": " \n", "question": "What comes next?"}, "ehr_bench"),
        ({"question": in_layout("")}, "rendered"),
    ],
)
def test_the_first_source_that_has_a_context_gives_it(tmp_path, databases, fields, source):
    root = bench_file(tmp_path, "A")
    row = only_row(curated(question(**fields), databases=databases, ehr_bench_root=root))
    assert row["source"] == source
    assert row["context"] == (THE_MORNING if source == "rendered" else "A")
    assert row["status"] == ("exact" if source == "rendered" else "given")


@pytest.mark.parametrize(
    ("fields", "differs"),
    [
        ({"input": THE_MORNING}, False),
        ({"input": THE_MORNING + " "}, True),
        ({"question": in_layout(THE_MORNING)}, False),
        ({"input": THE_MORNING, "question": in_layout(THE_MORNING)}, False),
        ({"input": THE_MORNING, "question": in_layout("B")}, True),
        ({"input": THE_MORNING, "gold": ("SURG",)}, None),
        ({"input": THE_MORNING, "subject_id": SUBJECT + 1}, None),
        ({}, None),
    ],
)
def test_whether_two_sources_differ_is_told_to_the_character(databases, fields, differs):
    row = only_row(curated(question(**fields), databases=databases))
    assert row["differs"] is differs or row["differs"] == differs
    assert (row["differs"] is None) == (differs is None)


def test_a_context_that_is_not_found_is_missing_and_not_guessed(databases):
    row = only_row(curated(question(gold=("SURG",), label=["SURG"]), databases=databases))
    assert (row["source"], row["status"], row["search"], row["context"], row["tokens"]) == (
        None, "not_found", "not_found", None, None,
    )  # fmt: skip


def test_a_patient_without_a_database_has_not_been_searched(databases):
    row = only_row(curated(question(subject_id=SUBJECT + 1), databases=databases))
    assert (row["status"], row["search"], row["context"]) == ("not_found", None, None)


def test_an_ambiguous_anchor_gives_no_context(tmp_path):
    rows = a_morning_in_hospital()
    billed = {"subject_id": SUBJECT, "hadm_id": STAY, "chartdate": DAY.date() + timedelta(days=1), "hcpcs_cd": "99218"}
    rows["hcpcsevents"] = patient_rows(hcpcsevents=[billed])["hcpcsevents"]
    # Admitted before and after midnight: the second window shows one empty block more, for the service billed between.
    rows["admissions"] = [rows["admissions"][0] | {"admittime": moment, "source_row": place}
                          for place, moment in enumerate((at(23), at(0, 30) + timedelta(days=1)))]  # fmt: skip
    write_database(tmp_path, rows)
    asked = question(task="admissions", label=["URGENT"], gold=("URGENT",), latest_event_time=at(11))
    row = only_row(curated(asked, databases=tmp_path))
    assert (row["source"], row["status"], row["search"], row["context"]) == (None, "ambiguous", "ambiguous", None)


def test_the_context_changes_when_the_evidence_is_deleted(databases):
    before = only_row(curated(question(), databases=databases))
    rows = a_morning_in_hospital()
    rows["labevents"] = []
    write_database(databases, rows)
    after = only_row(curated(question(), databases=databases))
    assert "Sodium" in before["context"] and "Sodium" not in after["context"]
    assert before["context_sha256"] != after["context_sha256"]


def test_without_databases_what_the_manifest_brings_is_enough(tmp_path):
    nowhere = tmp_path / "nowhere"
    assert only_row(curated(question(input="A"), databases=nowhere))["status"] == "given"
    with pytest.raises(DatabaseFault, match="missing"):
        curated(question(input="A"), question(qid="q2"), databases=nowhere)


def test_a_damaged_database_is_a_fault_that_names_no_patient(databases):
    (databases / f"patient_{SUBJECT}.db").write_bytes(b"SQLite format 3\x00 and no more")
    with pytest.raises(DatabaseFault) as caught:
        curated(question(), databases=databases)
    assert str(SUBJECT) not in str(caught.value)


def test_rows_come_in_the_manifest_s_order_and_survive_parquet(tmp_path, databases):
    asked = [question(qid=f"q{n}", row_number=n, input="A" if n % 2 else None) for n in (3, 1, 2)]
    frame = curated(*asked, databases=databases)
    assert frame["qid"].tolist() == ["q3", "q1", "q2"]
    frame.to_parquet(tmp_path / "contexts.parquet")
    pandas.testing.assert_frame_equal(CONTEXTS.validate(pandas.read_parquet(tmp_path / "contexts.parquet")), frame)


def test_no_questions_make_an_empty_frame(databases):
    assert curated(databases=databases).empty


def test_each_patient_is_one_step_of_progress(databases):
    write_database(databases, a_morning_in_hospital(SUBJECT + 1))
    steps = []
    asked = [question(qid=f"q{n}", subject_id=SUBJECT + n % 2) for n in range(5)]
    curated(*asked, databases=databases, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]


def test_several_processes_find_what_one_finds(tmp_path, monkeypatch):
    asked = []
    for number in range(4):
        write_database(tmp_path, a_morning_in_hospital(SUBJECT + number))
        asked.append(question(qid=f"q{number}", subject_id=SUBJECT + number))
    alone = refinding.refind_all(asked, databases=tmp_path, dictionaries=KNOWN)
    monkeypatch.setattr(processes, "TASKS_WORTH_A_PROCESS", 2)
    together = refinding.refind_all(asked, databases=tmp_path, dictionaries=KNOWN, processes=2)
    assert together == alone
    assert [found.context for found in together.values()] == [THE_MORNING] * 4
