"""A hand-made life with something of most kinds in it: an earlier admission, and the first day of the present one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clinseek_assets_tests.records.pinned.lives import OWN, PAST, at, day

Life = Mapping[str, Sequence[Mapping[str, Any]]]
DICTIONARIES = {
    "d_labitems": [(50801, "Gradient", "Blood", "Blood Gas")],
    "d_items": [(220045, "Heart Rate", "HR", "chartevents", "Vitals", "bpm", "Numeric", None, None)],
    "d_icd_diagnoses": [("4019", 9, "Hypertension NOS")],
    "d_ccs_diagnoses": [("4019", 9, "Hypertension NOS", "98", "Essential hypertension")],
    "d_atc_prescriptions": [("00012345678", "Aspirin", "B01AC06", "ANTITHROMBOTICS")],
}
STAY = {"stay_id": 7, "hadm_id": OWN}
LIFE: Life = {
    "patients": [{"gender": "F", "anchor_age": 52, "anchor_year": 2150}],
    "admissions": [
        {"hadm_id": PAST, "admittime": at(-2000), "dischtime": at(-1900), "admission_type": "EW EMER."},
        {"hadm_id": OWN, "admittime": at(-20), "admission_type": "URGENT", "admission_location": "ER"},
    ],
    "diagnoses_icd": [{"hadm_id": PAST, "seq_num": 1, "icd_code": "4019", "icd_version": 9}],
    "discharge": [
        {"note_id": "a", "hadm_id": PAST, "charttime": at(-1912), "storetime": at(-1800), "note_type": "DS",
         "text": "Old\nnote"},
    ],
    "edstays": [{**STAY, "intime": at(-23), "outtime": at(-19), "gender": "F", "race": "WHITE"}],
    "triage": [{"stay_id": 7, "acuity": 2, "temperature": 98.6, "chiefcomplaint": "Chest | pain"}],
    "medrecon": [{"stay_id": 7, "charttime": at(-22), "name": "Aspirin", "ndc": "12345678"}],
    "labevents": [
        {"labevent_id": 1, "hadm_id": OWN, "itemid": 50801, "charttime": at(-10), "storetime": at(-9), "valuenum": 7.5},
        {"labevent_id": 2, "hadm_id": OWN, "itemid": 50801, "charttime": at(-9), "storetime": at(1), "valuenum": 9.5},
        {"labevent_id": 3, "hadm_id": PAST, "itemid": 50801, "charttime": at(-1950), "storetime": at(-1949)},
    ],
    "omr": [{"chartdate": day(-1), "seq_num": 1, "result_name": "Weight (Lbs)", "result_value": "150"}],
    "poe": [{"poe_id": "p", "hadm_id": OWN, "ordertime": at(-5), "order_type": "Lab"}],
    "chartevents": [
        {**STAY, "itemid": 220045, "charttime": at(-8), "storetime": at(-8), "value": "90", "valuenum": 90.0},
        {**STAY, "itemid": 220045, "charttime": at(-4), "storetime": at(-4), "value": "95", "valuenum": 95.0},
    ],
    "icustays": [{**STAY, "intime": at(-9)}],
    "radiology": [{"note_id": "r", "hadm_id": OWN, "charttime": at(-7), "storetime": at(-6), "text": "clear lungs"}],
    "radiology_detail": [
        {"note_id": "r", "field_name": "exam_name", "field_value": name, "field_ordinal": place}
        for place, name in enumerate(("CHEST", "ABDOMEN"), 1)
    ],
}  # fmt: skip
