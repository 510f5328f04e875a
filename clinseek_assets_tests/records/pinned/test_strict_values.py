"""Values under `strict`: what is settled later reads NULL until then, what is never shown is no column."""

from __future__ import annotations

from datetime import datetime

import pytest

from clinseek_assets.mimic.catalogue import PATIENT_TABLES
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets_tests.records.pinned.conftest import Opened
from clinseek_assets_tests.records.pinned.lives import BASE, JUST_BEFORE, NEXT, OWN, PAST, Row, T, at, day, text_of

STAY = {"stay_id": 7, "hadm_id": OWN, "intime": at(-5), "outtime": at(3), "disposition": "ADMITTED"}
RUNNING = {"starttime": at(-5), "storetime": at(-4), "amount": 7.5, "statusdescription": "FinishedRunning"}
OPEN_BAG = {"isopenbag": 1, "continueinnextdept": 1}
ICU = {"intime": at(-5), "los": 2.5, "last_careunit": "MICU"}
DURING = {
    "starttime": at(-5),
    "value": 60.0,
    "statusdescription": "Finished",
    "ORIGINALAMOUNT": 3.0,
    "ORIGINALRATE": 1.0,
}

# Table, the row, columns, whether their values are shown.
VALUES: list[tuple[str, Row, str, bool]] = [
    ("edstays", {**STAY, "outtime": JUST_BEFORE}, "outtime disposition", True),
    ("edstays", {**STAY, "outtime": T}, "outtime disposition", False),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-2), "verifiedtime": JUST_BEFORE}, "verifiedtime", True),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-2), "verifiedtime": T}, "verifiedtime", False),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-2), "stoptime": JUST_BEFORE}, "stoptime", True),
    ("pharmacy", {"hadm_id": OWN, "entertime": at(-2), "stoptime": T}, "stoptime", False),
    ("prescriptions", {"hadm_id": OWN, "starttime": at(-2), "stoptime": JUST_BEFORE}, "stoptime", True),
    ("prescriptions", {"hadm_id": OWN, "starttime": at(-2), "stoptime": T}, "stoptime", False),
    ("transfers", {"hadm_id": OWN, "eventtype": "admit", "intime": at(-2), "outtime": JUST_BEFORE}, "outtime", True),
    ("transfers", {"hadm_id": OWN, "eventtype": "admit", "intime": at(-2), "outtime": T}, "outtime", False),
    ("icustays", {**ICU, "outtime": JUST_BEFORE}, "outtime los last_careunit", True),
    ("icustays", {**ICU, "outtime": T}, "outtime los last_careunit", False),
    ("icustays", {**ICU, "outtime": None}, "los last_careunit", False),
    ("inputevents", {**RUNNING, **OPEN_BAG, "endtime": JUST_BEFORE},
     "endtime amount statusdescription isopenbag continueinnextdept", True),
    ("inputevents", {**RUNNING, **OPEN_BAG, "endtime": T},
     "endtime amount statusdescription isopenbag continueinnextdept", False),
    ("ingredientevents", {**RUNNING, "endtime": JUST_BEFORE}, "endtime amount statusdescription", True),
    ("ingredientevents", {**RUNNING, "endtime": T}, "endtime amount statusdescription", False),
    ("procedureevents", {**DURING, **OPEN_BAG, "endtime": at(-1), "storetime": JUST_BEFORE},
     "endtime storetime value statusdescription isopenbag continueinnextdept ORIGINALAMOUNT ORIGINALRATE", True),
    ("procedureevents", {**DURING, **OPEN_BAG, "endtime": at(-1), "storetime": T},
     "endtime storetime value statusdescription isopenbag continueinnextdept ORIGINALAMOUNT ORIGINALRATE", False),
    ("procedureevents", {**DURING, **OPEN_BAG, "endtime": T, "storetime": at(-1)}, "endtime storetime value", False),
    ("patients", {"anchor_year": 2150}, "anchor_year", True),
    ("patients", {"anchor_year": 2151}, "anchor_year", False),
]  # fmt: skip


@pytest.mark.parametrize(("table", "row", "columns", "shown"), VALUES)
def test_a_value_is_shown_once_it_is_settled(opened: Opened, table: str, row: Row, columns: str, shown: bool):
    (seen,) = opened({**BASE, table: [row]}).query(f"SELECT {', '.join(columns.split())} FROM {table}").rows
    assert seen == (tuple(text_of(row[name]) for name in columns.split()) if shown else (None,) * len(seen))


