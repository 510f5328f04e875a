"""Taking files of a home away, so that a kill in between loses nothing else and the next call goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing, suppress
from pathlib import Path

from clinseek_assets.locations.home_parts import Nature, part_of
from clinseek_assets.locations.settings import Settings

DATABASE = ".sqlite"
Told = Callable[[int, int], None]


def remove(settings: Settings, files: Iterable[Path], told: Told) -> list[Path]:
    """Remove files, and the folders that are empty then; returns those that went.

    Args:
        settings: of the home that they lie in, and of the inputs that are never touched.
        files: below the home. One that lies elsewhere behind a link, or belongs to an input, stays.
        told: called with files done and files in all.
    """
    home = settings.home.resolve()
    inputs = [root for root in inputs_of(settings) if root != home]
    chosen = [path for path in files if may_go(settings.home, home, inputs, path)]
    gone = []
    # A database's own file comes before its side files by name: it is closed for good first, which takes those along.
    for done, path in enumerate(sorted(chosen), 1):
        if path.suffix == DATABASE:
            fold(path)
        with suppress(FileNotFoundError):
            path.unlink()
            gone.append(path)
        remove_empty(path.parent, settings.home)
        told(done, len(chosen))
    return gone


def may_go(home: Path, real_home: Path, inputs: Sequence[Path], path: Path) -> bool:
    """Whether a file lies in the home itself, and is neither a source nor part of what the user named as an input.

    Args:
        home: as the file's path has it.
        real_home, inputs: with all links followed.
        path: the file.
    """
    folder = path.parent.resolve()
    if not folder.is_relative_to(real_home) or part_of(home, path).nature is Nature.SOURCE:
        return False
    return not any(folder.is_relative_to(root) for root in inputs)


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
