from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.subtasks import RISK_SUBTASKS
from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.baselines.decisions import best_answer
from clinseek_assets.models.baselines.risk_rules import RULES
from clinseek_assets.models.baselines.risks import LABORATORY, VITAL_SIGNS
from clinseek_assets.models.priors import COLUMNS, CandidatePriors
from clinseek_assets_tests.models.cases import question

READERS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "evidence"]
FLOORS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "floor"]

PRIORS = CandidatePriors(
    pd.DataFrame(
        [
            ("emar", "Heparin", 60, 100, 2.0),
            ("emar", "Aspirin", 30, 100, 2.0),
            ("emar", "Insulin", 10, 100, 2.0),
            ("next_event", "labevents", 50, 100, 1.0),
            ("next_event", "emar", 40, 100, 1.0),
            ("services", "MED", 50, 100, 1.0),
            ("services", "SURG", 30, 100, 1.0),
        ],
        columns=list(COLUMNS),
    )
)
HEADER = "## Patient Demographics [None]\n- Anchor_Age: 82\n- Gender: F\n\n\n"
GIVEN = (
    "## Electronic Medicine Administration Record [2150-01-02 0{hour}:00:00]\n"
    "- Medication: {drug}\n"
    "- Event_Txt: Administered"
)
MEDICINES = question(
    task="emar", label=["Insulin"], gold=("Insulin",), candidates=("Aspirin", "Vancomycin", "Heparin", "Insulin")
)


def given(*drugs: str) -> str:
    return "\n\n".join([HEADER, *(GIVEN.format(hour=hour, drug=drug) for hour, drug in enumerate(drugs))])


def ask(name: str, asked: Question, context: str = HEADER) -> list[str]:
    return PARTICIPANTS[name].answer(asked, context, PRIORS)


def test_floor_rows_are_constants() -> None:
    risk = question()
    assert [ask(name, risk) for name in FLOORS] == [["yes"], ["no"], ["no"]]
    assert [ask(name, MEDICINES) for name in FLOORS] == [["Heparin"], ["Heparin"], ["Heparin", "Aspirin"]]
    for name in FLOORS:
        assert ask(name, MEDICINES, given("Vancomycin")) == ask(name, MEDICINES)


def test_one_answer_where_one_is_asked_for() -> None:
    asked = question(task="next_event", label="emar", gold=("emar",), candidates=("emar", "labevents"))
    assert all(len(ask(name, asked)) == 1 for name in PARTICIPANTS)


def test_the_order_of_the_candidates_does_not_matter() -> None:
    turned = replace(MEDICINES, candidates=MEDICINES.candidates[::-1] if MEDICINES.candidates else None)
    for name in PARTICIPANTS:
        assert set(ask(name, MEDICINES, given("Insulin"))) == set(ask(name, turned, given("Insulin")))


def test_without_a_list_the_source_tables_give_the_names() -> None:
    for name in PARTICIPANTS:
        assert set(ask(name, replace(MEDICINES, candidates=None))) <= {"Heparin", "Aspirin", "Insulin"}


@pytest.mark.parametrize("name", FLOORS)
def test_without_frequencies_a_floor_row_cannot_decide(name: str) -> None:
    with pytest.raises(EndpointFault, match="frequencies"):
        PARTICIPANTS[name].answer(MEDICINES, HEADER, None)
    assert PARTICIPANTS[name].answer(question(), HEADER, None) in (["yes"], ["no"])


@pytest.mark.parametrize("name", READERS)
def test_repeated_evidence_is_answered_and_its_deletion_changes_the_answer(name: str) -> None:
    with_evidence = ask(name, MEDICINES, given("Vancomycin", "Vancomycin", "Vancomycin"))
    assert with_evidence[0] == "Vancomycin"
    assert "Vancomycin" not in ask(name, MEDICINES, HEADER)


def test_recency_trusts_the_last_event_more() -> None:
    context = given("Insulin", "Insulin", "Insulin", "Vancomycin", "Vancomycin")
    alone = replace(MEDICINES, candidates=("Insulin", "Vancomycin"), answer_is_list=False)
    assert ask("evidence_counts", alone, context) == ["Insulin"]
    assert ask("evidence_recency", alone, context) == ["Vancomycin"]


@pytest.mark.parametrize("name", READERS)
def test_a_move_does_not_end_where_it_starts(name: str) -> None:
    asked = question(task="services", label=["SURG"], gold=("SURG",), candidates=("MED", "SURG"))
    context = f"{HEADER}\n\n## Services [2150-01-02 01:00:00]\n- Curr_Service: MED"
    assert ask(name, asked, HEADER)[0] == "MED"
    assert ask(name, asked, context) == ["SURG"]


