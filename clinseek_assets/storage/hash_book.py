"""Hashes of large files, each read once: a file is hashed again only when the file system says that it changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinseek_assets.storage.atomic import private_folder, write_text
from clinseek_assets.storage.fingerprint import of_file


@dataclass(frozen=True)
class HashBook:
    """The hashes of some files, kept in one JSON file: path -> size, time of last change, SHA-256."""

    path: Path

    def hashes(self, files: Sequence[Path]) -> list[str]:
        """The SHA-256 of each file, in their order; «absent» for one that is not there.

        A file that is changed while it is hashed is hashed again the next time.
        """
        known = self._known()
        told: dict[str, list[Any]] = {}
        for file in files:
            stamp = stamp_of(file)
            kept = known.get(str(file))
            if stamp is None:
                continue
            told[str(file)] = kept if kept and kept[:2] == stamp else [*stamp, of_file(file)]
        if told != known:
            private_folder(self.path.parent)
            write_text(self.path, json.dumps(told))
        return [told[str(file)][2] if str(file) in told else "absent" for file in files]

    def unread(self, files: Iterable[Path]) -> int:
        """How many bytes `hashes` would have to read."""
        known = self._known()
        stamps = [(known.get(str(file)), stamp_of(file)) for file in files]
        return sum(stamp[0] for kept, stamp in stamps if stamp and not (kept and kept[:2] == stamp))

    def _known(self) -> dict[str, list[Any]]:
        try:
            known = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # not there yet, or damaged: every file is read again
        return known if isinstance(known, dict) else {}


def stamp_of(file: Path) -> list[int] | None:
    """Size in bytes and time of last change in nanoseconds; None where there is no file."""
    try:
        status = file.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]
