"""Taking files of a home away, so that a kill in between loses nothing else and the next call goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from pathlib import Path

from clinseek_assets.locations.home_parts import Nature, part_of
from clinseek_assets.locations.settings import Settings

DATABASE = ".sqlite"
Told = Callable[[int, int], None]


def remove(settings: Settings, files: Iterable[Path], told: Told) -> int:
    """Remove files, and the folders that are empty then; returns how many files are gone.

    Args:
        settings: of the home that they lie in, and of the inputs that are never touched.
        files: below the home. One that lies elsewhere behind a link, or belongs to an input, stays.
        told: called with files done and files in all.
    """
    chosen = [path for path in files if may_go(settings, path)]
    gone = 0
    # A database's own file comes before its side files by name: it is closed for good first, which takes those along.
    for done, path in enumerate(sorted(chosen), 1):
        if path.suffix == DATABASE:
            fold(path)
        with suppress(FileNotFoundError):
            path.unlink()
        gone += 1
        remove_empty(path.parent, settings.home)
        told(done, len(chosen))
    return gone


def may_go(settings: Settings, path: Path) -> bool:
    """Whether a file lies in the home itself, and is neither a source nor part of what the user named as an input."""
    folder, home = path.parent.resolve(), settings.home.resolve()
    if not folder.is_relative_to(home) or part_of(settings.home, path).nature is Nature.SOURCE:
        return False
    return not any(folder.is_relative_to(root) for root in inputs_of(settings) if root != home)


def inputs_of(settings: Settings) -> list[Path]:
    """Every folder that holds inputs."""
    named = (
        settings.release_root,
        *settings.mimic_roots.values(),
        settings.mimic_cxr_root,
        settings.mimic_cxr_jpg_root,
        settings.ehrxqa_root,
        settings.medmod_root,
        settings.ehr_bench_root,
        settings.corpus,
    )
    return [root.resolve() for root in named if root is not None]


def fold(database: Path) -> None:
    """Take a database out of its write-ahead mode, so that no side file is left for a new one of the same name."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def remove_empty(folder: Path, home: Path) -> None:
    """Remove a folder that is empty now, and those around it that are, up to the home."""
    while folder != home and home in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
