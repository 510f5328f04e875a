"""The golden scores: made-up answers of both splits with the scores that the rules give them, worked out by hand.

A changed scorer changes these files, and is seen in review. Figures are fractions; null: no score. Of the text split
they are precision, recall and F1; of the multimodal split F1 and what decides it. `judged` is what the judge would say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas
import pytest

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.outcomes import Outcome
from clinseek_assets.scoring.multimodal.rules import DECIDERS, STRICT_ROUTING, PublishedRouting
from clinseek_assets.scoring.rules import RULES, Rule
from clinseek_assets.scoring.schema import SCHEMAS
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets_tests.scoring.exchanges import manifest_row, questions_of
from clinseek_assets_tests.scoring.multimodal.cases import TableJudge, question

Case = Mapping[str, Any]
FOLDER = Path(__file__).parent
TEXT: list[Case] = json.loads((FOLDER / "text.json").read_text(encoding="utf-8"))
MULTIMODAL: list[Case] = json.loads((FOLDER / "multimodal.json").read_text(encoding="utf-8"))
MODES = ("strict", "compat")


def scored(split: str, cases: Sequence[Case], asked: Sequence[Question], rules: Sequence[Rule]) -> pandas.DataFrame:
    """The cases' answers scored as the graph scores them, by mode and place among the cases."""
    answers = pandas.DataFrame(
        {
            "qid": [each.qid for each in asked],
            "row_number": range(1, len(cases) + 1),
            "subject_id": 19990001,
            "subtask": [each.task for each in asked],
            "task_type": [each.task_type for each in asked],
            "model": "m",
            "arm": "seeking",
            "run_index": 1,
            "outcome": [case.get("outcome", "finished") for case in cases],
            "answer": [case["answer"] for case in cases],
        }
    )
    return SCHEMAS[split].validate(score_predictions(answers, asked, rules)).set_index(["mode", "row_number"])


@pytest.fixture(scope="module")
def text_scores(tmp_path_factory: pytest.TempPathFactory) -> pandas.DataFrame:
    rows = [manifest_row(f"q{place}", case["label"], case["task"]) for place, case in enumerate(TEXT)]
    asked = questions_of(tmp_path_factory.mktemp("golden"), rows)
    return scored("text", TEXT, sorted(asked, key=lambda each: int(each.qid[1:])), list(RULES.values()))


@pytest.fixture(scope="module")
def multimodal_scores() -> pandas.DataFrame:
    asked = [
        replace(
            question([{"name": name} for name in case["label"]], case["task"], case.get("asks"), qid=f"q{place}"),
            row_number=place + 1,
        )
        for place, case in enumerate(MULTIMODAL)
    ]
    judge = TableJudge({" | ".join(case["answer"]): case["judged"] for case in MULTIMODAL if "judged" in case})
    return scored("multimodal", MULTIMODAL, asked, [STRICT_ROUTING, PublishedRouting(judge)])


def figure(written: str | None) -> float | None:
    return None if written is None else float(Fraction(written))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", range(len(TEXT)), ids=lambda place: TEXT[place]["why"])
def test_text(text_scores: pandas.DataFrame, place: int, mode: str) -> None:
    row, expected = text_scores.loc[mode, place + 1], TEXT[place][mode]
    assert bool(row["scored"]) == (expected is not None)
    if expected is not None:
        assert [row["precision"], row["recall"], row["f1"]] == pytest.approx(list(map(figure, expected)), abs=1e-15)
        assert row["exact_match"] == (expected[2] == "1")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("place", range(len(MULTIMODAL)), ids=lambda place: MULTIMODAL[place]["why"])
def test_multimodal(multimodal_scores: pandas.DataFrame, place: int, mode: str) -> None:
    row, (f1, decided_by) = multimodal_scores.loc[mode, place + 1], MULTIMODAL[place][mode]
    assert (None if pandas.isna(row["f1"]) else row["f1"]) == pytest.approx(figure(f1), abs=1e-15)
    assert row["decided_by"] == decided_by


def test_the_cases_hold_every_outcome_every_decider_and_both_rules_apart() -> None:
    for cases in (TEXT, MULTIMODAL):
        assert len({case["why"] for case in cases}) == len(cases)
        assert any(case["strict"] != case["compat"] for case in cases)
    assert {case.get("outcome", "finished") for case in TEXT} == {outcome.value for outcome in Outcome}
    assert {decider for case in MULTIMODAL for _, decider in (case["strict"], case["compat"])} == set(DECIDERS)
