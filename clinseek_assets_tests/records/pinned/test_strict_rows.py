"""Rows under `strict`: for each rule a row on both sides of its boundary. The cases come from the policy's table."""

from __future__ import annotations

import pytest

from clinseek_assets_tests.records.pinned.conftest import Opened
from clinseek_assets_tests.records.pinned.lives import BASE, JUST_BEFORE, NEXT, OWN, PAST, Row, T, at, day

NOWHERE = 99  # an id that leads nowhere
DAY = 24
STAY = {"stay_id": 7, "intime": at(-5), "outtime": at(3)}

# Table, the row, whether it is seen.
ONE_ROW: list[tuple[str, Row, bool]] = [
    ("admissions", {"hadm_id": 8, "admittime": JUST_BEFORE}, True),
    ("admissions", {"hadm_id": 8, "admittime": T}, False),
    ("admissions", {"hadm_id": 8, "admittime": at(seconds=0.5)}, False),
    ("services", {"hadm_id": OWN, "transfertime": JUST_BEFORE}, True),
    ("services", {"hadm_id": OWN, "transfertime": T}, False),
    ("services", {"hadm_id": NEXT, "transfertime": at(-1)}, False),  # belongs to an admission to come
    ("services", {"hadm_id": NOWHERE, "transfertime": at(-1)}, True),  # no admission, no floor
    ("transfers", {"hadm_id": OWN, "eventtype": "admit", "intime": JUST_BEFORE}, True),
    ("transfers", {"hadm_id": OWN, "eventtype": "admit", "intime": T}, False),
    ("transfers", {"hadm_id": None, "eventtype": "ED", "intime": None}, False),
    ("labevents", {"charttime": at(-9), "storetime": JUST_BEFORE}, True),
    ("labevents", {"charttime": at(-9), "storetime": T}, False),
    ("labevents", {"charttime": at(-DAY, -1), "storetime": None}, True),
    ("labevents", {"charttime": at(-DAY), "storetime": None}, False),
    ("labevents", {"charttime": None, "storetime": None}, False),
    ("microbiologyevents", {"chartdate": at(-99), "storetime": JUST_BEFORE}, True),
    ("microbiologyevents", {"chartdate": at(-99), "storetime": T, "storedate": at(-90)}, False),
    ("microbiologyevents", {"chartdate": at(-99), "storetime": None, "storedate": at(-DAY, -1)}, True),
    ("microbiologyevents", {"chartdate": at(-99), "storetime": None, "storedate": at(-DAY)}, False),
    ("microbiologyevents", {"chartdate": at(-999), "charttime": at(-999)}, False),
    ("omr", {"chartdate": day(-1)}, True),  # over at midnight, half a day before the moment
    ("omr", {"chartdate": day(0)}, False),
    ("poe", {"poe_id": "a", "hadm_id": OWN, "ordertime": JUST_BEFORE}, True),
    ("poe", {"poe_id": "a", "hadm_id": OWN, "ordertime": T}, False),
    ("poe", {"poe_id": "a", "hadm_id": NEXT, "ordertime": at(-1)}, False),
    ("poe", {"poe_id": "a", "hadm_id": None, "ordertime": at(-1)}, True),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-1), "starttime": JUST_BEFORE}, True),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-1), "starttime": T}, False),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-1), "starttime": None}, True),
    ("pharmacy", {"hadm_id": OWN, "entertime": T, "starttime": at(-1)}, False),
    ("pharmacy", {"hadm_id": NEXT, "entertime": at(-1), "starttime": at(-1)}, False),
    ("prescriptions", {"hadm_id": OWN, "starttime": JUST_BEFORE}, True),
    ("prescriptions", {"hadm_id": OWN, "starttime": T}, False),
    ("prescriptions", {"hadm_id": NEXT, "starttime": at(-1)}, False),
    ("prescriptions", {"hadm_id": OWN, "starttime": None}, True),  # the admission has begun: all that is known
    ("prescriptions", {"hadm_id": NOWHERE, "starttime": None}, False),  # nothing says when
    ("emar", {"charttime": at(-2), "storetime": JUST_BEFORE}, True),
    ("emar", {"charttime": at(-2), "storetime": T}, False),
    ("emar", {"charttime": T, "storetime": at(-2)}, False),
    ("icustays", {"intime": JUST_BEFORE}, True),
    ("icustays", {"intime": T}, False),
    ("chartevents", {"charttime": at(-2), "storetime": JUST_BEFORE}, True),
    ("chartevents", {"charttime": at(-2), "storetime": T}, False),
    ("chartevents", {"charttime": JUST_BEFORE, "storetime": None}, True),
    ("chartevents", {"charttime": T, "storetime": at(-2)}, False),
    ("datetimeevents", {"charttime": at(-2), "storetime": JUST_BEFORE, "value": at(50)}, True),
    ("datetimeevents", {"charttime": T, "storetime": at(-2), "value": at(-50)}, False),
    ("inputevents", {"starttime": at(-2), "endtime": at(9), "storetime": JUST_BEFORE}, True),
    ("inputevents", {"starttime": at(-2), "endtime": at(-1), "storetime": T}, False),
    ("inputevents", {"starttime": T, "endtime": at(9), "storetime": at(-2)}, False),
    ("ingredientevents", {"starttime": at(-2), "endtime": at(9), "storetime": JUST_BEFORE}, True),
    ("ingredientevents", {"starttime": at(-2), "endtime": at(-1), "storetime": T}, False),
    ("outputevents", {"charttime": at(-2), "storetime": JUST_BEFORE}, True),
    ("outputevents", {"charttime": at(-2), "storetime": T}, False),
    ("procedureevents", {"starttime": JUST_BEFORE, "endtime": at(9), "storetime": at(9)}, True),
    ("procedureevents", {"starttime": T, "endtime": at(9), "storetime": at(-9)}, False),
    ("edstays", {"stay_id": 8, "intime": JUST_BEFORE, "outtime": at(9)}, True),
    ("edstays", {"stay_id": 8, "intime": T, "outtime": at(9)}, False),
    ("vitalsign", {"charttime": JUST_BEFORE}, True),
    ("vitalsign", {"charttime": T}, False),
    ("vitalsign", {"charttime": None}, False),
    ("pyxis", {"charttime": JUST_BEFORE}, True),
    ("pyxis", {"charttime": T}, False),
    ("medrecon", {"charttime": JUST_BEFORE}, True),
    ("medrecon", {"charttime": T}, False),
    ("medrecon", {"charttime": None, "stay_id": NOWHERE}, False),
    ("triage", {"stay_id": NOWHERE}, False),
    ("discharge", {"note_id": "n", "charttime": at(-DAY, -1), "storetime": JUST_BEFORE}, True),
    ("discharge", {"note_id": "n", "charttime": at(-DAY), "storetime": JUST_BEFORE}, False),
    ("discharge", {"note_id": "n", "charttime": at(-99), "storetime": T}, False),
    ("discharge", {"note_id": "n", "charttime": at(-1900), "storetime": None, "hadm_id": PAST}, True),
    ("discharge", {"note_id": "n", "charttime": at(-1900), "storetime": None, "hadm_id": OWN}, False),
    ("discharge", {"note_id": "n", "charttime": at(-1900), "storetime": None, "hadm_id": None}, False),
    ("radiology", {"note_id": "n", "charttime": at(-2), "storetime": JUST_BEFORE}, True),
    ("radiology", {"note_id": "n", "charttime": at(-2), "storetime": T}, False),
    ("radiology", {"note_id": "n", "charttime": T, "storetime": at(-2)}, False),
    ("radiology", {"note_id": "n", "charttime": at(-DAY, -1), "storetime": None}, True),
    ("radiology", {"note_id": "n", "charttime": at(-DAY), "storetime": None}, False),
]


