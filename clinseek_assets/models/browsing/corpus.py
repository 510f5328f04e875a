"""A local corpus: a folder of documents behind a full-text index (SQLite FTS5, BM25). Nothing leaves the machine.

The index is one private file a content: it is named by a hash over all documents' bytes, so that a changed folder gets
another index and an unchanged one is never read again.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clinseek_assets.models.browsing.documents import corpus_files, documents_of
from clinseek_assets.models.browsing.pages import Page
from clinseek_assets.storage.atomic import private_folder, whole_file, write_text
from clinseek_assets.storage.fingerprint import of_code, of_file, of_parts, of_value

SCHEMA = """
CREATE TABLE pages (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE VIRTUAL TABLE words USING fts5(
    title, text, content='pages', content_rowid='id', tokenize="porter unicode61 remove_diacritics 2"
);
"""
# A word of the title counts as much as five of the text; ties go by the order of the files.
SEARCH = """
SELECT pages.name, pages.title, snippet(words, 1, '', '', ' … ', 40)
FROM words JOIN pages ON pages.id = words.rowid
WHERE words MATCH ? ORDER BY bm25(words, 5.0, 1.0), words.rowid LIMIT ?
"""
WORD = re.compile(r"\w+")
MOST_WORDS = 40  # of a query; more would only make it slower


@dataclass(frozen=True)
class Hit:
    """One result of a search.

    Attributes:
        name, title: the page's.
        snippet: words around what was found.
        page: the page itself, where the library gave it along.
    """

    name: str
    title: str
    snippet: str
    page: Page | None = None


class Library(Protocol):
    """Where pages come from."""

    @property
    def version(self) -> str:
        """A hash of all that decides what is found: part of an answer's identity."""

    @property
    def description(self) -> str:
        """What it is, as a model is told."""

    def search(self, query: str, most: int, qid_sha256: str) -> Sequence[Hit]:
        """The best pages for a query, best first.

        Raises:
            Unavailable: there is no answer now.
        """

    def page(self, hit: Hit) -> Page | None:
        """The page of a result; None where it is not there any more."""


class Unavailable(Exception):
    """The library has no answer now; the text is fit to be shown to a model."""


@dataclass(frozen=True)
class Corpus:
    """An indexed folder.

    Attributes:
        index: the file of the index.
        version: hash of the documents' content and of the code that reads them.
    """

    index: Path
    version: str
    description: str = "a local collection of medical texts"

    @classmethod
    def over(cls, folder: Path, cache: Path) -> Corpus:
        """The index of a folder, made in `cache` if it is not there yet.

        Raises:
            SettingsFault: the folder holds no document, or one that cannot be read.
        """
        version = _version(folder, cache)
        index = cache / f"{version}.sqlite"
        if not index.is_file():
            _build(folder, index)
        return cls(index, version)

    def search(self, query: str, most: int, qid_sha256: str = "") -> list[Hit]:
        """The pages that hold any of the words, best first: by BM25, words stemmed, accents and case aside."""
        words = [f'"{word}"' for word in dict.fromkeys(WORD.findall(query.casefold()))][:MOST_WORDS]
        if not words:
            return []
        with self._opened() as db:
            return [Hit(*row) for row in db.execute(SEARCH, (" OR ".join(words), most))]

    def page(self, hit: Hit) -> Page | None:
        """The page of a result, by its name."""
        with self._opened() as db:
            row = db.execute("SELECT name, title, text FROM pages WHERE name = ?", (hit.name,)).fetchone()
        return Page(*row) if row else None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own for each question: tools run in many threads."""
        with closing(sqlite3.connect(f"{self.index.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            yield db


def _version(folder: Path, cache: Path) -> str:
    """The hash of the folder's content; kept beside the index under the files' sizes and times, to be found at once."""
    from clinseek_assets.models.browsing import corpus, documents, pages

    root = folder.resolve()
    files = {path.relative_to(root).as_posix(): path for path in corpus_files(folder)}
    code = of_code(corpus, documents, pages)
    stats = {name: [path.stat().st_size, path.stat().st_mtime_ns] for name, path in files.items()}
    kept = private_folder(cache) / f"{of_value([str(root), stats, code])}.version"
    if kept.is_file():
        return kept.read_text(encoding="ascii")
    version = of_parts([code, *(f"{name} {of_file(path)}" for name, path in files.items())])
    write_text(kept, version)
    return version


def _build(folder: Path, index: Path) -> None:
    """Read all documents into a new index, whole or not at all."""
    with whole_file(index) as unfinished, closing(sqlite3.connect(unfinished)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {SCHEMA}")
        for path in corpus_files(folder):
            pages = ((page.name, page.title, page.text) for page in documents_of(path, folder))
            db.executemany("INSERT INTO pages (name, title, text) VALUES (?, ?, ?)", pages)
        db.executescript("INSERT INTO words (words) VALUES ('rebuild'); INSERT INTO words (words) VALUES ('optimize');")
        db.commit()
