"""The free-text reports of MIMIC-CXR: from folders, or straight out of the one zip that it ships.

The zip holds 227,835 reports. Its directory is read once; a report is then read by its member's name, and nothing is
unpacked. Places are made of ids, so no path of a release leads anywhere.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.multimodal.study_paths import REPORTS, study_folder
from clinseek_assets.storage.fingerprint import of_bytes

ARCHIVE = f"{REPORTS}.zip"
# Where a root may hold them: itself, its version folders, the layout of the published scripts.
PLACES = ("", "mimic-cxr/2.0.0", "2.0.0", "2.1.0", "mimic-cxr/2.1.0")
# PhysioNet has each report beside its study's folder, too.
TREES = (f"{REPORTS}/files", "files")
MEMBERS = ("files", f"{REPORTS}/files")
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
FETCH_AGAIN = f"Fetch {ARCHIVE} (or the report) again, and compare it with the SHA256SUMS.txt of MIMIC-CXR."


def report_archives(root: Path | None) -> list[Path]:
    """The zips of all reports below a root of MIMIC-CXR, the one that is read first."""
    return [path for place in PLACES if (path := root / place / ARCHIVE).is_file()] if root else []


class ReportFault(SourceFault):
    """A report cannot be read.

    Attributes:
        kind: `missing`, `damaged`, `not_utf8`, `empty`, `outside_root` or `unreadable`.
    """

    def __init__(self, kind: str, what: str, *, mend: str = FETCH_AGAIN) -> None:
        super().__init__(what, mend=mend)
        self.kind = kind


@dataclass(frozen=True)
class Member:
    """A report in a zip: the zip's file and the member's name."""

    archive: Path
    name: str

    def __str__(self) -> str:
        return f"{self.archive}!{self.name}"


@dataclass(frozen=True)
class ReportTexts:
    """The reports below one root, or none where no root is named. Nothing is looked at before a report is asked for.

    It remembers which layouts are there: make a new one for each run. Messages tell the kind of trouble and the
    archive; which row asked is added by whoever asks.
    """

    root: Path | None

    @classmethod
    def of(cls, root: Path) -> ReportTexts:
        """The reports below `root`, the folder of MIMIC-CXR, looked at once now.

        Raises:
            ReportFault: there are neither reports nor their zip, or the zip is damaged.
        """
        reports = cls(root)
        if not reports._trees and reports._archive is None:
            raise ReportFault(
                "missing",
                f"{root} holds neither {ARCHIVE} nor a tree files/p…/p…/s….txt of reports.",
                mend=f"Fetch {ARCHIVE} of MIMIC-CXR (150 MB) into that folder; it is read as it is.",
            )
        return reports

    def path_or_member(self, subject_id: int, study_id: int) -> Path | Member | None:
        """Where a study's report lies: a file before a member of the zip; None where there is none."""
        tail = f"{study_folder(subject_id, study_id)}.txt"
        for tree in self._trees:
            if (path := tree / tail).is_file():
                return path
        if self._archive is not None:
            for folder in MEMBERS:
                if (name := f"{folder}/{tail}") in self._archive.NameToInfo:
                    return Member(Path(str(self._archive.filename)), name)
        return None

    def locate(self, subject_id: int, study_id: int) -> str | None:
        """As `path_or_member`, as text."""
        place = self.path_or_member(subject_id, study_id)
        return None if place is None else str(place)

    def read(self, subject_id: int, study_id: int) -> bytes:
        """The report's bytes.

        Raises:
            ReportFault: it is not there, cannot be read, or is empty.
        """
        place = self.path_or_member(subject_id, study_id)
        if place is None:
            below = f"below {self.root}" if self.root else "(no folder of MIMIC-CXR is named)"
            raise ReportFault("missing", f"The report is neither in a folder nor in {ARCHIVE} {below}.")
        content = self._bytes_of_member(place) if isinstance(place, Member) else self._bytes_of_file(place)
        if not content.strip():
            raise ReportFault("empty", "The report is empty.")
        return content

    def text(self, subject_id: int, study_id: int) -> str:
        """The report's text, line ends made `\\n`.

        Raises:
            ReportFault: as for `read`, or it is not UTF-8.
        """
        content = self.read(subject_id, study_id)
        try:
            return content.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise ReportFault("not_utf8", f"The report is not UTF-8: the first wrong byte is on line {line}.") from None

    def sha256(self, subject_id: int, study_id: int) -> str:
        """SHA-256 of the report's bytes; raises as `read`."""
        return of_bytes(self.read(subject_id, study_id))

    @cached_property
    def _trees(self) -> tuple[Path, ...]:
        if self.root is None:
            return ()
        trees = (self.root / place / tree for place in PLACES for tree in TREES)
        return tuple(tree for tree in trees if tree.is_dir())

    @cached_property
    def _archive(self) -> zipfile.ZipFile | None:
        path = next(iter(report_archives(self.root)), None)
        if path is None:
            return None
        try:
            return zipfile.ZipFile(path)
        except DAMAGED:
            raise ReportFault("damaged", f"{path} is not a whole zip: it was cut, or is something else.") from None
        except OSError as error:
            raise ReportFault("unreadable", f"{path} cannot be opened ({error.strerror}).") from None

    def _bytes_of_file(self, path: Path) -> bytes:
        if self.root is None or not path.resolve().is_relative_to(self.root.resolve()):
            raise ReportFault("outside_root", f"The report is a link that leads out of {self.root}.")
        try:
            return path.read_bytes()
        except OSError as error:
            raise ReportFault("unreadable", f"The report cannot be opened ({error.strerror}).") from None

    def _bytes_of_member(self, member: Member) -> bytes:
        assert self._archive is not None
        try:
            return self._archive.read(member.name)
        except DAMAGED:
            raise ReportFault("damaged", f"The report in {member.archive} is damaged.") from None
        except OSError as error:
            raise ReportFault("unreadable", f"{member.archive} cannot be read ({error.strerror}).") from None
