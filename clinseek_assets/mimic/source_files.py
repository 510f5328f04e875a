"""The files of the source tables on disk: which are there, in which form, and what is missing and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.tables import Table
from clinseek_assets.storage import fingerprint

SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True)
class SourceFile:
    """One table's file.

    Attributes:
        table: the catalogue entry.
        path: the `.csv` or `.csv.gz` file.
        notices: what a reader should know about the choice of the file.
        told: the file as messages name it, where its path may not be told (it names a patient).
    """

    table: Table
    path: Path
    notices: tuple[str, ...] = ()
    told: str = ""

    @property
    def compressed(self) -> bool:
        """Whether the file is gzip, by its name."""
        return self.path.suffix == ".gz"

    def stamp(self) -> dict[str, str | int]:
        """What the file system says of the file without reading it: its path, size and time of last change."""
        status = self.path.stat()
        return {"path": str(self.path.absolute()), "size": status.st_size, "mtime_ns": status.st_mtime_ns}

    def fingerprint(self) -> str:
        """A hash of the file's name, size and time of last change: it changes whenever the file is replaced, at no
        cost of reading it, and is the same for a copy elsewhere that kept its time.
        """
        return fingerprint.of_value({**self.stamp(), "path": self.path.name})


@dataclass(frozen=True)
class SourceInventory:
    """What was found of the 41 tables.

    Attributes:
        files: by table name, in the order of the catalogue.
        missing: table name -> why there is no file of it, in one sentence.
        notices: all notices of the files.
    """

    files: dict[str, SourceFile] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def find_source_files(module_roots: Mapping[str, Path]) -> SourceInventory:
    """Look for every table of the catalogue in its module's folder.

    Only the catalogue's names are looked for, so stray files (macOS' `._x.csv`, editors' copies) play no part. Where a
    table lies there both plain and compressed, the newer file is taken and a notice says so.

    Args:
        module_roots: module (`hosp`, `icu`, `ed`, `note`) -> its folder; a module may be absent.
    """
    inventory = SourceInventory()
    for table in TABLES.values():
        root = module_roots.get(table.module)
        candidates = [] if root is None else _files_of(table, root)
        if not candidates:
            inventory.missing[table.name] = _why_missing(table, root)
            continue
        source = newest_of(table, candidates)
        inventory.files[table.name] = source
        inventory.notices.extend(source.notices)
    return inventory


def _files_of(table: Table, root: Path) -> list[Path]:
    return [path for suffix in SUFFIXES if (path := root / f"{table.name}{suffix}").is_file()]


def newest_of(table: Table, candidates: list[Path]) -> SourceFile:
    """Of a table's files, plain and compressed, the newer; where there are two, with a notice."""
    newest = max(candidates, key=lambda path: path.stat().st_mtime_ns)
    if len(candidates) == 1:
        return SourceFile(table, newest)
    times = {path.name: _changed_at(path) for path in candidates}
    told = ", ".join(f"{name} of {time}" for name, time in times.items())
    notice = f"{table.module}/{table.name} lies there twice ({told}): the newer, {newest.name}, is read."
    return SourceFile(table, newest, (notice,))


def _changed_at(path: Path) -> str:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _why_missing(table: Table, root: Path | None) -> str:
    names = " or ".join(f"{table.name}{suffix}" for suffix in SUFFIXES)
    if root is None:
        return f"The folder of module {table.module} is not known."
    if not root.is_dir():
        return f"The folder {root} of module {table.module} does not exist."
    if not os.access(root, os.R_OK | os.X_OK):
        return f"The folder {root} of module {table.module} may not be read by this user."
    return f"There is no {names} in {root}."
