"""What fails, what passes and what is let pass: each check at its border."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from clinseek_assets.audit.comparison import Difference
from clinseek_assets.audit.exceptions import EXCEPTIONS
from clinseek_assets.audit.figures import (
    ContextFigures,
    Figures,
    GoldFigures,
    ProbeFigures,
    SubtaskFigures,
    Told,
)
from clinseek_assets.audit.plants import Controls
from clinseek_assets.audit.report import SHOWN_BY_POLICY, TOLD_BY_PROBES, Audit, as_json, table
from clinseek_assets.audit.verdicts import Verdict, verdicts
from clinseek_assets.benchmark.subtasks import DECISION_SUBTASKS, RISK, RISK_SUBTASKS

CHANCE = Told(0.5, 20, 20, 40)
GOOD_CONTROLS = Controls(80, (), ())
RISK_NAME = "ICU_Stay_7day"
PLAIN = SubtaskFigures(
    questions=40,
    patients=40,
    hidden_rows=100,
    hidden_values=50,
    strict_only_rows=0,
    curated_only_rows=7,
    curated_only_values=3,
    gold=None,
    label_probe={},
    label_probe_on_many={},
    counts_and_nulls=None,
)


def probed(of_all: Told, undecided: Told = CHANCE) -> ProbeFigures:
    return ProbeFigures(of_all, undecided)


def risk(strict: ProbeFigures = ProbeFigures(CHANCE, CHANCE), **further: Any) -> SubtaskFigures:  # noqa: B008
    return replace(PLAIN, label_probe={"strict": strict, "compat": probed(Told(1.0, 20, 20, 40))}, **further)


def decision(in_sight: int, questions: int = 40) -> SubtaskFigures:
    return replace(PLAIN, questions=questions, gold=GoldFigures({"strict": in_sight, "compat": 40}, {}))


def figures(by_subtask: Mapping[str, SubtaskFigures] | None = None, **changed: Any) -> Figures:
    found = Figures(
        {"strict": 900, "compat": 1000},
        {"strict": Difference(), "compat": Difference()},
        ContextFigures(40, 0, 0),
        by_subtask or {RISK_NAME: risk()},
    )
    return replace(found, **changed)


def verdict(check: str, found: Figures | None = None, controls: Controls = GOOD_CONTROLS) -> Verdict:
    return {one.check: one for one in verdicts(found or figures(), controls)}[check]


def test_nothing_wrong_passes_every_check():
    assert all(one.passed for one in verdicts(figures(), GOOD_CONTROLS))


@pytest.mark.parametrize("kind", ["beyond", "lacking", "columns_beyond", "columns_lacking"])
@pytest.mark.parametrize(("policy", "check"), [("strict", "nothing_later"), ("compat", "compat_as_published")])
def test_a_single_difference_in_either_direction_fails(kind, policy, check):
    differences = {"strict": Difference(), "compat": Difference(), policy: Difference(**{kind: Counter(labevents=1)})}
    failed = [one.check for one in verdicts(figures(differences=differences), GOOD_CONTROLS) if not one.passed]
    assert failed == [check]


def test_a_blind_audit_and_a_record_that_shows_a_plant_fail():
    assert "patients.dod" in verdict("controls_caught", controls=Controls(80, (), ("patients.dod",))).failures[0]
    assert not verdict("controls_caught", controls=Controls(80, ("poe",), ())).passed


@pytest.mark.parametrize(("in_sight", "questions", "passed"), [(0, 40, True), (1, 50, True), (1, 49, False)])
def test_gold_may_be_in_sight_in_two_percent(in_sight, questions, passed):
    found = verdict("gold_out_of_sight", figures({"poe": decision(in_sight, questions)}))
    assert (found.passed, found.looked_at) == (passed, questions)


@pytest.mark.parametrize(
    ("told", "passed"),
    [
        (Told(0.9, 20, 20, 40), True),
        (Told(0.901, 20, 20, 40), False),
        (Told(1.0, 9, 20, 29), True),
        (Told(1.0, 10, 10, 10), True),
        (Told(None, 0, 40, 40), True),
        (Told(0.02, 20, 20, 40), True),
    ],
)
def test_a_probe_may_tell_up_to_nine_tenths_where_there_is_enough_to_judge(told, passed):
    assert verdict("label_probes", figures({RISK_NAME: risk(probed(told))})).passed is passed
    assert verdict("counts_and_nulls", figures({RISK_NAME: risk(counts_and_nulls=probed(told))})).passed is passed
    on_many = {"strict": probed(told), "compat": probed(CHANCE)}
    assert verdict("label_probes", figures({RISK_NAME: risk(label_probe_on_many=on_many)})).passed is passed


def test_what_compat_tells_fails_nothing():
    assert verdict("label_probes", figures({RISK_NAME: risk()})).passed


def test_an_exception_for_decided_questions_does_not_excuse_the_others():
    told = Told(0.98, 20, 20, 40)
    excused = verdict("label_probes", figures({"ED_Hospitalization": risk(probed(told))}))
    assert excused.passed and "ED_Hospitalization" in excused.listed[0]
    refused = verdict("label_probes", figures({"ED_Hospitalization": risk(probed(told, undecided=told))}))
    assert not refused.passed and "undecided" in refused.failures[0]


def test_every_exception_names_a_subtask_and_a_reason():
    assert all(one.subtask in {*RISK_SUBTASKS, *DECISION_SUBTASKS} and len(one.reason) > 40 for one in EXCEPTIONS)
    assert len({(one.check, one.subtask) for one in EXCEPTIONS}) == len(EXCEPTIONS)


@pytest.mark.parametrize("contexts", [ContextFigures(40, 1, 0), ContextFigures(40, 0, 1)])
def test_a_context_that_shows_too_much_fails(contexts):
    assert not verdict("contexts", figures(contexts=contexts)).passed


def report(patients: int, fewest: int) -> dict[str, Any]:
    found = figures({RISK_NAME: risk(patients=patients), "poe": replace(decision(0), patients=40)})
    return as_json(Audit(found, GOOD_CONTROLS, verdicts(found, GOOD_CONTROLS)), fewest)


def test_figures_of_too_few_patients_are_left_out():
    assert report(10, 11)["subtasks"][RISK_NAME] == {"questions": 40, "too_few_patients_to_show": True}
    assert report(11, 11)["subtasks"][RISK_NAME]["hidden_rows"] == 100
    assert report(10, 1)["subtasks"][RISK_NAME]["hidden_rows"] == 100


def test_tables_by_subtask_hold_what_there_is():
    shown = table(report(40, 11), SHOWN_BY_POLICY).set_index("subtask")
    assert shown.loc["poe", "gold in sight, compat"] == 40
    assert shown.loc[RISK_NAME, "values only curated shows"] == 3
    assert shown.loc[RISK_NAME, "gold in sight, strict"] is None
    told = table(report(40, 11), TOLD_BY_PROBES, task_type=RISK).set_index("subtask")
    assert list(told.index) == [RISK_NAME]
    assert told.loc[RISK_NAME, "label probe, compat"] == 1.0
    hidden = table(report(4, 11), SHOWN_BY_POLICY).set_index("subtask").loc[RISK_NAME]
    assert hidden["questions"] == 40 and hidden.drop("questions").isna().all()
