"""The scores of predictions as the graph keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas
import pytest

from clinseek_assets.faults import ResultsFault
from clinseek_assets.scoring.schema import SCORES
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets_tests.scoring.exchanges import manifest_row, questions_of


@pytest.fixture
def questions(tmp_path: Path):
    return questions_of(
        tmp_path,
        [manifest_row("d", ["Glucose", "Sodium"]), manifest_row("r", "yes", "Inpatient_Mortality", decided=True)],
    )


def predictions(questions, *rows: dict[str, Any]) -> pandas.DataFrame:
    by_qid = {question.qid: question for question in questions}
    return pandas.DataFrame(
        [
            {
                "row_number": by_qid[row["qid"]].row_number,
                "subject_id": by_qid[row["qid"]].subject_id,
                "subtask": by_qid[row["qid"]].task,
                "task_type": by_qid[row["qid"]].task_type,
                "model": "m",
                "arm": "curated",
                "run_index": 1,
                "outcome": "finished",
                **row,
            }
            for row in rows
        ]
    )


def test_both_rules_in_one_frame(questions) -> None:
    made = score_predictions(
        predictions(questions, {"qid": "d", "answer": [" glucose"]}, {"qid": "r", "answer": ["Yes"]}), questions
    )
    SCORES.validate(made)
    f1 = made.set_index(["qid", "mode"])["f1"]
    assert f1["d", "strict"] == 2 / 3
    assert f1["d", "compat"] == 0
    assert f1["r", "strict"] == f1["r", "compat"] == 1
    assert list(made.loc[made["qid"] == "r", "decided"]) == [True, True]
    assert made["decided"].isna().sum() == 2


@pytest.mark.parametrize("outcome", ["truncated", "out_of_rounds", "refused", "unparsable"])
def test_the_models_own_failures_score_zero(questions, outcome: str) -> None:
    made = score_predictions(predictions(questions, {"qid": "r", "answer": [], "outcome": outcome}), questions)
    assert list(made["scored"]) == [True, True]
    assert list(made["f1"]) == [0, 0]


@pytest.mark.parametrize("outcome", ["endpoint_failed", "over_budget", "not_run"])
def test_missing_answers_have_no_strict_score(questions, outcome: str) -> None:
    made = score_predictions(predictions(questions, {"qid": "r", "answer": [], "outcome": outcome}), questions)
    SCORES.validate(made)
    scored = made.set_index("mode")["scored"]
    assert not scored["strict"]
    assert scored["compat"] == (outcome != "not_run")


def test_no_predictions_are_no_scores(questions) -> None:
    empty = predictions(questions, {"qid": "r", "answer": ["yes"]}).iloc[:0]
    assert len(score_predictions(empty, questions)) == 0


def test_predictions_of_another_manifest_are_refused_without_naming_them(questions) -> None:
    made = predictions(questions, {"qid": "d", "answer": ["x"]}).assign(qid="SECRET")
    with pytest.raises(ResultsFault, match="1 of 1 predictions") as caught:
        score_predictions(made, questions)
    assert "SECRET" not in str(caught.value)


def test_an_unknown_outcome_is_refused(questions) -> None:
    made = predictions(questions, {"qid": "d", "answer": ["x"], "outcome": "fine"})
    with pytest.raises(ResultsFault, match="outcome"):
        score_predictions(made, questions)


def test_the_way_through_parquet_changes_nothing(questions, tmp_path: Path) -> None:
    made = predictions(questions, {"qid": "d", "answer": ["Glucose"]}, {"qid": "r", "answer": []})
    made.to_parquet(tmp_path / "predictions.parquet")
    stored = pandas.read_parquet(tmp_path / "predictions.parquet")
    pandas.testing.assert_frame_equal(score_predictions(stored, questions), score_predictions(made, questions))
