"""Figures of cells and lists: by hand, and against the mart that the tables are made from."""

from __future__ import annotations

import pandas
import polars
import pytest

from clinseek_assets.browse.answer_index import COLUMNS
from clinseek_assets.browse.cells import arms_in, cell_rows, figures_by, listed, page_of, subtasks_in
from clinseek_assets.browse.library import Library

CELL = ("split", "subtask", "model", "arm")


def answers(*rows: tuple) -> polars.DataFrame:
    """(model, arm, subtask, row number, run, outcome, F1) as the index has them."""
    full = [("text", model, arm, subtask, f"q{row}", row, run, *rest) for model, arm, subtask, row, run, *rest in rows]
    return polars.DataFrame(full, schema=COLUMNS, orient="row")


def test_runs_of_a_question_are_averaged_before_questions_are():
    frame = answers(
        ("m", "seeking", "labevents", 1, 1, "finished", 1.0),
        ("m", "seeking", "labevents", 1, 2, "finished", 0.0),
        ("m", "seeking", "labevents", 1, 3, "finished", 0.5),
        ("m", "seeking", "labevents", 2, 1, "salvaged", 1.0),
        ("m", "seeking", "labevents", 3, 1, "endpoint_failed", None),
    )
    figures = figures_by(frame, CELL)["text", "labevents", "m", "seeking"]
    assert (figures.f1, figures.n, figures.questions) == (0.75, 2, 3)
    assert list(figures.outcomes.items()) == [("finished", 3), ("endpoint_failed", 1), ("salvaged", 1)]


def test_a_cell_without_a_score_has_no_figure():
    figures = figures_by(answers(("m", "curated", "emar", 1, 1, "not_run", None)), CELL)["text", "emar", "m", "curated"]
    assert figures.f1 is None and (figures.n, figures.questions) == (0, 1)


def test_rows_stand_in_the_order_of_benchmark_registry_and_arms():
    frame = answers(
        ("second", "seeking", "labevents", 3, 1, "finished", 1.0),
        ("gone", "curated", "labevents", 3, 1, "finished", 1.0),
        ("first", "seeking_compat", "labevents", 3, 1, "finished", 1.0),
        ("first", "curated", "ED_Hospitalization", 9, 1, "finished", 1.0),
    )
    rows = cell_rows(frame, ["first", "second"])
    assert [(row.subtask, row.model) for row in rows] == [
        *[("ED_Hospitalization", "first"), ("labevents", "first"), ("labevents", "second"), ("labevents", "gone")]
    ]
    assert arms_in(frame) == ["curated", "seeking", "seeking_compat"]
    assert subtasks_in(frame) == ["ED_Hospitalization", "labevents"]
    assert [(row.subtask, row.row_number) for row in listed(frame)] == [("ED_Hospitalization", 9), ("labevents", 3)]


@pytest.mark.parametrize(
    ("number", "size", "shown", "pages"),
    [(1, 2, [0, 1], 3), (3, 2, [4], 3), (9, 2, [4], 3), (1, 9, [0, 1, 2, 3, 4], 1)],
)
def test_a_page_past_the_end_is_the_last_one(number: int, size: int, shown: list[int], pages: int):
    page = page_of(range(5), number, size)
    assert (list(page.rows), page.pages, page.total) == (shown, pages, 5)


def test_of_nothing_there_is_one_empty_page():
    assert (page_of([], 4, 10).pages, page_of([], 4, 10).number) == (1, 1)


@pytest.mark.parametrize("library", ["text_library", "seeing_library"])
def test_cells_agree_with_the_mart(library: str, request: pytest.FixtureRequest):
    of_home: Library = request.getfixturevalue(library)
    cells = figures_by(of_home.answers(), CELL)
    mart = pandas.read_parquet(of_home.home.layout.mart("subtask_scores"))
    strict = {tuple(row[name] for name in CELL): row for row in mart[mart["mode"] == "strict"].to_dict("records")}
    assert len(cells) > 20
    for key, figures in cells.items():
        assert (figures.n, figures.questions) == (strict[key]["n"], strict[key]["questions"])
        assert figures.f1 == pytest.approx(strict[key]["f1"], abs=1e-12)
    assert all(row["n"] == 0 for key, row in strict.items() if key not in cells)
