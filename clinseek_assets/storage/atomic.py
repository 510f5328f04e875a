"""Files appear whole or not at all: written under a temporary name beside their place, then renamed.

Everything made from credentialed data is private to its owner: files 0600, folders 0700.
"""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
UNFINISHED = ".unfinished-"
_MAKING = threading.Lock()


def private_folder(folder: Path) -> Path:
    """Make `folder` and its missing parents, readable by their owner only; return it."""
    if not folder.is_dir():
        private_folder(folder.parent)  # `parents=True` would make them readable by others
        folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return folder


def private_database(path: Path) -> Path:
    """Make an empty file for SQLite where there is none, with its folder; SQLite gives its side files the same mode.

    A file that is there is never opened: to close it again would give up all locks that SQLite holds on it for this
    process (that is how POSIX locks work). The next process to close the database would take itself for the last one,
    and take the write-ahead log away while this one writes to it.
    """
    private_folder(path.parent)
    with _MAKING, suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE_FILE))
    return path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it replaces `path` at once, on any error it is removed.

    A killed process leaves only a file whose name starts with `.unfinished-`, which nobody reads and `sweep` removes.
    """
    private_folder(path.parent)
    temporary = path.with_name(f"{UNFINISHED}{uuid.uuid4().hex[:12]}-{path.name}")
    try:
        yield temporary
        temporary.chmod(PRIVATE_FILE)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sweep(folder: Path) -> int:
    """Remove what killed runs left unfinished in `folder` itself; return how many files that were.

    Only for who has the folder to itself (see `sole_use`): the unfinished file of a live run looks no different.
    """
    leftovers = list(folder.glob(f"{UNFINISHED}*")) if folder.is_dir() else []
    for leftover in leftovers:
        leftover.unlink(missing_ok=True)
    return len(leftovers)
