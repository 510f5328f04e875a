"""Putting a file into a package: as a copy of its own, or as a second name of the original."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.faults import Fault
from clinseek_assets.release.export.package import PlacedFile
from clinseek_assets.storage.atomic import PRIVATE_FILE, UNFINISHED, private_folder
from clinseek_assets.storage.fingerprint import of_file


@dataclass(frozen=True)
class Way:
    """One way of putting files into a package.

    Attributes:
        name: for the package's own description.
        put: makes the target of the source; the target is not there.
        is_there: whether the target is what `put` would make.
    """

    name: str
    put: Callable[[Path, Path], None]
    is_there: Callable[[Path, Path], bool]


def place(file: PlacedFile, package: Path, way: Way) -> None:
    """Put a file into a package, unless a run before did.

    Args:
        file: what goes where.
        package: the package's folder.
        way: how.

    Raises:
        Fault: the file is not what was verified any more.
        OSError: it cannot be placed in this way; its text names the file, and with it a patient.
    """
    target = package / file.target
    if way.is_there(file.source, target):
        return
    private_folder(target.parent)
    if file.sha256 and of_file(file.source) != file.sha256:
        raise Fault(f"A linked X-ray changed while it was exported to {package}.", mend="Run the same command again.")
    target.unlink(missing_ok=True)
    way.put(file.source, target)


def _copy(source: Path, target: Path) -> None:
    """A copy that is private to its owner and appears whole; its time stamp says later which file it was made of."""
    temporary = target.with_name(f"{UNFINISHED}{uuid.uuid4().hex[:12]}")
    try:
        shutil.copyfile(source, temporary)
        temporary.chmod(PRIVATE_FILE)
        found = source.stat()
        os.utime(temporary, ns=(found.st_atime_ns, found.st_mtime_ns))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _is_copied(source: Path, target: Path) -> bool:
    if not target.is_file() or target.is_symlink():
        return False
    ours, theirs = target.stat(), source.stat()
    same = (ours.st_size, ours.st_mtime_ns) == (theirs.st_size, theirs.st_mtime_ns)
    return same and not os.path.samestat(ours, theirs)


def _link(source: Path, target: Path) -> None:
    os.link(source.resolve(), target)


def _is_linked(source: Path, target: Path) -> bool:
    return target.is_file() and not target.is_symlink() and target.samefile(source)


COPIES = Way("copies", _copy, _is_copied)
HARD_LINKS = Way("hard links", _link, _is_linked)
