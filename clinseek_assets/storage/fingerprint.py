"""Fingerprints: short hashes of content, by which a re-run knows that nothing has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

CHUNK = 1 << 20


def of_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def of_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def of_bytes(data: bytes) -> str:
    """SHA-256 of bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def of_value(value: Any) -> str:
    """SHA-256 of a JSON value in its canonical form (sorted keys, no spaces; what JSON lacks is taken as text)."""
    return of_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str))


def of_parts(parts: Iterable[str]) -> str:
    """SHA-256 over several fingerprints or names, in their order."""
    return of_value(list(parts))


def of_code(*modules: Any) -> str:
    """SHA-256 of the source files of Python modules: a change of a rule's code makes what it built stale."""
    return of_parts(of_file(Path(module.__file__)) for module in modules)
