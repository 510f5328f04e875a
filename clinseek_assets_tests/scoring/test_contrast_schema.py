"""The schema of the differences between arms takes what the statistics give, and nothing that cannot be."""

from __future__ import annotations

from typing import Any

import pandas
import pytest
from pandera.errors import SchemaError

from clinseek_assets.assets.scores import corrected
from clinseek_assets.scoring.contrast_schema import CONTRASTS
from clinseek_assets.scoring.statistics import contrasts

ARMS = ("curated", "curated_strict", "seeking", "seeking_compat")


def scores(arms: tuple[str, ...]) -> pandas.DataFrame:
    """Scores of two models in some arms: 12 questions of 8 patients and two subtasks."""
    return pandas.DataFrame(
        {
            "qid": f"q{number}",
            "subject_id": number % 8,
            "subtask": "labevents" if number % 2 else "ICU_Readmission",
            "task_type": "decision_making" if number % 2 else "risk_prediction",
            "model": model,
            "arm": arm,
            "run_index": 1,
            "mode": "strict",
            "scored": True,
            "f1": ((number * 7 + len(model) * place) % 5) / 4,
        }
        for number in range(12)
        for model in ("floor/always_no", "other")
        for place, arm in enumerate(arms)
    )


@pytest.fixture(scope="module")
def frame() -> pandas.DataFrame:
    return corrected(contrasts(scores(ARMS)), ["floor/always_no"])


def test_what_the_statistics_give_is_taken(frame: pandas.DataFrame) -> None:
    CONTRASTS.validate(frame)
    assert set(frame["contrast"]) == {
        "seeking-curated_strict",
        "seeking_compat-curated",
        "curated-curated_strict",
        "seeking_compat-seeking",
    }
    floor = frame["model"] == "floor/always_no"
    assert frame.loc[floor, ["p_holm", "p_bh"]].isna().all().all()
    assert frame.loc[~floor & (frame["column"] == "overall"), "p_holm"].notna().all()


@pytest.mark.parametrize("floor", [["floor/always_no"], ["floor/always_no", "other"]])
def test_one_arm_alone_has_no_difference(floor: list[str]) -> None:
    found = corrected(contrasts(scores(("seeking",))), floor)
    assert CONTRASTS.validate(found).empty


def test_floor_rows_alone_are_left_without_a_corrected_p() -> None:
    found = corrected(contrasts(scores(ARMS)), ["floor/always_no", "other"])
    assert len(CONTRASTS.validate(found)) and found["p_holm"].isna().all()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("low", 0.999, "a_difference_lies_in_its_interval"),
        ("low", None, "a_difference_lies_in_its_interval"),
        ("p_bh", 0.0, "a_correction_makes_no_p_smaller"),
        ("delta", 1.5, "in_range"),
        ("n", 0, "greater_than_or_equal_to"),
        ("weighting", "both", "isin"),
    ],
)
def test_what_cannot_be_is_refused(frame: pandas.DataFrame, column: str, value: Any, rule: str) -> None:
    row = frame[(frame["model"] == "other") & (frame["p"] > 0) & frame["p_bh"].notna()].index[0]
    damaged = frame.copy()
    damaged.loc[row, column] = value
    with pytest.raises(SchemaError, match=rule):
        CONTRASTS.validate(damaged)


def test_a_cell_stands_once(frame: pandas.DataFrame) -> None:
    with pytest.raises(SchemaError, match="not unique"):
        CONTRASTS.validate(pandas.concat([frame, frame.iloc[[0]]], ignore_index=True))