@pytest.mark.parametrize(("table", "row", "seen"), ONE_ROW)
def test_a_row_is_seen_once_it_is_known(opened: Opened, table: str, row: Row, seen: bool):
    life = {**BASE, table: [*(BASE[table] if table == "admissions" else []), row]}
    others = 2 if table == "admissions" else 0
    assert opened(life).query(f"SELECT count(*) FROM {table}").rows == [(others + seen,)]


@pytest.mark.parametrize(
    ("entered", "ordered", "seen"),
    [
        (at(-1), None, True),
        (T, None, False),
        (at(-1), T, True),  # with an entry in the pharmacy the order does not count
        (None, at(-1), True),
        (None, T, False),
    ],
)
def test_a_prescription_is_known_when_the_pharmacy_enters_it_else_when_it_is_ordered(opened, entered, ordered, seen):
    prescription = {"hadm_id": OWN, "pharmacy_id": 5, "poe_id": "a", "starttime": at(-2)}
    life = {
        **BASE,
        "prescriptions": [prescription],
        "pharmacy": [{"hadm_id": OWN, "pharmacy_id": 5, "entertime": entered}] if entered else [],
        "poe": [{"hadm_id": OWN, "poe_id": "a", "ordertime": ordered}] if ordered else [],
    }
    assert opened(life).query("SELECT count(*) FROM prescriptions").rows == [(int(seen),)]


