"""JSON posted to an endpoint that is no model, with a few attempts, each told before its first byte leaves.

No redirect is followed, since it would lead to a host that nobody vouched for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx

CONNECT_SECONDS = 10.0
ATTEMPTS, PAUSE_SECONDS = 3, 0.5
AGAIN = frozenset({408, 429, 500, 502, 503, 504})

Leaving = Callable[[int, str], None]
"""Told how many bytes are about to leave, and the hash of the question that they are about, before they do."""


class NoAnswer(Exception):
    """No attempt was answered with 200.

    Args:
        status: the last HTTP status; None where there was no answer at all.
    """

    def __init__(self, status: int | None) -> None:
        super().__init__("no answer" if status is None else f"HTTP {status}")
        self.status = status


@dataclass(frozen=True)
class JsonPosts:
    """How one endpoint is posted to.

    Attributes:
        url: where it is.
        key: what it asks for as a bearer token, or None.
        leaving: told of each attempt before it is sent.
        seconds: how long an attempt may take.
        most_bytes: an answer is cut where it is longer.
    """

    url: str
    key: str | None
    leaving: Leaving
    seconds: float
    most_bytes: int

    def answer(self, body: bytes, qid_sha256: str) -> bytes:
        """The content of the endpoint's answer, asked for up to `ATTEMPTS` times.

        Raises:
            NoAnswer: there was none.
        """
        status = None
        plain = not self.url.startswith("https:")
        timeout = httpx.Timeout(self.seconds, connect=CONNECT_SECONDS)
        with httpx.Client(timeout=timeout, trust_env=not plain, follow_redirects=False) as http:
            for attempt in range(ATTEMPTS):
                time.sleep(PAUSE_SECONDS * attempt)
                self.leaving(len(body), qid_sha256)
                try:
                    status, content = self._sent(http, body)
                except httpx.HTTPError:
                    status = None
                    continue
                if status == httpx.codes.OK:
                    return content
                if status not in AGAIN:
                    break
        raise NoAnswer(status)

    def _sent(self, http: httpx.Client, body: bytes) -> tuple[int, bytes]:
        """Status and body of one attempt."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        content = bytearray()
        with http.stream("POST", self.url, content=body, headers=headers) as answer:
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > self.most_bytes:
                    break
        return answer.status_code, bytes(content)
