"""Gold in sight: read in the target's tables in the last second or later, by the names of codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from clinseek_assets.audit import gold, naive_compat, naive_strict
from clinseek_assets.audit.life import Life
from clinseek_assets.audit.shown_only import ShownOnly, shown_only
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows
from clinseek_assets_tests.audit.lives import OWN, PAST, at, life, pin
from clinseek_assets_tests.timeline.lives import DICTIONARIES

MOMENT = at(510)
SECOND = timedelta(seconds=1)
POLICIES = {"strict": naive_strict, "compat": naive_compat}


def in_sight(policy: str, rows: PatientRows, asked: Pin, *names: str) -> bool:
    named = gold.NamedRows(Life(rows), DICTIONARIES)
    return gold.in_sight(POLICIES[policy].visible(rows, asked), named, asked, names)


def charted(hours: float, **further: Any) -> dict[str, Any]:
    return {"hadm_id": OWN, "stay_id": 1, "itemid": 5, "charttime": at(hours), "storetime": at(hours), **further}


def test_a_target_of_the_last_second_is_in_sight_only_under_compat():
    rows = life(chartevents=[{**charted(510), "charttime": MOMENT - SECOND, "storetime": MOMENT - SECOND}])
    asked = pin(MOMENT, "chartevents")
    assert in_sight("compat", rows, asked, "Heart Rate")
    assert in_sight("compat", rows, asked, " heart rate ")
    assert not in_sight("strict", rows, asked, "Heart Rate")
    assert not in_sight("compat", rows, asked, "Respiratory Rate")


def test_what_was_charted_before_is_evidence_and_not_the_target():
    rows = life(chartevents=[charted(509)])
    assert not in_sight("compat", rows, pin(MOMENT, "chartevents"), "Heart Rate")


def test_a_siblings_details_name_an_exam_to_come():
    note = {"note_id": "n", "hadm_id": OWN, "charttime": at(520), "storetime": at(521)}
    rows = life(
        radiology=[note],
        radiology_detail=[{"note_id": "n", "field_name": "exam_name", "field_value": "CT HEAD", "field_ordinal": 1}],
    )
    asked = pin(MOMENT, "radiology")
    assert in_sight("compat", rows, asked, "CT HEAD")
    assert not in_sight("strict", rows, asked, "CT HEAD")


def test_groups_of_the_own_admission_count_as_later_and_those_of_others_do_not():
    asked = pin(MOMENT, "diagnoses_icd")
    own = life(drgcodes=[{"hadm_id": OWN, "description": "Hypertension"}])
    assert in_sight("compat", own, asked, "Hypertension")
    assert not in_sight("strict", own, asked, "Hypertension")
    assert not in_sight(
        "compat", life(drgcodes=[{"hadm_id": PAST, "description": "Hypertension"}]), asked, "Hypertension"
    )


def test_the_kind_of_the_next_event_is_in_sight_where_its_table_shows_it():
    rows = life(vitalsign=[{"stay_id": 3, "charttime": MOMENT - SECOND}], pyxis=[{"stay_id": 3, "charttime": at(500)}])
    asked = pin(MOMENT, "next_event")
    assert in_sight("compat", rows, asked, "vitalsign")
    assert not in_sight("compat", rows, asked, "pyxis")
    assert not in_sight("strict", rows, asked, "vitalsign")


@pytest.mark.parametrize(("drug", "named"), [("Aspirin", True), ("Heparin", False)])
def test_a_drug_that_the_pharmacy_entered_before_is_reported(drug, named):
    entry = {"hadm_id": OWN, "pharmacy_id": 1, "entertime": at(505), "starttime": at(506), "medication": "aspirin"}
    rows, asked = life(pharmacy=[entry]), pin(MOMENT, "prescriptions")
    shown = naive_strict.visible(rows, asked)
    assert gold.named_before(shown, gold.NamedRows(Life(rows), DICTIONARIES), asked, [drug]) is named
    assert gold.named_before(shown, gold.NamedRows(Life(rows), DICTIONARIES), pin(MOMENT, "omr"), [drug]) is None


def test_what_one_policy_shows_only_is_counted_by_rows_and_by_values():
    fuller = {"a": [{"source_row": 1, "x": 5, "y": None, "z": ""}, {"source_row": 2, "x": 6}], "b": []}
    other = {"a": [{"source_row": 1, "x": None, "y": 3}], "c": [{"source_row": 1}, {"source_row": 2}]}
    assert shown_only(fuller, other) == ShownOnly(rows=1, values=1, rows_of_the_other=2)