@pytest.mark.parametrize(("arrived", "seen"), [(at(seconds=-1.000001), True), (at(seconds=-1), False)])
def test_triage_is_known_a_second_after_the_arrival(opened: Opened, arrived, seen):
    life = {**BASE, "edstays": [{**STAY, "intime": arrived}], "triage": [{"stay_id": 7}]}
    assert opened(life).query("SELECT count(*) FROM triage").rows == [(int(seen),)]


@pytest.mark.parametrize(("left", "seen"), [(JUST_BEFORE, True), (T, False)])
def test_a_medicine_brought_along_without_a_time_is_known_when_the_patient_leaves(opened: Opened, left, seen):
    life = {**BASE, "edstays": [{**STAY, "outtime": left}], "medrecon": [{"stay_id": 7, "charttime": None}]}
    assert opened(life).query("SELECT count(*) FROM medrecon").rows == [(int(seen),)]


CODED = ("diagnoses_icd", "drgcodes", "procedures_icd", "hcpcsevents")
PARENTS = [
    ("emar", "emar_detail", "emar_id", {"charttime": at(-2), "storetime": JUST_BEFORE}, {"storetime": T}),
    ("poe", "poe_detail", "poe_id", {"hadm_id": OWN, "ordertime": JUST_BEFORE}, {"ordertime": T}),
    ("poe", "poe_detail", "poe_id", {"hadm_id": OWN, "ordertime": JUST_BEFORE}, {"hadm_id": NEXT}),
    ("discharge", "discharge_detail", "note_id", {"charttime": at(-99), "storetime": JUST_BEFORE}, {"storetime": T}),
    ("radiology", "radiology_detail", "note_id", {"charttime": at(-2), "storetime": JUST_BEFORE}, {"storetime": T}),
]


@pytest.mark.parametrize(("parent", "detail", "id_", "known", "then"), PARENTS)
def test_a_detail_is_seen_with_its_parent_and_an_orphan_never(opened: Opened, parent, detail, id_, known, then):
    life = {
        **BASE,
        parent: [{**known, id_: "seen"}, {**known, id_: "not seen", **then}],
        detail: [{id_: "seen"}, {id_: "not seen"}, {id_: "orphan"}],
    }
    assert opened(life).query(f"SELECT {id_} FROM {detail}").rows == [("seen",)]


