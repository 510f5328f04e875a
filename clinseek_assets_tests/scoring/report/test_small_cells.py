"""Figures of few patients, and those from which they could be worked out, are nowhere in the report."""

from __future__ import annotations

import pandas
import pytest

from clinseek_assets.benchmark.subtasks import DECISION, RISK, SUBTASKS
from clinseek_assets.scoring.report.figure_tables import contrast_table
from clinseek_assets.scoring.report.leaderboard_tables import leaderboard_tables
from clinseek_assets.scoring.report.page import suppression
from clinseek_assets.scoring.report.small_cells import small_cells
from clinseek_assets_tests.scoring.report.made_up import intervals, made_up_home, material_of

FEW = tuple(SUBTASKS)[16:20]  # two risks, two decisions


def cells(**patients: int) -> pandas.DataFrame:
    key = {"model": "m", "arm": "seeking", "mode": "strict"}
    return pandas.DataFrame([{**key, "column": column, "patients": count} for column, count in patients.items()])


def hidden(split: str, **patients: int) -> set[str]:
    return {column for *_, column in small_cells(cells(**patients), split, 11)}


def test_a_lone_small_part_takes_its_wholes_with_it():
    parts = dict(zip(FEW, (30, 10, 30, 30), strict=True))
    assert hidden("text", **parts, **{RISK: 40, DECISION: 60, "overall": 90}) == {FEW[1], RISK, "overall"}


def test_two_small_parts_hide_each_other():
    parts = dict(zip(FEW, (10, 10, 30, 30), strict=True))
    assert hidden("text", **parts, **{RISK: 20, DECISION: 60, "overall": 90}) == {FEW[0], FEW[1]}
    assert hidden("multimodal", phenotype=11, mortality_24h=11, overall=30) == set()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory):
    """One model's risks in the seeking arm are of few patients."""
    layout = made_up_home(tmp_path_factory.mktemp("few"), 1, FEW)
    path = intervals(layout, "text")
    frame = pandas.read_parquet(path)
    few = frame["column"].isin([*FEW[:2], RISK]) & frame["arm"].eq("seeking") & frame["model"].eq("Claude Opus 4.6")
    frame.assign(patients=frame["patients"].where(~few, 10)).to_parquet(path)
    return layout


def test_small_figures_and_what_is_made_of_them_are_left_out(home):
    told, all_of_it = material_of(home, "text", 11), material_of(home, "text")
    assert told.suppressed == 2 * (2 + 2)  # both modes: two subtasks, their risks, and Overall with its lone part
    row = told.tables.leaderboard.iloc[0]
    assert (row["model"], row["policy"], row["mode"]) == ("Claude Opus 4.6", "strict", "strict")
    gone = ["risk_seeking", "risk_delta", "overall_seeking", "overall_delta", "seeking_coverage", "seeking_rank"]
    assert row[gone].isna().all()
    assert row[["risk_curated", "decision_seeking", "decision_delta"]].notna().all()
    lost = set(all_of_it.contrasts.index) - set(range(len(told.contrasts)))
    of_seeking = all_of_it.contrasts["contrast"].str.contains("seeking-|-seeking$") & (
        all_of_it.contrasts["model"] == row["model"]
    )
    assert len(lost) == (of_seeking & all_of_it.contrasts["column"].isin([RISK, "overall"])).sum() == 4
    shown = told.subtasks[(told.subtasks["model"] == row["model"]) & (told.subtasks["arm"] == "seeking")]
    assert set(shown["subtask"]) == set(FEW[2:])


def test_the_page_says_how_many_are_left_out_and_holds_none_of_them(home):
    figure = 100 * pandas.read_parquet(home.mart("text_leaderboard"))["overall_seeking"].iloc[0]
    few, everything = material_of(home, "text", 11), material_of(home, "text")
    assert "8 figures of fewer than 11 patients" in suppression(few)
    assert suppression(everything) == ""
    shown = [leaderboard_tables(each, "strict") + contrast_table(each) for each in (few, everything)]
    assert [text.count(f">{figure:.1f}<small>") for text in shown] == [0, 1]


def test_answers_about_few_patients_are_not_counted(home):
    assert material_of(home, "text", 21).answered.empty
    assert len(material_of(home, "text", 20).answered) == 2 * 4
