"""What the tools of one question work with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.sqlite_tables import quoted
from clinseek_assets.records.tools.candidates import SearchableNames
from clinseek_assets.records.tools.conditions import EVERY_ROW, Condition
from clinseek_assets.records.tools.descriptions import Descriptions
from clinseek_assets.records.tools.meanings import Meanings
from clinseek_assets.records.tools.mistakes import Mistake, found_name
from clinseek_assets.records.tools.showing import LARGEST_PAGE, Paged, page_size, show_page

NOTE_COLUMN = "text"
LARGEST_PAGE_OF_NOTES = 10


@dataclass
class Desk:
    """A record with what stands beside it.

    Attributes:
        record: of the question.
        candidates: the vocabularies.
        descriptions: what tables and columns mean.
        meanings: search by meaning, where it is configured.
        budget: characters of a reply.
    """

    record: PinnedRecord
    candidates: SearchableNames
    descriptions: Descriptions
    meanings: Meanings | None
    budget: int
    _counted: dict[tuple[str, Condition], int] = field(default_factory=dict)

    def table(self, given: str) -> str:
        """The served table that was meant.

        Raises:
            Mistake: there is none of that name.
        """
        if given.strip().casefold() in self.candidates.tables:
            raise Mistake(
                "not_found",
                f"{given.strip()} is a candidate table, not a part of the record. Search it with "
                "ehr.get_candidates_by_keyword or ehr.get_candidates_by_fuzzy_matching.",
            )
        return found_name(given, tuple(self.record.tables), "table in this record")

    def candidate_table(self, given: str) -> str:
        """The candidate table that was meant; its name may be given without its ending.

        Raises:
            Mistake: there is none of that name.
        """
        if not self.candidates.tables:
            raise Mistake("unavailable", "There is no vocabulary of answers for this question.")
        ending = "_candidates"
        name = given.strip()
        if not name.casefold().endswith(ending) and f"{name.casefold()}{ending}" in self.candidates.tables:
            name += ending
        return found_name(name, tuple(self.candidates.tables), "candidate table")

    def column(self, table: str, given: str) -> str:
        """The column that was meant.

        Raises:
            Mistake: the table has none of that name.
        """
        return found_name(given, self.record.tables[table], f"column in {table}")

    @cached_property
    def row_counts(self) -> dict[str, int]:
        """Table -> its visible rows."""
        return {table: self.count(table, EVERY_ROW) for table in self.record.tables}

    def count(self, table: str, condition: Condition) -> int:
        """The rows that fulfil a condition; a record never changes, so each is counted once."""
        if (table, condition) not in self._counted:
            statement = f"SELECT count(*) FROM {quoted(table)} WHERE {condition.sql}"
            ((count,),) = self.record.query(statement, condition.values).rows
            self._counted[table, condition] = count
        return self._counted[table, condition]

    def page_of(self, table: str, condition: Condition, page: int, what: str) -> str:
        """A page of the rows that fulfil a condition, in order of time.

        Args:
            table: the table.
            condition: on its rows.
            page: from 1 on.
            what: what the rows are, in words that go behind «rows».

        Raises:
            Mistake: there is no such page.
        """
        columns = self.record.tables[table]
        most = LARGEST_PAGE_OF_NOTES if NOTE_COLUMN in columns else LARGEST_PAGE
        size = page_size(columns, self.budget, most)
        start = (page - 1) * size
        rows = self._rows(table, condition, start, size + 1)
        ended = len(rows) <= size and (rows or not start)
        total = start + len(rows) if ended else self.count(table, condition)
        column = self.record.time_column(table)
        order = f"earliest {column} first" if column else ""
        return show_page(Paged(columns, rows[:size], start, total, size, what, order, table), self.budget)

    def _rows(self, table: str, condition: Condition, start: int, most: int) -> list[tuple[object, ...]]:
        """Rows from a place on. A record bounds an answer's bytes, and what was cut off is asked for again."""
        column = self.record.time_column(table)
        order = f" ORDER BY {quoted(column)}" if column else ""
        statement = f"SELECT * FROM {quoted(table)} WHERE {condition.sql}{order} LIMIT ? OFFSET ?"
        rows: list[tuple[object, ...]] = []
        while True:
            limits = (most - len(rows), start + len(rows))
            answer = self.record.query(statement, (*condition.values, *limits))
            rows += answer.rows
            if answer.cut is None or not answer.rows or len(rows) == most:
                return rows


def said(*parts: str | Sequence[str]) -> str:
    """Sentences and tables, each on lines of its own; what is empty is left out."""
    lines = [part if isinstance(part, str) else " ".join(filter(None, part)) for part in parts]
    return "\n".join(filter(None, lines))