@pytest.mark.parametrize("table", CODED)
@pytest.mark.parametrize(
    ("admission", "seen"),
    [
        ({"dischtime": at(-72, -1)}, True),
        ({"dischtime": at(-72)}, False),
        ({"dischtime": at(-99), "deathtime": at(-72)}, False),  # the later of both counts
        ({"dischtime": None, "deathtime": at(-73)}, True),
        ({"dischtime": None}, False),  # where the end is not known there is no bill
    ],
)
def test_codes_are_known_72_hours_after_the_end(opened: Opened, table, admission, seen):
    life = {"admissions": [{"hadm_id": 5, "admittime": at(-500), **admission}], table: [{"hadm_id": 5}]}
    if table == "procedures_icd":
        life[table] = [{"hadm_id": 5, "chartdate": day(-30)}]
    assert opened(life).query(f"SELECT count(*) FROM {table}").rows == [(int(seen),)]


@pytest.mark.parametrize(
    ("table", "row", "seen"),
    [
        ("transfers", {"intime": at(-72)}, False),
        ("transfers", {"intime": at(-72, -1)}, True),
        ("labevents", {"charttime": at(-60), "storetime": at(500)}, False),  # any row counts, also one not yet known
        ("labevents", {"charttime": None, "storetime": at(-60)}, True),  # by the time that orders it, if it has one
        ("microbiologyevents", {"charttime": at(-90), "chartdate": at(-60)}, True),
        ("microbiologyevents", {"charttime": None, "chartdate": at(-60)}, False),
        ("hcpcsevents", {"chartdate": day(-3)}, True),  # midnight, 84 hours before the moment
        ("hcpcsevents", {"chartdate": day(-2)}, False),
        ("edstays", {"stay_id": 9, "intime": at(-60), "outtime": at(-50)}, False),
        ("pharmacy", {"entertime": at(-60)}, False),
        ("discharge", {"note_id": "n", "charttime": at(-60)}, False),
        ("diagnoses_icd", {}, True),
    ],
)
def test_codes_wait_for_72_hours_after_the_last_event_of_the_admission(opened: Opened, table, row, seen):
    life = {
        "admissions": [{"hadm_id": 5, "admittime": at(-500), "dischtime": at(-400)}],
        "drgcodes": [{"hadm_id": 5}],
        table: [{"hadm_id": 5, **row}],
    }
    assert opened(life).query("SELECT count(*) FROM drgcodes").rows == [(int(seen),)]


@pytest.mark.parametrize("table", CODED)
def test_codes_of_the_question_s_own_admission_are_never_seen(opened: Opened, table):
    rows = [{"hadm_id": hadm_id, **({"chartdate": day(-99)} if table == "procedures_icd" else {})} for hadm_id in
            (PAST, OWN, NOWHERE)]  # fmt: skip
    life = {**BASE, table: rows}
    assert opened(life).query(f"SELECT hadm_id FROM {table}").rows == [(PAST,)]
    assert opened(life, hadm_id=PAST).query(f"SELECT hadm_id FROM {table}").rows == []


def test_without_an_own_admission_those_that_cover_the_moment_are_the_question_s(opened: Opened):
    still_open = {"hadm_id": 6, "admittime": at(-300), "dischtime": None}
    ended = {"hadm_id": 7, "admittime": at(-300), "dischtime": at(-80)}
    stays = [
        {"stay_id": 61, "hadm_id": 6, "intime": at(-310), "outtime": at(-290)},
        {"stay_id": 71, "hadm_id": 7, "intime": at(-310), "outtime": at(-290)},
    ]
    life = {
        "admissions": [still_open, ended],
        "edstays": stays,
        "drgcodes": [{"hadm_id": 6}, {"hadm_id": 7}],
        "diagnosis": [{"stay_id": 61}, {"stay_id": 71}],
    }
    record = opened(life, hadm_id=None)
    assert record.query("SELECT hadm_id FROM drgcodes").rows == [(7,)]
    assert record.query("SELECT stay_id FROM diagnosis").rows == [(71,)]


