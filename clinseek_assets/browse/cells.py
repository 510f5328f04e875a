"""What stands in a cell and in a line of the list: figures of answers, out of the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

import polars

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.models.registry import Arm

ARMS: tuple[str, ...] = get_args(Arm)
SUBTASK_ORDER = {name: place for place, name in enumerate((*SUBTASKS, *GROUPS))}
Row = TypeVar("Row")


@dataclass(frozen=True)
class Figures:
    """Figures of some answers.

    Attributes:
        f1: the mean over questions of the strict F1, each question's runs averaged first; None where none is scored.
        n: how many questions have a score.
        questions: how many were asked.
        outcomes: outcome -> answers, the most frequent first.
    """

    f1: float | None
    n: int
    questions: int
    outcomes: Mapping[str, int]


@dataclass(frozen=True)
class CellRow:
    """One subtask and model: its figures by arm."""

    split: str
    subtask: str
    model: str
    by_arm: Mapping[str, Figures]


@dataclass(frozen=True)
class Listed:
    """One question of the list, with the figures of the answers that were chosen."""

    split: str
    subtask: str
    row_number: int
    figures: Figures


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows: its number from 1, how many pages and rows there are."""

    rows: Sequence[Row]
    number: int
    pages: int
    total: int


def figures_by(answers: polars.DataFrame, keys: Sequence[str]) -> dict[tuple[Any, ...], Figures]:
    """The figures of each group of answers, in no order.

    Args:
        answers: rows of the index.
        keys: the columns by which they are grouped.
    """
    of_question = answers.group_by(*keys, *({"split", "qid"} - set(keys))).agg(polars.col("f1").mean())
    figures = of_question.group_by(keys).agg(
        polars.col("f1").mean(), polars.col("f1").count().alias("n"), polars.len().alias("questions")
    )
    counted = answers.group_by(*keys, "outcome").len().sort("len", "outcome", descending=[True, False])
    outcomes: defaultdict[tuple[Any, ...], dict[str, int]] = defaultdict(dict)
    for *key, outcome, answered in counted.select(*keys, "outcome", "len").iter_rows():
        outcomes[tuple(key)][outcome] = answered
    return {
        tuple(key): Figures(f1, n, questions, outcomes[tuple(key)])
        for *key, f1, n, questions in figures.select(*keys, "f1", "n", "questions").iter_rows()
    }


def cell_rows(answers: polars.DataFrame, models: Sequence[str]) -> list[CellRow]:
    """The cells of these answers, a row a subtask and model, in the order of the benchmark and of `models`."""
    rows: defaultdict[tuple[str, str, str], dict[str, Figures]] = defaultdict(dict)
    for (split, subtask, model, arm), figures in figures_by(answers, ("split", "subtask", "model", "arm")).items():
        rows[split, subtask, model][arm] = figures
    places = {name: place for place, name in enumerate(models)}
    ordered = sorted(rows, key=lambda key: (_place(key[1]), places.get(key[2], len(places)), key[2]))
    return [CellRow(*key, rows[key]) for key in ordered]


def listed(answers: polars.DataFrame) -> list[Listed]:
    """The questions of these answers, in the order of the benchmark's subtasks and of the manifest."""
    figures = figures_by(answers, ("split", "subtask", "row_number"))
    ordered = sorted(figures, key=lambda key: (_place(key[1]), key[2]))
    return [Listed(split, subtask, row, figures[split, subtask, row]) for split, subtask, row in ordered]


def page_of(rows: Sequence[Row], number: int, size: int) -> Page[Row]:
    """A page of rows; a number past the end is the last page."""
    pages = max(1, -(-len(rows) // size))
    number = min(number, pages)
    return Page(rows[(number - 1) * size : number * size], number, pages, len(rows))


def arms_in(answers: polars.DataFrame) -> list[str]:
    """The arms of these answers in their order."""
    found = set(answers["arm"].unique())
    return [arm for arm in ARMS if arm in found] + sorted(found - set(ARMS))


def subtasks_in(answers: polars.DataFrame) -> list[str]:
    """The subtasks of these answers in the order of the benchmark."""
    return sorted(answers["subtask"].unique(), key=lambda name: (_place(name), name))


def _place(subtask: str) -> int:
    return SUBTASK_ORDER.get(subtask, len(SUBTASK_ORDER))