SICK = """

## Triage [2150-01-02 01:00:00]
- Temperature: 103.1
- Heartrate: 140
- Resprate: 32
- O2Sat: 84
- Sbp: 72
- Dbp: 40
- Pain: nan
- Acuity: 1.0
- Chiefcomplaint: septic shock, respiratory failure

## Labotary Test Events [2150-01-02 02:00:00]
| Item_Name | Valuenum | Valueuom | Ref_Range_Lower | Ref_Range_Upper | Flag | Comments |
| --- | --- | --- | --- | --- | --- | --- |
| Lactate | 9.0 | mmol/L | 0.5 | 2.0 | abnormal | nan |
| Creatinine | 4.0 | mg/dL | 0.4 | 1.1 | abnormal | nan |
| Platelet Count | 20.0 | K/uL | 150.0 | 440.0 | abnormal | nan |

## Input Events [2150-01-02 03:00:00]
- Item_Name: Norepinephrine
- Amount: 1.0
- Amountuom: mg
- Rate: 0.2
- Rateuom: mcg/kg/min

## Procedure Events [2150-01-02 03:00:00]
- Item_Name: Invasive Ventilation
- Value: 60.0
- Valueuom: min
- Location: nan
- Locationcategory: nan"""


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize(
    "task", ["Inpatient_Mortality", "ICU_Mortality_1day", "ED_ICU_Tranfer_12hour", "ICU_Stay_14day"]
)
def test_the_very_sick_are_at_risk_and_without_the_evidence_nobody_is(name: str, task: str) -> None:
    assert ask(name, question(task=task), HEADER + SICK) == ["yes"]
    assert ask(name, question(task=task), HEADER) == ["no"]


@pytest.mark.parametrize("name", PARTICIPANTS)
def test_no_label_is_ever_read(name: str) -> None:
    for asked in (MEDICINES, question()):
        blind = replace(asked, label=None, gold=(), decided=None, extra={})
        assert ask(name, asked, given("Insulin") + SICK) == ask(name, blind, given("Insulin") + SICK)


def test_every_risk_has_a_rule() -> None:
    assert set(RULES) == set(RISK_SUBTASKS)


@pytest.mark.parametrize(
    ("sign", "value", "points"),
    [
        ("respiratory rate", 8, 3),
        ("respiratory rate", 11, 1),
        ("respiratory rate", 12, 0),
        ("respiratory rate", 20, 0),
        ("respiratory rate", 21, 2),
        ("respiratory rate", 25, 3),
        ("oxygen saturation", 91, 3),
        ("oxygen saturation", 92, 2),
        ("oxygen saturation", 94, 1),
        ("oxygen saturation", 96, 0),
        ("systolic pressure", 90, 3),
        ("systolic pressure", 100, 2),
        ("systolic pressure", 110, 1),
        ("systolic pressure", 111, 0),
        ("systolic pressure", 219, 0),
        ("systolic pressure", 220, 3),
        ("heart rate", 40, 3),
        ("heart rate", 50, 1),
        ("heart rate", 51, 0),
        ("heart rate", 90, 0),
        ("heart rate", 91, 1),
        ("heart rate", 111, 2),
        ("heart rate", 131, 3),
        ("temperature in °F", 95.0, 3),
        ("temperature in °F", 96.8, 1),
        ("temperature in °F", 98.6, 0),
        ("temperature in °F", 102.3, 2),
        ("heart rate", 0, 0),
        ("lactate", 4.0, 3),
    ],
)
def test_bands_of_news2(sign: str, value: float, points: int) -> None:
    (found,) = [known for known in (*VITAL_SIGNS, *LABORATORY) if known.name == sign]
    assert found.points(value) == points


@pytest.mark.parametrize(
    ("chances", "expected_size", "wanted"),
    [
        ([0.9, 0.8, 0.1], 2, 2),  # 2 * 0.9 / 3 < 2 * 1.7 / 4 > 2 * 1.8 / 5
        ([1.0, 1.0, 1.0], 3, 3),
        ([0.5, 0.2, 0.2], 1, 1),  # 2 * 0.5 / 2 > 2 * 0.7 / 3 > 2 * 0.9 / 4
        ([0.05, 0.01], 1, 1),
        ([0.0, 0.0], 1, 1),
    ],
)
def test_an_answer_has_the_size_of_the_best_expected_f1(
    chances: list[float], expected_size: float, wanted: int
) -> None:
    ranked = [(str(place), chance) for place, chance in enumerate(chances)]
    assert best_answer(ranked, expected_size) == ["0", "1", "2"][:wanted]
