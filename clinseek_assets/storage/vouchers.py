"""Vouchers: signed records of what a program of ours wrote, file by file.

The signature is a hash over the purpose and all of the content, and the content covers every file's SHA-256. It guards
against mixing up and changed files. It is no proof against somebody who wants to pass other data off as these files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from clinseek_assets.storage.fingerprint import of_value


@dataclass(frozen=True)
class Voucher:
    """A voucher that was read: its content, and whether its signature fits it."""

    content: dict[str, Any]
    signed: bool

    @property
    def files(self) -> dict[str, str]:
        """Name -> SHA-256."""
        return dict(self.content["files"])

    @cached_property
    def digests(self) -> frozenset[str]:
        """The SHA-256 of all files that it vouches for; none where its signature does not fit."""
        return frozenset(self.files.values()) if self.signed else frozenset()


def sign(purpose: str, content: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    """A voucher's content: the purpose, `content`, the files (name -> SHA-256), and the signature over all of it."""
    unsigned = {"purpose": purpose, **content, "files": dict(files)}
    return {**unsigned, "signature": _signature(unsigned)}


def read_voucher(path: Path, purpose: str) -> Voucher | None:
    """The voucher in a file, or None where there is none of this purpose."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("purpose") != purpose or not isinstance(content.get("files"), dict):
        return None
    return Voucher(content, signed=content.get("signature") == _signature(content))


def _signature(content: Mapping[str, Any]) -> str:
    unsigned = {key: value for key, value in content.items() if key != "signature"}
    return of_value([content.get("purpose"), unsigned])
