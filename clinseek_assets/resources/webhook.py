"""Posting a message to a webhook: a few attempts, each with a time limit, and never a fault for whoever has news.

Messages hold counts and names of jobs, arms and models: nothing of a patient, a question or an answer. No redirect is
followed, and the address, which whoever knows it can post to, is never repeated.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from clinseek_assets.models.endpoints.wire import retry_after

SECONDS, CONNECT_SECONDS = 10.0, 5.0
PAUSES = (0.0, 1.0, 4.0)  # before each attempt
LONGEST_PAUSE = 15.0  # a sensor's tick has a minute in all
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Delivery:
    """What came of a message.

    Attributes:
        done: whether it was taken.
        told: the same in words: the last status, or the kind of error.
        attempts: how often it was sent.
    """

    done: bool
    told: str
    attempts: int


def post(url: str, message: Mapping[str, Any], pauses: tuple[float, ...] = PAUSES) -> Delivery:
    """Post a message as JSON.

    Args:
        url: where to.
        message: the JSON object.
        pauses: how many seconds to wait before each attempt; a server that asks for more is given it, up to 15.
    """
    told, asked = "", 0.0
    with httpx.Client(timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS), follow_redirects=False) as http:
        for attempt, pause in enumerate(pauses, start=1):
            time.sleep(max(pause, min(asked, LONGEST_PAUSE)))
            try:
                answer = http.post(url, json=dict(message), headers={"User-Agent": "clinseek-assets"})
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                told = type(error).__name__
                continue
            told, asked = f"HTTP {answer.status_code}", retry_after(answer.headers)
            if answer.is_success:
                return Delivery(True, told, attempt)
            if answer.status_code not in AGAIN:
                return Delivery(False, told, attempt)
    return Delivery(False, told, len(pauses))
