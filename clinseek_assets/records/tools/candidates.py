"""The candidate tables, to be searched by plain text and by likeness. Read once a process."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from clinseek_assets.records import sqlite_tables
from clinseek_assets.records.sqlite_tables import quoted
from clinseek_assets.records.tools.plain_text import contains

NAME = "candidate"
# How alike two names are: mostly whether the words looked for are there, and a little whether there are others.
WORDS, WHOLE = 0.75, 0.25
ALIKE = 76  # of 100, from which a word is taken for a misspelling of another
BEGINS_ALIKE = 90  # what a word counts that begins with the one that is looked for
SHORTEST_BEGINNING = 3
MOST_WORDS = 30
AMONG_EQUALS = 20
LAST_CHARACTER = "\U0010ffff"

Match = tuple[int, float]
"""The place of a name among `Vocabulary.names`, and how good it is."""


class SearchableNames(Protocol):
    """Candidate tables, wherever their names come from.

    Attributes:
        tables: table -> its columns; none where there is no vocabulary.
        rows: table -> how many rows it has.
    """

    tables: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, int]

    @property
    def fingerprint(self) -> str:
        """A hash of the content."""

    def vocabulary(self, table: str) -> Vocabulary:
        """The names of a table, to be searched by likeness."""

    def with_keyword(self, table: str, keyword: str, start: int, most: int) -> tuple[list[Sequence[Any]], int]:
        """Rows that contain a keyword from a place on, one a name, and how many there are."""

    def row_of(self, table: str, name: str) -> tuple[Any, ...]:
        """The first row of a name that the table has."""


class Candidates:
    """The candidate tables of one file.

    Args:
        path: the SQLite file.

    Raises:
        SourceFault: it is missing or no such file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.rows: Mapping[str, int] = sqlite_tables.row_counts(path)
        self.tables: Mapping[str, tuple[str, ...]] = {name: self._columns(name) for name in sorted(self.rows)}
        self._fingerprint = sqlite_tables.content_fingerprint(path)
        self._vocabularies: dict[str, Vocabulary] = {}
        self._preparing = Lock()

    @property
    def fingerprint(self) -> str:
        """A hash of the file's content."""
        return self._fingerprint

    def vocabulary(self, table: str) -> Vocabulary:
        """The names of a table, prepared when it is first searched."""
        with self._preparing:  # once, however many questions are asked at a time
            if table not in self._vocabularies:
                names = self._select(f"SELECT DISTINCT {NAME} FROM {quoted(table)} ORDER BY {NAME}")
                self._vocabularies[table] = Vocabulary([name for (name,) in names])
            return self._vocabularies[table]

    def with_keyword(self, table: str, keyword: str, start: int, most: int) -> tuple[list[Sequence[Any]], int]:
        """Rows in which a column contains the keyword, one a name, the shortest names first.

        Returns:
            At most `most` rows from the place `start` on (the first is 0), and how many there are.
        """
        found = contains(keyword)
        condition = " OR ".join(found.condition_on(quoted(column)) for column in self.tables[table])
        values = found.values * len(self.tables[table])
        one_a_name = f"SELECT min(rowid) AS first FROM {quoted(table)} WHERE {condition} GROUP BY {NAME}"
        rows = self._select(
            f"WITH found AS MATERIALIZED ({one_a_name}) "
            "SELECT (SELECT count(*) FROM found), named.* "
            f"FROM found JOIN {quoted(table)} AS named ON named.rowid = first "
            f"ORDER BY length({NAME}), {NAME} LIMIT {most} OFFSET {start}",
            values,
        )
        if rows or not start:
            return [row for _, *row in rows], rows[0][0] if rows else 0
        ((total,),) = self._select(f"SELECT count(*) FROM ({one_a_name})", values)  # a page behind the last one
        return [], total

    def row_of(self, table: str, name: str) -> tuple[Any, ...]:
        """The first row of a name that the table has."""
        return self._select(f"SELECT * FROM {quoted(table)} WHERE {NAME} = ? ORDER BY rowid LIMIT 1", (name,))[0]

    def _columns(self, table: str) -> tuple[str, ...]:
        return tuple(name for (name,) in self._select("SELECT name FROM pragma_table_info(?)", (table,)))

    def _select(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return sqlite_tables.rows_of(self._path, statement, values)


class Vocabulary:
    """Names, to be searched by likeness.

    Args:
        names: each once.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        words = words_of_each(names)
        self._written = [" ".join(of_name) for of_name in words]
        self._sorted = [" ".join(sorted(of_name)) for of_name in words]
        places: dict[str, list[int]] = {}
        for place, of_name in enumerate(words):
            for word in set(of_name):
                places.setdefault(word, []).append(place)
        self._words = sorted(places)
        self._places = [numpy.array(places[word], dtype=numpy.int32) for word in self._words]

    def alike(self, text: str, most: int) -> list[Match]:
        """The names most like a text, the best first, each with a score up to 100.

        Each word of the text counts by its length with the name's word that is most like it, misspelt or cut off as it
        may be; names of few other words go before names of many.
        """
        wanted = words_of(text)[:MOST_WORDS]
        if not wanted or not self.names:
            return []
        likeness = process.cdist(wanted, self._words, scorer=fuzz.ratio, score_cutoff=ALIKE, dtype=numpy.float32)
        total = sum(map(len, wanted))
        scores = WHOLE * self._as_a_whole(wanted)
        for word, of_word in zip(wanted, likeness, strict=True):
            scores += WORDS * len(word) / total * self._of_word(word, of_word)
        return self._in_order(wanted, best_of(scores, most + AMONG_EQUALS))[:most]

    def _in_order(self, wanted: Sequence[str], matches: list[Match]) -> list[Match]:
        """Of equally good matches those first whose words stand in the same order."""
        text = " ".join(wanted)
        return sorted(matches, key=lambda match: (-round(match[1], 3), -fuzz.ratio(text, self._written[match[0]])))

    def _as_a_whole(self, wanted: Sequence[str]) -> NDArray[numpy.float32]:
        found = process.cdist([" ".join(sorted(wanted))], self._sorted, scorer=fuzz.ratio, dtype=numpy.float32)
        return found[0]

    def _of_word(self, word: str, likeness: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
        """For each name how like its likest word is."""
        if len(word) >= SHORTEST_BEGINNING:
            begun = slice(bisect_left(self._words, word), bisect_left(self._words, word + LAST_CHARACTER))
            likeness[begun] = numpy.maximum(likeness[begun], BEGINS_ALIKE)
        likest = numpy.zeros(len(self.names), dtype=numpy.float32)
        near = numpy.flatnonzero(likeness)
        for place in near[numpy.argsort(likeness[near], kind="stable")]:
            likest[self._places[place]] = likeness[place]
        return likest

    @cached_property
    def content(self) -> str:
        """All names as one text, for a hash of them."""
        return "\0".join(self.names)


def best_of(scores: NDArray[numpy.float32], most: int) -> list[Match]:
    """The places of the highest scores, the highest first; of equal ones the first."""
    order = numpy.argsort(-scores, kind="stable")[:most]
    return [(int(place), float(scores[place])) for place in order]


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: whatever their case, width or accents' coding."""
    return words_of_each([text])[0]


def words_of_each(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text; all texts are taken at once, since there are 100,000 of them."""
    lines = "\n".join(text.replace("\n", " ") for text in texts)
    if not unicodedata.is_normalized("NFKC", lines):
        lines = unicodedata.normalize("NFKC", lines)
    return [line.split() for line in re.sub(r"[^\w\s]", " ", lines.casefold()).split("\n")]


def open_candidates(path: Path) -> Candidates:
    """The candidate tables in a file, read again only when it was replaced.

    Raises:
        SourceFault: it is missing or no such file.
    """
    try:
        status = path.stat()
    except OSError:
        return Candidates(path)  # which tells what is wrong
    return _opened(path, status.st_ino, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _opened(path: Path, *identity: int) -> Candidates:
    return Candidates(path)
