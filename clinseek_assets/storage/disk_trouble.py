"""A disk that is full, or that may not be written to: told alike, whichever library met it."""

from __future__ import annotations

from collections.abc import Iterator

from clinseek_assets.faults import Fault

KEPT = "What is finished is kept: the same command continues from there."
# As the system, SQLite and DuckDB say it -> what it is, and the mend. Their own texts may hold names of files: they
# are not passed on.
TOLD = {
    ("No space left on device", "disk is full", "Disk quota exceeded", "File too large", "database or disk is full"): (
        "The disk is full.",
        f"Make room (`clinseek clean` says what can go). {KEPT}",
    ),
    # SQLite says no more where the disk has no room for its shared memory, or where the disk itself fails.
    ("disk I/O error",): (
        "The disk is full, or it fails: a database below CLINSEEK_HOME could not be read or written.",
        f"Make room (`clinseek clean` says what can go); with room left, look at the disk. {KEPT}",
    ),
    ("Read-only file system", "readonly database", "read-only database"): (
        "The disk, or CLINSEEK_HOME on it, is read-only.",
        f"Make it writable, or name another folder as CLINSEEK_HOME. {KEPT}",
    ),
    ("Permission denied", "Operation not permitted"): (
        "A file or folder may not be read or written by this user.",
        f"One home serves one user: let it belong to you, or name a folder of your own as CLINSEEK_HOME. {KEPT}",
    ),
    ("unable to open database file",): (
        "A database below CLINSEEK_HOME cannot be opened.",
        f"Check the permissions of the folder and the room on the disk. {KEPT}",
    ),
    ("database is locked",): (
        "A database below CLINSEEK_HOME is in use by another process for too long.",
        f"Look for other runs over this home, and stop one. {KEPT}",
    ),
}


def disk_trouble(error: BaseException) -> Fault | None:
    """The fault that an error comes from, if the disk is to blame for it or for what it was raised from."""
    for each in _behind(error):
        text = str(each)
        for signs, (what, mend) in TOLD.items():
            if any(sign in text for sign in signs):
                return Fault(what, mend=mend)
    return None


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
