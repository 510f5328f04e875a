"""What a reader chose to see: the filters of the page, as its address holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

import polars

from clinseek_assets.faults import ResultsFault

F1 = polars.col("f1")
SCORES: Mapping[str, polars.Expr] = {
    "right": F1 == 1,
    "partly right": (F1 > 0) & (F1 < 1),
    "wrong": F1 == 0,
    "not scored": F1.is_null(),
}
"""Kinds of scores by name, by the strict F1 of one answer."""
COLUMNS = ("split", "subtask", "model", "arm", "outcome")


@dataclass(frozen=True)
class Choice:
    """The filters: each is "" where everything is wanted.

    Attributes:
        split, subtask, model, arm, outcome: as the columns of the index.
        score: a key of `SCORES`.
        page: 1-based.
    """

    split: str = ""
    subtask: str = ""
    model: str = ""
    arm: str = ""
    outcome: str = ""
    score: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choice:
        """The choice in an address; what it has besides is passed over.

        Raises:
            ResultsFault: the kind of score or the page is none.
        """
        named = {field.name: query[field.name] for field in fields(cls) if field.name in query}
        page = named.pop("page", "1") or "1"
        if not (page.isascii() and page.isdigit() and 0 < int(page) < 1_000_000):
            raise ResultsFault("The address asks for a page that is no number.", mend="Go back to the first page.")
        if named.get("score", "") not in ("", *SCORES):
            raise ResultsFault("The address asks for an unknown kind of score.", mend="Choose one of the list.")
        return cls(**named, page=int(page))

    def of_answers(self, answers: polars.DataFrame) -> polars.DataFrame:
        """The rows of the index that were chosen, of all pages."""
        wanted = [polars.col(name) == value for name in COLUMNS if (value := getattr(self, name))]
        if self.score:
            wanted.append(SCORES[self.score])
        return answers.filter(*wanted) if wanted else answers

    def query(self, **changed: Any) -> str:
        """The address' part for this choice, with some filters changed; what is not filtered is left out."""
        choice = replace(self, **changed)
        kept = {field.name: getattr(choice, field.name) for field in fields(choice)}
        return urlencode({name: value for name, value in kept.items() if value and (name, value) != ("page", 1)})
