"""The naive oracle at its boundaries: each case gives rows and the moment at which the policy says they are known."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets_tests.audit.lives import OWN, OWN_ADMISSION, PAST, TICK, at, life, seen

Tables = dict[str, list[dict[str, Any]]]
NEVER = None
LATE = datetime(2190, 1, 1)

PHARMACY = {"pharmacy_id": 7, "hadm_id": PAST, "entertime": at(20), "starttime": at(15)}
ORDER = {"poe_id": "o-1", "hadm_id": PAST, "ordertime": at(30)}
STAY = {"stay_id": 3, "hadm_id": PAST, "intime": at(4), "outtime": at(9)}
DEAD = {"hadm_id": PAST, "admittime": at(10), "dischtime": at(100), "deathtime": at(110)}
UNENDED = {"hadm_id": PAST, "admittime": at(10)}
OF_PAST: dict[str, Any] = {"hadm_id": PAST}
NOWHERE: dict[str, Any] = {"hadm_id": 5}

# Each case: the table, the rows, the moment at which its first row becomes known.
ROWS: list[tuple[str, Tables, datetime | None]] = [
    ("admissions", {}, at(10)),
    ("patients", {}, datetime.min),
    # BILL: 72 h after the end, or after the last event of that admission in any table.
    ("diagnoses_icd", {"diagnoses_icd": [OF_PAST]}, at(172)),
    ("drgcodes", {"drgcodes": [OF_PAST]}, at(172)),
    ("diagnoses_icd", {"diagnoses_icd": [OF_PAST], "admissions": [DEAD, OWN_ADMISSION]}, at(182)),
    ("diagnoses_icd", {"diagnoses_icd": [OF_PAST], "admissions": [UNENDED, OWN_ADMISSION]}, NEVER),
    ("diagnoses_icd", {"diagnoses_icd": [OF_PAST], "transfers": [{**OF_PAST, "intime": at(120)}]}, at(192)),
    ("procedures_icd", {"procedures_icd": [{**OF_PAST, "chartdate": date(2150, 1, 20)}]}, at(240 + 72)),
    ("hcpcsevents", {"hcpcsevents": [{**OF_PAST, "chartdate": date(2150, 1, 11)}]}, at(172)),
    ("diagnoses_icd", {"diagnoses_icd": [{"hadm_id": OWN}]}, NEVER),
    ("procedures_icd", {"procedures_icd": [{**NOWHERE, "chartdate": date(2150, 1, 11)}]}, NEVER),
    ("hcpcsevents", {"hcpcsevents": [{**NOWHERE, "chartdate": date(2150, 1, 11)}]}, NEVER),
    # ADM is a floor, where there is such an admission.
    ("services", {"services": [{**OF_PAST, "transfertime": at(8)}]}, at(10)),
    ("services", {"services": [{**OF_PAST, "transfertime": at(12)}]}, at(12)),
    ("services", {"services": [{**NOWHERE, "transfertime": at(8)}]}, at(8)),
    ("services", {"services": [{"hadm_id": None, "transfertime": at(8)}]}, at(8)),
    ("poe", {"poe": [{**ORDER, "ordertime": at(6)}]}, at(10)),
    ("poe", {"poe": [ORDER]}, at(30)),
    ("pharmacy", {"pharmacy": [PHARMACY]}, at(20)),
    ("pharmacy", {"pharmacy": [{**PHARMACY, "starttime": at(25)}]}, at(25)),
    ("pharmacy", {"pharmacy": [{**PHARMACY, "entertime": at(5), "starttime": at(6)}]}, at(10)),
    (
        "prescriptions",
        {"prescriptions": [{**OF_PAST, "pharmacy_id": 7, "starttime": at(12)}], "pharmacy": [PHARMACY]},
        at(20),
    ),
    (
        "prescriptions",
        {"prescriptions": [{**OF_PAST, "pharmacy_id": 7, "starttime": at(40)}], "pharmacy": [PHARMACY]},
        at(40),
    ),
    ("prescriptions", {"prescriptions": [{**OF_PAST, "poe_id": "o-1", "starttime": at(12)}], "poe": [ORDER]}, at(30)),
    (
        "prescriptions",
        {
            "prescriptions": [{**OF_PAST, "pharmacy_id": 7, "poe_id": "o-1", "starttime": at(12)}],
            "pharmacy": [PHARMACY],
            "poe": [ORDER],
        },
        at(20),
    ),
    (
        "prescriptions",
        {"prescriptions": [{**OF_PAST, "pharmacy_id": 8, "starttime": at(12)}], "pharmacy": [PHARMACY]},
        at(12),
    ),
    # Times of their own.
    ("transfers", {"transfers": [{**OF_PAST, "intime": at(5)}]}, at(5)),
    ("labevents", {"labevents": [{"charttime": at(5), "storetime": at(7)}]}, at(7)),
    ("labevents", {"labevents": [{"charttime": at(5)}]}, at(29)),
    ("labevents", {"labevents": [{}]}, NEVER),
    (
        "microbiologyevents",
        {"microbiologyevents": [{"chartdate": at(0), "storedate": at(48), "storetime": at(60)}]},
        at(60),
    ),
    ("microbiologyevents", {"microbiologyevents": [{"chartdate": at(0), "storedate": at(48)}]}, at(72)),
    ("microbiologyevents", {"microbiologyevents": [{"chartdate": at(0), "charttime": at(3)}]}, NEVER),
    ("omr", {"omr": [{"chartdate": date(2150, 1, 10)}]}, at(24)),
    ("emar", {"emar": [{"charttime": at(5), "storetime": at(6)}]}, at(6)),
    ("emar", {"emar": [{"charttime": at(5), "storetime": at(4)}]}, at(5)),
    ("icustays", {"icustays": [{**OF_PAST, "intime": at(5)}]}, at(5)),
    ("icustays", {"icustays": [OF_PAST]}, NEVER),
    *(
        (name, {name: [{"charttime": at(5), "storetime": at(6.5)}]}, at(6.5))
        for name in ("chartevents", "datetimeevents", "outputevents")
    ),
    *(
        (name, {name: [{"charttime": at(5)}]}, at(5))
        for name in ("chartevents", "datetimeevents", "vitalsign", "pyxis", "medrecon")
    ),
    *(
        (name, {name: [{"starttime": at(5), "storetime": at(6), "endtime": at(9)}]}, at(6))
        for name in ("inputevents", "ingredientevents")
    ),
    ("procedureevents", {"procedureevents": [{"starttime": at(5), "storetime": at(9), "endtime": at(9)}]}, at(5)),
    # The emergency department.
    ("edstays", {"edstays": [STAY]}, at(4)),
    ("triage", {"edstays": [STAY], "triage": [{"stay_id": 3}]}, at(4 + 1 / 3600)),
    ("triage", {"triage": [{"stay_id": 3}]}, NEVER),
    ("medrecon", {"edstays": [STAY], "medrecon": [{"stay_id": 3}]}, at(9)),
    ("diagnosis", {"edstays": [STAY], "diagnosis": [{"stay_id": 3}]}, at(81)),
    ("diagnosis", {"edstays": [{**STAY, "hadm_id": OWN}], "diagnosis": [{"stay_id": 3}]}, NEVER),
    ("diagnosis", {"edstays": [{**STAY, "outtime": None}], "diagnosis": [{"stay_id": 3}]}, NEVER),
    # Notes.
    ("discharge", {"discharge": [{**OF_PAST, "charttime": at(96), "storetime": at(99)}]}, at(120)),
    ("discharge", {"discharge": [{**OF_PAST, "charttime": at(96), "storetime": at(130)}]}, at(130)),
    ("discharge", {"discharge": [{**OF_PAST, "charttime": at(96)}]}, at(172)),
    ("discharge", {"discharge": [{"hadm_id": OWN, "charttime": at(96)}]}, NEVER),
    ("discharge", {"discharge": [{"charttime": at(96)}]}, NEVER),
    ("radiology", {"radiology": [{"charttime": at(6), "storetime": at(7)}]}, at(7)),
    ("radiology", {"radiology": [{"charttime": at(6), "storetime": at(5)}]}, at(6)),
    ("radiology", {"radiology": [{"charttime": at(6)}]}, at(30)),
    # Details go with their parents.
    ("poe_detail", {"poe_detail": [{"poe_id": "o-1"}], "poe": [ORDER]}, at(30)),
    ("poe_detail", {"poe_detail": [{"poe_id": "o-2"}], "poe": [ORDER]}, NEVER),
    (
        "emar_detail",
        {"emar_detail": [{"emar_id": "e"}], "emar": [{"emar_id": "e", "charttime": at(5), "storetime": at(6)}]},
        at(6),
    ),
    ("emar_detail", {"emar_detail": [{"emar_id": "e"}]}, NEVER),
    (
        "radiology_detail",
        {
            "radiology_detail": [{"note_id": "r"}],
            "radiology": [{"note_id": "r", "charttime": at(6), "storetime": at(7)}],
        },
        at(7),
    ),
    (
        "discharge_detail",
        {
            "discharge_detail": [{"note_id": "d"}],
            "discharge": [{**OF_PAST, "note_id": "d", "charttime": at(96), "storetime": at(99)}],
        },
        at(120),
    ),
]

OVER = {"starttime": at(5), "storetime": at(6), "endtime": at(9)}
PROCEDURE_ENDS = ("statusdescription", "isopenbag", "continueinnextdept", "ORIGINALAMOUNT", "ORIGINALRATE")
GIVEN: dict[str, Any] = {"amount": 2.5, "statusdescription": "x", "isopenbag": 1, "continueinnextdept": 0}
# Each case: the table, the rows, a column, the moment at which the first row's value becomes known.
VALUES: list[tuple[str, Tables, str, datetime | None]] = [
    *(
        (
            "admissions",
            {"admissions": [{**DEAD, "discharge_location": "DIED", "hospital_expire_flag": 1, "edouttime": at(12)}]},
            name,
            moment,
        )
        for name, moment in (
            ("dischtime", at(110)),
            ("deathtime", at(110)),
            ("discharge_location", at(110)),
            ("hospital_expire_flag", at(110)),
            ("edouttime", at(12)),
        )
    ),
    ("admissions", {"admissions": [{**UNENDED, "hospital_expire_flag": 0}]}, "hospital_expire_flag", NEVER),
    ("transfers", {"transfers": [{**OF_PAST, "intime": at(12), "outtime": at(13)}]}, "outtime", at(13)),
    ("transfers", {"transfers": [{**OF_PAST, "intime": at(5), "eventtype": "ED"}]}, "hadm_id", at(10)),
    ("transfers", {"transfers": [{**OF_PAST, "intime": at(5), "eventtype": "admit"}]}, "hadm_id", at(5)),
    ("labevents", {"labevents": [{**OF_PAST, "charttime": at(4), "storetime": at(5)}]}, "hadm_id", at(10)),
    ("labevents", {"labevents": [{**NOWHERE, "charttime": at(4), "storetime": at(5)}]}, "hadm_id", NEVER),
    (
        "microbiologyevents",
        {"microbiologyevents": [{**OF_PAST, "chartdate": at(0), "storetime": at(5)}]},
        "hadm_id",
        at(10),
    ),
    ("emar", {"emar": [{**OF_PAST, "charttime": at(4), "storetime": at(5)}]}, "hadm_id", at(10)),
    ("edstays", {"edstays": [STAY]}, "hadm_id", at(10)),
    ("edstays", {"edstays": [STAY]}, "outtime", at(9)),
    ("edstays", {"edstays": [{**STAY, "disposition": "ADMITTED"}]}, "disposition", at(9)),
    ("discharge", {"discharge": [{**OF_PAST, "charttime": at(-40), "storetime": at(-5)}]}, "hadm_id", at(10)),
    ("radiology", {"radiology": [{**OF_PAST, "charttime": at(4), "storetime": at(5)}]}, "hadm_id", at(10)),
    (
        "poe",
        {"poe": [{**ORDER, "discontinued_by_poe_id": "o-2"}, {"poe_id": "o-2", "ordertime": at(33)}]},
        "discontinued_by_poe_id",
        at(33),
    ),
    ("poe", {"poe": [{**ORDER, "discontinued_by_poe_id": "o-3"}]}, "discontinued_by_poe_id", NEVER),
    (
        "poe_detail",
        {"poe_detail": [{"poe_id": "o-1", "field_name": "Discharge When", "field_value": "today"}], "poe": [ORDER]},
        "field_value",
        at(100),
    ),
    (
        "poe_detail",
        {"poe_detail": [{"poe_id": "o-1", "field_name": "Admit to", "field_value": "ward"}], "poe": [ORDER]},
        "field_value",
        at(30),
    ),
    ("pharmacy", {"pharmacy": [{**PHARMACY, "verifiedtime": at(21)}]}, "verifiedtime", at(21)),
    ("pharmacy", {"pharmacy": [{**PHARMACY, "stoptime": at(50)}]}, "stoptime", at(50)),
    ("pharmacy", {"pharmacy": [{**PHARMACY, "stoptime": at(14)}]}, "stoptime", at(20)),
    ("prescriptions", {"prescriptions": [{**OF_PAST, "starttime": at(12), "stoptime": at(60)}]}, "stoptime", at(60)),
    *(
        (
            "icustays",
            {"icustays": [{**OF_PAST, "intime": at(12), "outtime": at(36), "los": 1.0, "last_careunit": "MICU"}]},
            name,
            at(36),
        )
        for name in ("outtime", "los", "last_careunit")
    ),
    ("icustays", {"icustays": [{**OF_PAST, "intime": at(12), "los": 1.0}]}, "los", NEVER),
    *(("inputevents", {"inputevents": [{**OVER, **GIVEN}]}, name, at(9)) for name in ("endtime", *GIVEN)),
    *(
        ("ingredientevents", {"ingredientevents": [{**OVER, "amount": 1.5, "statusdescription": "x"}]}, name, at(9))
        for name in ("endtime", "amount", "statusdescription")
    ),
    ("inputevents", {"inputevents": [{**OVER, "rate": 2.0}]}, "rate", at(6)),
    *(
        (
            "procedureevents",
            {"procedureevents": [{**OVER, "storetime": at(9.5), "value": 4.0, **dict.fromkeys(PROCEDURE_ENDS, 1)}]},
            name,
            at(9.5),
        )
        for name in ("endtime", "value", "storetime", *PROCEDURE_ENDS)
    ),
]


@pytest.mark.parametrize(("table", "tables", "known"), ROWS)
def test_a_row_is_seen_from_the_moment_after_it_was_known(table, tables, known):
    rows = life(**tables)
    first = [row["source_row"] for row in seen(rows, LATE, table)][:1]
    if known is NEVER:
        assert 1 not in [row["source_row"] for row in seen(rows, LATE, table)]
        return
    assert first == [1]
    assert 1 in [row["source_row"] for row in seen(rows, max(known, at(-100)) + TICK, table)]
    if known > datetime.min:
        assert 1 not in [row["source_row"] for row in seen(rows, known, table)]


@pytest.mark.parametrize(("table", "tables", "column", "known"), VALUES)
def test_a_value_is_seen_from_the_moment_after_it_was_known(table, tables, column, known):
    rows = life(**tables)
    value = rows[table][0][column]
    assert value is not None
    late = seen(rows, LATE, table)[0]
    assert late[column] == (None if known is NEVER else value)
    if known is not NEVER:
        assert next(row[column] for row in seen(rows, known + TICK, table)) == value
        assert [row[column] for row in seen(rows, known, table)][:1] in ([None], [])


def test_every_later_settled_column_and_every_table_has_a_case():
    assert {table for table, *_ in ROWS} == set(PATIENT_TABLES)


def test_what_is_never_served_is_no_column():
    rows = life(poe=[ORDER], pharmacy=[PHARMACY], patients=[{"dod": date(2150, 1, 1), "anchor_year": 2150}])
    for table, columns in {
        "patients": ["dod"],
        "poe": ["order_status"],
        "pharmacy": ["status", "expirationdate"],
    }.items():
        shown = seen(rows, LATE, table)[0]
        assert set(PATIENT_TABLES[table].column_names) - set(shown) == set(columns)


def test_a_year_to_come_is_not_told():
    rows = life(patients=[{"anchor_year": 2151}])
    assert seen(rows, at(5), "patients")[0]["anchor_year"] is None
    assert seen(rows, at(9000), "patients")[0]["anchor_year"] == 2151


def test_where_a_question_names_no_admission_each_open_one_is_its_own():
    rows = life(diagnoses_icd=[OF_PAST], admissions=[{"hadm_id": PAST, "admittime": at(10), "dischtime": at(100)}])
    assert seen(rows, at(172) + TICK, "diagnoses_icd", hadm_id=None)
    still_there = life(diagnoses_icd=[OF_PAST], admissions=[{**OF_PAST, "admittime": at(10), "dischtime": at(9000)}])
    assert not seen(still_there, at(200), "diagnoses_icd", hadm_id=None)


def test_an_open_ed_stay_is_the_questions_own():
    rows = life(edstays=[{**STAY, "hadm_id": None, "outtime": at(9)}], diagnosis=[{"stay_id": 3}])
    assert not seen(rows, at(9), "diagnosis", hadm_id=None)
    assert seen(rows, at(82), "diagnosis", hadm_id=None)


@pytest.mark.parametrize(
    ("subtask", "table", "hidden"),
    [
        ("inputevents", "inputevents", True),
        ("inputevents", "ingredientevents", True),
        ("ingredientevents", "inputevents", True),
        ("inputevents", "procedureevents", False),
        ("next_event", "procedureevents", True),
        ("ICU_Mortality_1day", "inputevents", False),
    ],
)
def test_the_target_and_its_siblings_are_hidden_in_the_last_second(subtask, table, hidden):
    row = {"starttime": at(500), "storetime": at(500), "endtime": at(501)}
    rows = life(**{table: [row]})
    at_the_moment = at(500) + 1_000_000 * TICK
    assert bool(seen(rows, at_the_moment, table, subtask=subtask)) is not hidden
    assert seen(rows, at_the_moment + TICK, table, subtask=subtask)


def test_details_are_hidden_with_their_parents_in_the_last_second():
    order = {"poe_id": "o-9", "hadm_id": OWN, "ordertime": at(510)}
    rows = life(poe=[order], poe_detail=[{"poe_id": "o-9", "field_name": "x"}])
    moment = at(510) + 1_000_000 * TICK
    assert seen(rows, moment, "poe_detail", subtask="Inpatient_Mortality")
    for subtask in ("poe", "next_event"):
        assert not seen(rows, moment, "poe_detail", subtask=subtask)
        assert seen(rows, moment + TICK, "poe_detail", subtask=subtask)


def test_ed_rows_are_hidden_by_the_times_that_the_benchmark_gives_them():
    rows = life(edstays=[STAY], triage=[{"stay_id": 3}])
    moment = at(4) + 2_000_000 * TICK
    assert seen(rows, moment, "triage", subtask="pyxis")
    assert not seen(rows, moment, "triage", subtask="next_event")
