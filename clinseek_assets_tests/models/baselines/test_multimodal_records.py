"""What participants make of a MedMod record: the same whether it is shown as a context or found by statements."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.contexts.multimodal_layout import ShownTable, render_input_text
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.baselines.multimodal import phenotypes
from clinseek_assets.models.baselines.multimodal.phenotypes import USUAL, most_usual, phenotype_chances
from clinseek_assets.models.baselines.multimodal.record_blocks import read_record
from clinseek_assets_tests.models.xrays import asked

COLUMNS = ("charttime", "value", "valuenum", "label")
STAY = ShownTable("stays", ("stay_id", "intime", "age", "anchor_age"), ((1, "2150-01-01", 88.0, None),), (1,), 1)
WELL = [("Heart Rate", 80), ("Respiratory Rate", 14), ("Lactate", 1.0), ("O2 saturation pulseoxymetry", 98)]
DYING = [
    ("Heart Rate", 140),
    ("Respiratory Rate", 34),
    ("Lactate", 9.0),
    ("O2 saturation pulseoxymetry", 80),
    ("Non Invasive Blood Pressure systolic", 70),
    ("pH", 7.05),
    ("Creatinine", 5.0),
    ("Norepinephrine", 1),
    ("PEEP set", 10),
]


def context(measured: list[tuple[str, Any]], *others: ShownTable) -> str:
    rows = tuple((f"2150-01-01 00:{place:02}:00", value, value, label) for place, (label, value) in enumerate(measured))
    return render_input_text(
        "Q", [ShownTable("events", COLUMNS, rows, tuple(range(len(rows))), len(rows)), *others], []
    )


def chances(measured: list[tuple[str, Any]], *, latest_only: bool = False) -> dict[str, float]:
    return dict(phenotype_chances(read_record(context(measured)), latest_only=latest_only))


@pytest.mark.parametrize("name", ["evidence_counts", "evidence_recency"])
@pytest.mark.parametrize(
    ("group", "task"),
    [("mortality_24h", "medmod_decompensation"), ("inpatient_mortality", "medmod_in_hospital_mortality")],
)
def test_who_is_very_ill_is_expected_to_die(name: str, group: str, task: str) -> None:
    about = asked(group=group, task_type=task)
    answers = [PARTICIPANTS[name].answer(about, context(measured, STAY), None) for measured in (WELL, DYING)]
    assert answers == [["no"], ["yes"]]


@pytest.mark.parametrize(
    ("measured", "phenotype"),
    [
        (("Glucose", 300), "Diabetes mellitus without complication"),
        (("Creatinine", 4.0), "Acute and unspecified renal failure"),
        (("Troponin T", 2.0), "Acute myocardial infarction"),
        (("Sodium", 160), "Fluid and electrolyte disorders"),
        (("Lactate", 8.0), "Shock"),
        (("Hemoglobin", 5.0), "Gastrointestinal hemorrhage"),
    ],
)
def test_a_sign_makes_its_phenotype_likelier(measured: tuple[str, float], phenotype: str) -> None:
    usual, shown = chances([]), chances([measured])
    assert usual[phenotype] == pytest.approx(USUAL[phenotype])
    assert shown[phenotype] > 1.3 * usual[phenotype]
    assert [name for name in PHENOTYPES if shown[name] < usual[name] - 1e-9] == []


def test_a_normal_value_and_a_word_of_something_else_say_nothing() -> None:
    assert chances([("Glucose", 100), ("Creatinine", 0.9), ("Heart Rhythm", "SR (Sinus Rhythm)")]) == chances([])
    assert chances([("Heart Rhythm", "AF (Atrial Fibrillation)")])["Cardiac dysrhythmias"] > 0.6


def test_one_participant_counts_all_values_and_the_other_the_last() -> None:
    course = [("Glucose", 300), ("Glucose", 100)]
    assert chances(course) != chances([]) == chances(course, latest_only=True)


def test_what_is_usual_covers_the_closed_vocabulary() -> None:
    assert set(USUAL) == set(PHENOTYPES)
    assert most_usual(2) == ["Essential hypertension", "Coronary atherosclerosis and other heart disease"]
    named = {name for one in (*phenotypes.SIGNS, *phenotypes.WORDS) for name in one.speaks_for}
    assert named <= set(PHENOTYPES)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.text(max_size=12)), max_size=6))
def test_any_values_come_back_out_of_a_context(measured: list[tuple[str, str]]) -> None:
    """Also such with commas, quotes and line breaks; rows without an item's name are no measurement."""
    clean = [(label.replace("\r", ""), value.replace("\r", "")) for label, value in measured]
    blocks = read_record(context(clean))
    found = [(row["Item_Name"], row["Value"]) for block in blocks for row in block.rows]
    assert found == [(label, value) for label, value in clean if label]


def test_a_text_of_another_layout_has_no_blocks() -> None:
    assert read_record("## Labtests [None]\nnothing") == []
