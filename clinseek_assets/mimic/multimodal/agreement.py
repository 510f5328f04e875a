"""How far a manifest agrees with the sources that it was made from: a row a question and point, and their counts.

The manifest stays the law. A disagreement says that the sources on this disk were built otherwise than those of the
release (another version of MIMIC-IV, another seed), so that records may hold less than the questions presume.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas


@dataclass(frozen=True)
class Point:
    """One point on which one question was compared.

    Attributes:
        row_number: the question's place in the manifest.
        what: the point, e.g. `label`.
        agrees: whether the source says the same.
    """

    row_number: int
    what: str
    agrees: bool


@dataclass(frozen=True)
class Count:
    """How many questions were compared on a point, and how many agree."""

    compared: int
    agree: int

    def __str__(self) -> str:
        return f"{self.agree:,} of {self.compared:,}"


def agreement_frame(points: Iterable[Point]) -> pandas.DataFrame:
    """The points as a frame with the columns row_number, what, agrees, in their order."""
    frame = pandas.DataFrame(list(points), columns=["row_number", "what", "agrees"])
    return frame.astype({"row_number": "int64", "what": "str", "agrees": "bool"})


def counts(agreement: pandas.DataFrame) -> dict[str, Count]:
    """Point -> how many questions were compared and agree, in the order in which points first occur."""
    return {
        str(what): Count(len(rows), int(rows["agrees"].sum())) for what, rows in agreement.groupby("what", sort=False)
    }


def first_disagreements(agreement: pandas.DataFrame, most: int = 10) -> list[int]:
    """The row numbers of the first questions that disagree on any point."""
    return sorted(set(agreement.loc[~agreement["agrees"], "row_number"].tolist()))[:most]