@pytest.mark.parametrize(
    ("ended", "shown"),
    [
        ({"dischtime": JUST_BEFORE}, True),
        ({"dischtime": T}, False),
        ({"dischtime": at(-3), "deathtime": JUST_BEFORE}, True),
        ({"dischtime": at(-3), "deathtime": T}, False),  # dischtime alone would show the death early
        ({"dischtime": None, "deathtime": None}, False),
    ],
)
def test_how_an_admission_ends_is_shown_when_it_has_ended(opened: Opened, ended, shown):
    outcome = {"discharge_location": "DIED", "hospital_expire_flag": 1}
    life = {"admissions": [{"hadm_id": 8, "admittime": at(-9), **ended, **outcome}]}
    columns = "dischtime, deathtime, discharge_location, hospital_expire_flag"
    (seen,) = opened(life).query(f"SELECT {columns} FROM admissions").rows
    assert seen == ((text_of(ended["dischtime"]), text_of(ended.get("deathtime")), "DIED", 1) if shown else (None,) * 4)


@pytest.mark.parametrize(("left", "shown"), [(JUST_BEFORE, True), (T, False)])
def test_when_an_admitted_patient_leaves_the_emergency_department_is_known_then(opened: Opened, left, shown):
    life = {"admissions": [{"hadm_id": 8, "admittime": at(-9), "edregtime": at(-11), "edouttime": left}]}
    assert opened(life).query("SELECT edregtime, edouttime FROM admissions").rows == [
        (text_of(at(-11)), text_of(left) if shown else None)
    ]


HX: list[tuple[str, Row]] = [
    ("edstays", {"stay_id": 7, "intime": at(-5), "outtime": at(3)}),
    ("labevents", {"charttime": at(-5), "storetime": at(-4)}),
    ("microbiologyevents", {"chartdate": at(-50), "storetime": at(-4)}),
    ("emar", {"charttime": at(-5), "storetime": at(-4)}),
    ("discharge", {"note_id": "n", "charttime": at(-50), "storetime": at(-4)}),
    ("radiology", {"note_id": "n", "charttime": at(-5), "storetime": at(-4)}),
    ("transfers", {"eventtype": "ED", "intime": at(-5)}),
]


@pytest.mark.parametrize(("table", "row"), HX)
def test_the_id_of_an_admission_is_hidden_until_it_has_begun(opened: Opened, table: str, row: Row):
    rows = [{**row, "hadm_id": hadm_id} for hadm_id in (PAST, OWN, NEXT, 99, None)]
    seen = opened({**BASE, table: rows}).query(f"SELECT hadm_id, typeof(hadm_id) FROM {table}").rows
    assert sorted(seen, key=repr) == [
        (PAST, "integer"), (OWN, "integer"), (None, "null"), (None, "null"), (None, "null")
    ]  # fmt: skip


def test_a_transfer_of_another_kind_keeps_its_admission(opened: Opened):
    life = {**BASE, "transfers": [{"eventtype": "admit", "intime": at(-5), "hadm_id": NEXT}]}
    assert opened(life).query("SELECT hadm_id FROM transfers").rows == [(NEXT,)]


def test_ids_compare_across_tables_and_with_texts(opened: Opened):
    life = {**BASE, "labevents": [{"charttime": at(-5), "storetime": at(-4), "hadm_id": OWN}]}
    record = opened(life)
    joined = "SELECT count(*) FROM labevents JOIN admissions USING (hadm_id)"
    assert record.query(joined).rows == [(1,)]
    assert record.query(f"{joined} WHERE hadm_id = '{OWN}'").rows == [(1,)]
    assert record.query(f"{joined} WHERE labevents.hadm_id = '{OWN}'").rows == [(1,)]


def test_who_discontinues_an_order_is_known_when_it_is_discontinued(opened: Opened):
    orders = [
        {"poe_id": "a", "ordertime": at(-9), "discontinued_by_poe_id": "past"},
        {"poe_id": "b", "ordertime": at(-8), "discontinued_by_poe_id": "future"},
        {"poe_id": "c", "ordertime": at(-7), "discontinued_by_poe_id": "absent"},
        {"poe_id": "past", "ordertime": JUST_BEFORE},
        {"poe_id": "future", "ordertime": T},
    ]
    seen = opened({**BASE, "poe": orders}).query("SELECT poe_id, discontinued_by_poe_id FROM poe").rows
    assert seen == [("a", "past"), ("b", None), ("c", None), ("past", None)]


def test_the_planning_of_a_discharge_is_shown_after_it(opened: Opened):
    orders = [{"poe_id": str(hadm_id), "hadm_id": hadm_id, "ordertime": at(-9)} for hadm_id in (PAST, OWN, None)]
    details = [
        {"poe_id": order["poe_id"], "field_name": name, "field_value": "v"}
        for order in orders
        for name in ("Discharge When", "Discharge Planning", "Admit category")
    ]
    seen = opened({**BASE, "poe": orders, "poe_detail": details}).query("SELECT field_value FROM poe_detail").rows
    assert [value for (value,) in seen] == ["v", "v", "v", None, None, "v", None, None, "v"]


NEVER = [
    ("admissions", "text"),
    ("patients", "dod"),
    ("diagnoses_icd", "charttime"),
    ("diagnosis", "charttime"),
    ("poe", "order_status"),
    ("pharmacy", "status"),
    ("pharmacy", "expirationdate"),
]


