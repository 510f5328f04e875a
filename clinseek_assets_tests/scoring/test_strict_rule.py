"""`strict`: what counts as the same answer, and what stays out of the mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.benchmark.answer_keys import answer_key
from clinseek_assets.scoring.rules import STRICT
from clinseek_assets_tests.scoring.exchanges import answering, failed, finishing, manifest_row, scored


@pytest.mark.parametrize(
    ("answer", "gold", "same"),
    [
        ("YES", "yes", True),
        (" yes\n", "yes", True),
        ("a b", "a  b", True),
        ("a\u00a0b", "a b", True),
        ("STRASSE", "Straße", True),
        ("ﬁne", "fine", True),
        ("H₂O", "h2o", True),
        ("Ｇｌｕｃｏｓｅ", "glucose", True),
        ("é", "e\u0301", True),
        ("yes.", "yes", False),
        ("“x”", '"x"', False),
        ("it’s", "it's", False),
        ("0.9% Sodium Chloride", "9% Sodium Chloride", False),
        ("Glucose, Whole Blood", "Glucose", False),
    ],
)
def test_likeness(answer: str, gold: str, same: bool) -> None:
    assert (STRICT.likeness([answer]) == STRICT.likeness([gold])) is same


@given(st.text())
def test_a_key_is_its_own_key(text: str) -> None:
    assert answer_key(answer_key(text)) == answer_key(text)


@given(st.lists(st.text("aBc9%é", min_size=1), min_size=1), st.sampled_from([" ", "  ", "\n", "\u00a0", "\u3000 "]))
def test_case_and_spaces_never_change_a_key(words: list[str], space: str) -> None:
    assert answer_key(space + space.join(words).upper() + space) == answer_key(" ".join(words).lower())


def test_blank_answers_are_none(tmp_path: Path) -> None:
    made = scored(tmp_path, [manifest_row("q", ["a"])], [answering("q", "a", " ", "")], "strict")
    assert made.summary["overall"]["precision"] == 1


def test_gold_outside_the_candidates_can_be_hit(tmp_path: Path) -> None:
    row = manifest_row("q", ["Lactate"], candidates=["Glucose", "Sodium"])
    assert scored(tmp_path, [row], [answering("q", "LACTATE")], "strict").summary["overall"]["f1"] == 1


def test_missing_answers_lower_the_coverage_not_the_mean(tmp_path: Path) -> None:
    manifest = [manifest_row(f"q{number}", "yes", "Inpatient_Mortality") for number in range(5)]
    rows = [
        answering("q0", "yes"),
        answering("q1", "no"),
        failed("q2"),
        {"qid": "q3", "messages": [{"role": "assistant", "content": "I think so."}]},
    ]
    overall = scored(tmp_path, manifest, rows, "strict").summary["overall"]
    assert (overall["total"], overall["completed"], overall["runs"]) == (5, 3, 4)
    assert (overall["f1"], overall["coverage"]) == (1 / 3, 3 / 5)
    assert (overall["f1_if_missing_0"], overall["f1_if_missing_1"]) == (1 / 5, 3 / 5)
    assert overall["outcomes"] == {"endpoint_failed": 1, "finished": 2, "out_of_rounds": 1}


def test_a_failed_run_beside_an_answered_one_changes_nothing(tmp_path: Path) -> None:
    manifest = [manifest_row("q", "yes", "Inpatient_Mortality")]
    made = scored(tmp_path, manifest, [failed("q"), answering("q", "yes")], "strict").summary
    assert (made["overall"]["f1"], made["overall"]["coverage"]) == (1, 1)
    assert made["rows"]["repeated"] == 1


def test_the_published_curated_drivers_failed_calls_are_missing(tmp_path: Path) -> None:
    failed_call = {"qid": "q", "status": "error", "messages": finishing('{"response": []}')}
    manifest = [manifest_row("q", ["a"]), manifest_row("p", ["a"])]
    made = scored(tmp_path, manifest, [failed_call, answering("p", "a")], "strict").summary
    assert made["overall"]["coverage"] == 0.5


def test_a_group_without_scores_has_none(tmp_path: Path) -> None:
    manifest = [manifest_row("q", ["a"]), manifest_row("p", ["a"], task="omr")]
    made = scored(tmp_path, manifest, [answering("q", "a")], "strict").summary
    assert made["per_task"]["omr"]["f1"] is None
    assert made["per_task"]["omr"]["coverage"] == 0


def test_the_task_is_the_manifests(tmp_path: Path) -> None:
    made = scored(tmp_path, [manifest_row("q", ["a"])], [answering("q", "a", task="renamed")], "strict").summary
    assert list(made["per_task"]) == ["labevents"]
