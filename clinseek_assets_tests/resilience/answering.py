"""A model on loopback that names each request in its answer, so that journals can be held against what came in.

A request's name is a hash of its body. It stands in the text of the answer, which a journal keeps: what a journal holds
and what came in are compared without either knowing of the other.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from clinseek_assets_tests.models.faulty_server import called, serving_faults

NAMED = re.compile(r"request ([0-9a-f]{16})")
ROUNDS = 2  # lookups before an answer, where there are tools


@dataclass
class Record:
    """What came in, in its order, by name."""

    arrived: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def say(self, body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
        """The next message: a lookup or two where there are tools, then an answer."""
        name = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]
        with self.lock:
            self.arrived.append(name)
        place = sum(message["role"] == "assistant" for message in body["messages"])
        if body.get("tools") and place < ROUNDS:
            tool = body["tools"][int(name, 16) % len(body["tools"])]["function"]["name"]
            return {**called(place, tool, "{}"), "content": f"This is request {name}."}
        answer = ("yes", "no")[int(name, 16) % 2]
        return {"role": "assistant", "content": f"This is request {name}.\n<answer>\n{answer}\n</answer>"}

    def counted(self) -> Counter[str]:
        """How often each request came in."""
        with self.lock:
            return Counter(self.arrived)


@contextmanager
def answering(seconds: float, **faults: Any) -> Iterator[tuple[Record, str]]:
    """The record and the address of a running model.

    Args:
        seconds: how long an answer takes.
        faults: as `serving_faults` takes them; by default it never fails.
    """
    record = Record()
    with serving_faults(7, script=record.say, seconds=seconds, **{"most_faults": 0, **faults}) as server:
        yield record, server.url


def models_file(path: Path, url: str, names: Sequence[str], concurrency: int, **campaign: Any) -> Path:
    """A registry of models at that address."""
    attestation = {
        **{"location": "local", "retention": "none", "training": False, "human_review": False},
        "date": dt.date(2026, 1, 31),
    }
    models = [
        {
            "name": name,
            "dialect": "openai_chat",
            "enabled": True,
            "base_url": url,
            "model_id": name,
            "max_concurrency": concurrency,
            "attestation": attestation,
        }
        for name in names
    ]
    path.write_text(yaml.safe_dump({"models": models, **({"campaign": campaign} if campaign else {})}))
    return path


def journalled(home: Path) -> set[str]:
    """The names of all requests whose answers the journals of a home hold."""
    found: set[str] = set()
    for journal in (home / "assets" / "predictions").glob("*/*/*/journal.sqlite"):
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True, timeout=60)) as database:
            try:
                for (text,) in database.execute("SELECT text FROM completions"):
                    found.update(NAMED.findall(text))
            except sqlite3.OperationalError:
                continue  # just being made
    return found
