"""The published window, as it was known at the moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pandas
import pytest

from clinseek_assets.contexts import processes
from clinseek_assets.contexts.rendering import latest_bracketed_time
from clinseek_assets.contexts.schema import STRICT_CONTEXTS
from clinseek_assets.contexts.sources import curate
from clinseek_assets.contexts.strict import strict_contexts, told_too_early
from clinseek_assets.contexts.tokens import count_tokens
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.storage.fingerprint import of_text
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets_tests.contexts.patients import question as morning_question
from clinseek_assets_tests.records.pinned.lives import (
    OWN,
    PAST,
    PATIENT,
    T,
    at,
    day,
    write_database,
    write_reference,
)

ADMISSIONS = [
    {"hadm_id": PAST, "admittime": at(-2000), "dischtime": at(-1900), "admission_type": "EW EMER."},
    {
        "hadm_id": OWN,
        "admittime": at(-20),
        "dischtime": at(30),
        "admission_type": "URGENT",
        "admission_location": "ER",
    },
]
LIFE = {
    "patients": [{"gender": "F", "anchor_age": 52, "anchor_year": 2150, "dod": day(400)}],
    "admissions": ADMISSIONS,
    "discharge": [
        {"note_id": "a", "hadm_id": PAST, "charttime": at(-1912), "storetime": at(-1800), "note_type": "DS",
         "text": "Old note"},
        {"note_id": "b", "hadm_id": OWN, "charttime": at(12), "storetime": at(40), "note_type": "DS",
         "text": "Came with pain. Physical Exam: well"},
    ],
    "labevents": [
        {"labevent_id": 1, "hadm_id": OWN, "itemid": 50801, "charttime": at(-10), "storetime": at(-9), "valuenum": 7.5},
        {"labevent_id": 2, "hadm_id": OWN, "itemid": 50801, "charttime": at(-9), "storetime": at(1), "valuenum": 9.5},
    ],
    "inputevents": [
        {"hadm_id": OWN, "stay_id": 5, "itemid": 220045, "starttime": at(-5), "storetime": at(-5), "endtime": at(3),
         "amount": 500.0, "amountuom": "mL", "rate": 100.0, "rateuom": "mL/hour"},
    ],
    "poe": [{"poe_id": "p", "hadm_id": OWN, "ordertime": at(seconds=-1), "order_type": "Lab"}],
    "services": [{"hadm_id": OWN, "transfertime": at(1), "curr_service": "MED"}],
}  # fmt: skip

THE_NIGHT = """## Patient Demographics [None]
- Anchor_Age: 52
- Gender: F

## Discharge [2150-03-22 20:00:00]
- Note_Type: DS
- Text: Old note

## Admissions [2150-06-09 16:00:00]
- Admission_Type: URGENT
- Admission_Location: ER
- Admission_Info: None

## Labotary Test Events [2150-06-10 02:00:00]
- Item_Name: Gradient
- Valuenum: 7.5
- Valueuom: nan
- Ref_Range_Lower: nan
- Ref_Range_Upper: nan
- Flag: nan
- Comments: nan

## Input Events [2150-06-10 07:00:00]
- Item_Name: Heart Rate
- Amount: nan
- Amountuom: mL
- Rate: 100.0
- Rateuom: mL/hour

