"""The tools that search the candidate tables, and those with which a model thinks and finishes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clinseek_assets.records.tools.candidates import NAME, Match, Vocabulary
from clinseek_assets.records.tools.desk import Desk, said
from clinseek_assets.records.tools.meanings import HOW_TO_HAVE_IT
from clinseek_assets.records.tools.mistakes import Mistake, shortened
from clinseek_assets.records.tools.showing import Paged, page_size, show, show_page

MOST_ALIKE = 5

Arguments = dict[str, Any]


def get_candidates_by_keyword(desk: Desk, given: Arguments) -> str:
    """Candidates with a text in any column, one row a name."""
    table, keyword = desk.candidate_table(given["table_name"]), given["keyword"].strip()
    columns = desk.candidates.tables[table]
    size = page_size(columns, desk.budget)
    start = (given.get("page", 1) - 1) * size
    rows, total = desk.candidates.with_keyword(table, keyword, start, size)
    page = Paged(
        columns, rows, start, total, size, f"of {table} that contain «{shortened(keyword)}»", "shortest names first", ""
    )
    return show_page(page, desk.budget)


def get_candidates_by_fuzzy_matching(desk: Desk, given: Arguments) -> str:
    """The candidates most like each keyword."""
    return _nearest(desk, given["table_name"], given["keywords"], Vocabulary.alike, 1)


def get_candidates_by_semantic_similarity(desk: Desk, given: Arguments) -> str:
    """The candidates nearest in meaning to each query."""
    meanings = desk.meanings
    if meanings is None:
        raise Mistake(
            "unavailable",
            f"Search by meaning is not available here: {HOW_TO_HAVE_IT}. Use ehr.get_candidates_by_fuzzy_matching.",
        )
    return _nearest(desk, given["table_name"], given["query"], meanings.alike, 3)


def _nearest(
    desk: Desk,
    table_name: str,
    words: tuple[str, ...],
    alike: Callable[[Vocabulary, str, int], list[Match]],
    digits: int,
) -> str:
    """The best matches of each text, with the other columns of a name's first row."""
    table = desk.candidate_table(table_name)
    vocabulary = desk.candidates.vocabulary(table)
    columns = desk.candidates.tables[table]
    others = [place for place, column in enumerate(columns) if column != NAME]
    rows = []
    without = []
    for word in words:
        matches = alike(vocabulary, word, MOST_ALIKE)
        without += [] if matches else [f"«{word}»"]
        for place, score in matches:
            row = desk.candidates.row_of(table, vocabulary.names[place])
            rows.append((word, vocabulary.names[place], f"{score:.{digits}f}", *(row[other] for other in others)))
    names = ("searched", NAME, "score", *(columns[other] for other in others))
    return said(
        f"The {MOST_ALIKE} best of {len(vocabulary.names):,} names of {table} for each text, the best first.",
        f"No name is near enough to {', '.join(without)}." if without else "",
        show(names, rows, desk.budget).text if rows else "",
    )
