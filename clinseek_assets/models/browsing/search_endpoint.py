"""A search endpoint as the library of the browser tools.

Contract: `POST url` with `{"query": text, "topn": number}` and, where the entry names a key, `Authorization: Bearer
key`; the answer is `{"results": [{"title": text, "url": text, "text": text}, …]}`, best first, each with the page's
whole text. Only pages that a search gave can be opened: no address that a model makes up is ever fetched, and no
redirect is followed, since it would lead to a host that nobody vouched for.

A query is asked once: what came back is kept in a private file, so that an exchange which is replayed reads the same.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from clinseek_assets.locations.data_class import DataClass
from clinseek_assets.models.browsing.corpus import Hit, Unavailable
from clinseek_assets.models.browsing.pages import Page, one_line
from clinseek_assets.models.egress import Destination, admit
from clinseek_assets.storage.atomic import private_database
from clinseek_assets.storage.fingerprint import of_text, of_value

SECONDS, CONNECT_SECONDS = 30.0, 10.0
MOST_BYTES = 8_000_000
ATTEMPTS, PAUSE_SECONDS = 3, 0.5
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
SNIPPET = 400
BUSY_SECONDS = 30.0
SCHEMA = "CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, results TEXT NOT NULL) STRICT"

Leaving = Callable[[int, str], None]
"""Told how many bytes are about to leave, and the hash of the question that they are about, before they do."""


class Result(BaseModel):
    """One result, as the contract has it; further keys are not read."""

    model_config = ConfigDict(extra="ignore", strict=True)

    title: str
    url: str
    text: str


RESULTS = TypeAdapter(list[Result])


class SearchEndpoint:
    """A library of pages that an endpoint finds. May be shared by all questions of a run.

    Args:
        entry: the endpoint; its URL must be set.
        key: what it asks for as a bearer token, or None.
        data_class: what a model's queries may be about.
        kept: the file of what was answered so far.
        leaving: told of each query before it is sent.

    Raises:
        EndpointFault: data of this class may not go there.
    """

    description = "the web"

    def __init__(
        self, entry: Destination, *, key: str | None, data_class: DataClass, kept: Path, leaving: Leaving
    ) -> None:
        admit(entry, data_class)
        self._url = str(entry.url)
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._kept = kept
        self._leaving = leaving
        self.version = of_text(f"search endpoint {self._url}")
        with self._opened() as db:
            db.execute(SCHEMA)

    def search(self, query: str, most: int, qid_sha256: str) -> Sequence[Hit]:
        """The endpoint's results for a query, as it ranks them.

        Raises:
            Unavailable: no usable answer came, also not at a later attempt; nothing of it is kept.
        """
        body = json.dumps({"query": query, "topn": most}, ensure_ascii=False).encode("utf-8", "replace")
        asked = of_value([self._url, query, most])
        pages = self._recalled(asked)
        if pages is None:
            pages = [Page(result.url, result.title, result.text) for result in self._asked(body, qid_sha256)][:most]
            self._keep(asked, pages)
        return [Hit(page.name, page.title, one_line(page.text, SNIPPET), page) for page in pages]

    def page(self, hit: Hit) -> Page | None:
        """The page that the search gave along; nothing is fetched for it."""
        return hit.page

    def _asked(self, body: bytes, qid_sha256: str) -> list[Result]:
        """The results, asked for up to `ATTEMPTS` times."""
        told = "The search did not answer."
        plain = not self._url.startswith("https:")
        timeout = httpx.Timeout(SECONDS, connect=CONNECT_SECONDS)
        with httpx.Client(timeout=timeout, trust_env=not plain, follow_redirects=False) as http:
            for attempt in range(ATTEMPTS):
                time.sleep(PAUSE_SECONDS * attempt)
                self._leaving(len(body), qid_sha256)
                try:
                    status, content = self._sent(http, body)
                except httpx.HTTPError:
                    continue
                if status == httpx.codes.OK:
                    return _read(content)
                told = f"The search failed with HTTP {status}."
                if status not in AGAIN:
                    break
        raise Unavailable(f"{told} Go on without it, or try again later.")

    def _sent(self, http: httpx.Client, body: bytes) -> tuple[int, bytes]:
        """Status and body of one attempt; the body is cut where it is longer than any page should be."""
        headers = {**self._headers, "Content-Type": "application/json", "Accept": "application/json"}
        content = bytearray()
        with http.stream("POST", self._url, content=body, headers=headers) as answer:
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > MOST_BYTES:
                    break
        return answer.status_code, bytes(content)

    def _recalled(self, asked: str) -> list[Page] | None:
        with self._opened() as db:
            row = db.execute("SELECT results FROM answers WHERE asked = ?", (asked,)).fetchone()
        return None if row is None else [Page(*page) for page in json.loads(row[0])]

    def _keep(self, asked: str, pages: Sequence[Page]) -> None:
        results = json.dumps([(page.name, page.title, page.text) for page in pages])
        with self._opened() as db:
            db.execute("INSERT OR IGNORE INTO answers VALUES (?, ?)", (asked, results))
            db.commit()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own for each use: tools run in many threads and processes."""
        with closing(sqlite3.connect(private_database(self._kept), timeout=BUSY_SECONDS)) as db:
            yield db


def _read(content: bytes) -> list[Result]:
    """The results of an answer.

    Raises:
        Unavailable: it is not what the contract says, or longer than `MOST_BYTES`.
    """
    try:
        answer: Any = json.loads(content)
        return RESULTS.validate_python(answer["results"])
    except (ValueError, ValidationError, LookupError, TypeError):
        raise Unavailable("The search gave an answer that cannot be read. Go on without it.") from None