@pytest.mark.parametrize(
    ("stay", "seen"),
    [
        ({"intime": at(-90), "outtime": at(-72, -1)}, True),
        ({"intime": at(-90), "outtime": at(-72)}, False),
        ({"intime": at(-990), "outtime": at(-900), "hadm_id": PAST}, True),
        ({"intime": at(-990), "outtime": at(-900), "hadm_id": OWN}, False),
    ],
)
def test_diagnoses_of_the_emergency_department_are_known_72_hours_later(opened: Opened, stay, seen):
    life = {**BASE, "edstays": [{"stay_id": 7, **stay}], "diagnosis": [{"stay_id": 7}, {"stay_id": NOWHERE}]}
    assert opened(life).query("SELECT count(*) FROM diagnosis").rows == [(int(seen),)]


EMBARGO = [
    ("inputevents", "inputevents", {"starttime": at(seconds=-1), "endtime": at(9)}, False),
    ("inputevents", "inputevents", {"starttime": at(seconds=-1.000001), "endtime": at(9)}, True),
    ("inputevents", "ingredientevents", {"starttime": at(seconds=-1), "endtime": at(9)}, False),
    ("inputevents", "procedureevents", {"starttime": at(seconds=-1), "endtime": at(9), "storetime": at(9)}, True),
    ("ICU_Mortality_1day", "inputevents", {"starttime": at(seconds=-1), "endtime": at(9)}, True),
    ("prescriptions_atc", "pharmacy", {"entertime": at(seconds=-1), "hadm_id": OWN}, False),
    ("prescriptions", "prescriptions", {"starttime": None, "hadm_id": OWN}, True),  # no time, nothing to hide
    ("transfers", "services", {"transfertime": at(seconds=-1), "hadm_id": OWN}, False),
    ("transfers", "icustays", {"intime": at(seconds=-1)}, False),
    ("services", "transfers", {"intime": at(seconds=-1)}, False),
    ("next_event", "vitalsign", {"charttime": at(seconds=-1)}, False),
    ("next_event", "admissions", {"hadm_id": 8, "admittime": at(seconds=-1)}, False),
    ("admissions", "admissions", {"hadm_id": 8, "admittime": at(seconds=-1)}, False),
    ("labevents", "labevents", {"charttime": at(-1), "storetime": at(seconds=-1)}, True),  # by the event, not the entry
    ("microbiologyevents", "microbiologyevents", {"chartdate": at(seconds=-1), "storetime": JUST_BEFORE}, False),
    ("omr", "omr", {"chartdate": day(-1)}, True),
]


@pytest.mark.parametrize(("subtask", "table", "row", "seen"), EMBARGO)
def test_the_last_second_of_the_target_and_its_siblings_is_hidden(opened: Opened, subtask, table, row, seen):
    life = {**BASE, table: [row]}
    assert opened(life, subtask=subtask).query(f"SELECT count(*) FROM {table}").rows == [(int(seen),)]


@pytest.mark.parametrize("subtask", ["emar", "next_event"])
def test_details_are_hidden_with_their_parent(opened: Opened, subtask):
    seconds = {"a": -1, "b": -2}
    life = {
        **BASE,
        "emar": [{"emar_id": id_, "charttime": at(seconds=s), "storetime": at(-1)} for id_, s in seconds.items()],
        "emar_detail": [{"emar_id": id_} for id_ in seconds],
    }
    assert opened(life, subtask=subtask).query("SELECT emar_id FROM emar_detail").rows == [("b",)]
    assert len(opened(life).query("SELECT emar_id FROM emar_detail").rows) == 2


def test_under_next_event_triage_of_an_arrival_two_seconds_ago_is_hidden(opened: Opened):
    for seconds, seen in ((-2, False), (-2.000001, True)):
        life = {**BASE, "edstays": [{**STAY, "intime": at(seconds=seconds)}], "triage": [{"stay_id": 7}]}
        record = opened(life, subtask="next_event")
        assert record.query("SELECT count(*) FROM triage").rows == [(int(seen),)]