@pytest.mark.parametrize(("table", "column"), NEVER)
def test_what_is_never_shown_is_no_column(opened: Opened, table: str, column: str):
    record = opened(BASE)
    assert column not in record.tables[table]
    with pytest.raises(Refusal, match="no column") as refused:
        record.query(f"SELECT {column} FROM {table}")
    assert refused.value.kind == "wrong_statement"


def test_plans_of_a_visible_row_may_lie_ahead(opened: Opened):
    life = {
        "emar": [{"charttime": at(-3), "storetime": at(-2), "scheduletime": at(4)}],
        "datetimeevents": [{"charttime": at(-3), "storetime": at(-2), "value": at(500)}],
    }
    record = opened(life)
    assert record.query("SELECT scheduletime FROM emar").rows == [(text_of(at(4)),)]
    assert record.query("SELECT value FROM datetimeevents").rows == [(text_of(at(500)),)]


def test_all_34_tables_can_be_counted_also_where_there_is_nothing(opened: Opened):
    record = opened({})
    assert list(record.tables) == list(PATIENT_TABLES)
    assert {table: record.query(f"SELECT count(*) FROM {table}").rows for table in record.tables} == {
        table: [(0,)] for table in record.tables
    }


def test_the_columns_are_those_of_the_tables_with_labels_last(opened: Opened):
    record = opened({})
    for table, columns in record.tables.items():
        assert record.query(f"SELECT * FROM {table}").columns == columns
    assert record.tables["labevents"][-2:] == ("comments", "label")
    assert record.tables["diagnoses_icd"][-2:] == ("long_title", "ccs_name")
    assert record.time_column("pharmacy") == "entertime"
    assert record.time_column("triage") is None


def test_labels_are_there_to_be_read(opened: Opened):
    ed = {"stay_id": 7, "intime": at(-900), "outtime": at(-890)}
    life = {
        **BASE,
        "edstays": [ed],
        "labevents": [{"itemid": item, "storetime": at(-4)} for item in (50801, 50802, 50899)],
        "chartevents": [{"itemid": 220045, "charttime": at(-4), "hadm_id": OWN}],
        "diagnoses_icd": [{"hadm_id": PAST, "icd_code": "4019", "icd_version": 9}],
        "procedures_icd": [{"hadm_id": PAST, "icd_code": "3612", "icd_version": 9, "chartdate": day(-80)}],
        "diagnosis": [{"stay_id": 7, "icd_code": "4019", "icd_version": 9}],
        "hcpcsevents": [{"hadm_id": PAST, "hcpcs_cd": "A0428"}],
        "prescriptions": [{"hadm_id": OWN, "starttime": at(-9), "ndc": ndc} for ndc in ("12345678", "0", None)],
        "medrecon": [{"charttime": at(-9), "ndc": "00012345678"}],
    }
    record = opened(life)
    labels = {
        "labevents": ("label", [("Alveolar-arterial Gradient",), (None,), (None,)]),
        "chartevents": ("label", [("Heart Rate",)]),
        "diagnoses_icd": ("long_title, ccs_name", [("Hypertension NOS", "Essential hypertension")]),
        "procedures_icd": ("long_title, ccs_name", [("Bypass of two arteries", "Coronary artery bypass graft")]),
        "diagnosis": ("ccs_name", [("Essential hypertension",)]),
        "hcpcsevents": ("long_description", [("Ambulance service",)]),
        "prescriptions": ("atc_name", [("second in the alphabet",), (None,), (None,)]),
        "medrecon": ("atc_name", [("second in the alphabet",)]),
    }
    assert {table: record.query(f"SELECT {names} FROM {table}").rows for table, (names, _) in labels.items()} == {
        table: rows for table, (_, rows) in labels.items()
    }


def test_the_timeline_s_rows_are_what_is_seen(opened: Opened):
    life = {
        **BASE,
        "labevents": [{"storetime": T, "charttime": at(-3)}, {"storetime": at(-1), "hadm_id": NEXT}],
        "omr": [{"chartdate": day(-3)}],
    }
    rows = opened(life).timeline_rows()
    assert set(rows) == set(PATIENT_TABLES)
    assert all(set(row) == {*PATIENT_TABLES[table].column_names, "source_row"} for table in rows for row in rows[table])
    (lab,) = rows["labevents"]
    assert (lab["source_row"], lab["storetime"], lab["hadm_id"]) == (2, at(-1), None)
    assert rows["omr"][0]["chartdate"] == day(-3) and not isinstance(rows["omr"][0]["chartdate"], datetime)
    assert [(row["hadm_id"], row["dischtime"]) for row in rows["admissions"]] == [(PAST, at(-1900)), (OWN, None)]
    assert rows["patients"][0]["dod"] is None
