"""One input as it was found on disk: its state, and whether a table's file opens with the columns that it must have."""

from __future__ import annotations

import csv
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.mimic.source_files import SourceFile

PRESENT, PARTIAL, MISSING, BROKEN = "present", "partial", "missing", "broken"
BY_NAME = "folder's name"


@dataclass(frozen=True)
class Input:
    """One input as it was found.

    Attributes:
        name: what it is.
        setting: the setting that names it.
        state: `present`, `partial` (usable, some files are missing), `missing`, or `broken` (named, but of no use).
        path: where it lies, or None.
        version: as far as it can be told, with how it was told.
        found, expected: how many of the expected files there are.
        lacking: the expected files that are not there.
        faults: why it is broken.
        notices: what else there is to know.
        source: where to get it officially.
        costs: what falls away without it; empty when all is there.
    """

    name: str
    setting: str
    state: str
    path: Path | None = None
    version: str = ""
    found: int = 0
    expected: int = 0
    lacking: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    source: str = ""
    costs: str = ""


def header_fault(source: SourceFile) -> str | None:
    """Why a table's file cannot be used, as far as its first line tells; None where it is well."""
    try:
        with gzip.open(source.path, "rb") if source.compressed else source.path.open("rb") as stream:
            line = stream.readline().decode("utf-8-sig")
    except PermissionError as error:
        return f"{source.path} cannot be opened ({error.strerror})."
    except (OSError, EOFError, zlib.error):
        return f"{source.path} cannot be read{' as gzip' if source.compressed else ''}: download it again."
    except UnicodeDecodeError:
        return f"{source.path} is not text in UTF-8: download it again."
    header = {name.strip().casefold() for name in next(csv.reader([line]), [])}
    needed = [name for name in source.table.column_names if name not in source.table.optional]
    lacking = [name for name in needed if name.casefold() not in header]
    if not lacking:
        return None
    if not header & {name.casefold() for name in source.table.column_names}:
        return f"{source.path} has no header with the columns of {source.table.name}."
    return f"{source.path} lacks the column {', '.join(lacking)}."