## Provider Order Entry [2150-06-10 11:59:59]
- Order_Type: Lab
- Order_Subtype: nan"""


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return write_reference(
        tmp_path_factory.mktemp("reference") / "reference.db",
        {
            "d_labitems": [(50801, "Gradient", "Blood", "Blood Gas")],
            "d_items": [(220045, "Heart Rate", "HR", "chartevents", "Vitals", "bpm", "Numeric", None, None)],
        },
    )


def question(**fields):
    asked = {"subject_id": PATIENT, "hadm_id": OWN, "prediction_time": T, "latest_event_time": at(seconds=-1)}
    return morning_question(**(asked | fields))


@pytest.fixture
def made(tmp_path, reference):
    """The published and the strict contexts of questions about a life."""

    def made(life, *questions):
        write_database(tmp_path, life)
        published = curate(
            questions, databases=tmp_path, dictionaries=Dictionaries.load(reference), ehr_bench_root=None
        )
        strict = strict_contexts(questions, published, databases=tmp_path, reference=reference)
        return published, STRICT_CONTEXTS.validate(strict)

    return made


def only_context(frame):
    (context,) = frame["context"]
    return context


def test_the_window_shows_what_was_known(made):
    published, strict = made(LIFE, question())
    assert only_context(strict) == THE_NIGHT
    assert "9.5" in only_context(published) and "Came with pain" in only_context(published)


def test_a_row_says_what_it_rests_on_and_what_only_curated_shows(made):
    _, strict = made(LIFE, question())
    # The second laboratory row; the amount of the infusion and what the admission's text tells.
    assert {name: value for name, value in strict.iloc[0].items() if name != "context"} == {
        "qid": "q1",
        "row_number": 1,
        "subject_id": PATIENT,
        "subtask": "services",
        "status": "rendered",
        "context_sha256": of_text(THE_NIGHT),
        "tokens": count_tokens(THE_NIGHT),
        "window_start": at(-20),
        "window_table": "admissions",
        "rows_curated_only": 1,
        "values_curated_only": 2,
        "rows_strict_only": 0,
    }


def test_a_question_that_names_no_admission_gets_the_one_that_its_published_context_shows(made):
    _, strict = made(LIFE, question(hadm_id=None))
    assert only_context(strict) == THE_NIGHT


def test_a_given_context_says_where_the_window_begins(made):
    events = THE_NIGHT.index("## Input")
    given = THE_NIGHT[: THE_NIGHT.index("## Labotary")] + THE_NIGHT[events:]
    published, strict = made(LIFE, question(input=given, gold=("SURG",), label=["SURG"]))
    assert published["search"].tolist() == ["not_found"]
    assert (strict["window_start"][0], strict["window_table"][0]) == (at(-5), "inputevents")
    assert only_context(strict) == given


def test_a_context_without_a_timed_event_has_header_blocks_only(made):
    given = THE_NIGHT[: THE_NIGHT.index("\n\n## Labotary")]
    _, strict = made(LIFE, question(input=given, gold=("SURG",), label=["SURG"]))
    assert only_context(strict) == given
    assert pandas.isna(strict["window_start"][0])


def test_the_target_and_what_tells_the_same_are_hidden_in_their_last_second(made):
    night = LIFE | {"transfers": [{"transfer_id": 1, "hadm_id": OWN, "intime": at(seconds=-1), "eventtype": "admit",
                                   "careunit": "Ward"}]}  # fmt: skip
    _, strict = made(night, question())
    assert only_context(strict) == THE_NIGHT


def test_the_discharge_note_before_the_one_that_is_not_known_yet_stands_as_history(made):
    later = [{"note_id": "c", "hadm_id": PAST, "charttime": at(-1900), "storetime": at(2), "note_type": "DS",
              "text": "Addendum"}]  # fmt: skip
    between = [{"poe_id": "o", "hadm_id": PAST, "ordertime": at(-1905)}]
    life = LIFE | {"discharge": [*LIFE["discharge"], *later], "poe": [*between, *LIFE["poe"]]}
    published, strict = made(life, question())
    assert "Addendum" in only_context(published)
    assert only_context(strict) == THE_NIGHT
    assert (strict["rows_curated_only"][0], strict["rows_strict_only"][0]) == (2, 1)


def test_what_the_subtask_hides_stays_hidden(made):
    coded = LIFE | {"diagnoses_icd": [{"hadm_id": PAST, "seq_num": 1, "icd_code": "4019", "icd_version": 9}]}
    asked = question(task="diagnoses_icd", gold=("x",), label=["x"], input=THE_NIGHT)
    _, strict = made(coded, asked)
    assert "## Admissions" in only_context(strict)
    assert only_context(strict).count("## Discharge") == 1  # as history, which is not one of the events


def test_without_a_published_context_or_a_database_there_is_no_strict_one(made):
    questions = [
        question(qid="a", gold=("SURG",), label=["SURG"]),
        question(qid="b", subject_id=PATIENT + 1, input=THE_NIGHT),
        question(qid="c"),
    ]
    _, strict = made(LIFE, *questions)
    assert strict["status"].tolist() == ["no_published_context", "no_database", "rendered"]
    assert strict["context"].isna().tolist() == [True, True, False]


def test_no_questions_make_an_empty_frame(made):
    assert made(LIFE)[1].empty


def test_a_missing_folder_and_a_damaged_database_are_faults_that_name_no_patient(made, tmp_path, reference):
    published, _ = made(LIFE, question())
    with pytest.raises(DatabaseFault, match="missing"):
        strict_contexts([question()], published, databases=tmp_path / "nowhere", reference=reference)
    next(tmp_path.glob("patient_*.db")).write_bytes(b"SQLite format 3\x00 and no more")
    with pytest.raises(DatabaseFault) as caught:
        strict_contexts([question()], published, databases=tmp_path, reference=reference)
    assert str(PATIENT) not in str(caught.value)


def test_several_processes_render_what_one_renders(made, monkeypatch):
    questions = [question(qid=f"q{number}") for number in range(4)]
    _, alone = made(LIFE, *questions)
    monkeypatch.setattr(processes, "TASKS_WORTH_A_PROCESS", 2)
    _, together = made(LIFE, *questions)
    pandas.testing.assert_frame_equal(together, alone)


def test_each_context_is_one_step_of_progress(made, tmp_path, reference):
    questions = [question(qid=f"q{number}") for number in range(3)]
    published, _ = made(LIFE, *questions)
    steps = []
    strict_contexts(
        questions, published, databases=tmp_path, reference=reference, progress=lambda *step: steps.append(step)
    )
    assert steps == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(("later", "too_early"), [(0, 1), (1, 0), (-1, 1)])
def test_a_time_in_brackets_from_the_moment_on_is_counted(later, too_early):
    latest = latest_bracketed_time(THE_NIGHT)
    asked = replace(question(), prediction_time=latest + timedelta(seconds=later))
    frame = pandas.DataFrame({"qid": ["q1", "q2"], "context": [THE_NIGHT, None]})
    assert told_too_early(frame, [asked, replace(asked, qid="q2")]) == too_early
