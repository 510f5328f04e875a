"""The tools over the text split's pinned records, and a browser where one is configured: what models seek with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.models.browsing.corpus import Library
from clinseek_assets.models.browsing.toolboxes import Toolboxes
from clinseek_assets.models.browsing.tools import BrowserTools, version_over
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.table_descriptions import DESCRIPTIONS_FILE
from clinseek_assets.records.tools.candidates import open_candidates
from clinseek_assets.records.tools.descriptions import read_descriptions
from clinseek_assets.records.tools.ehr_tools import EhrTools, tools_version
from clinseek_assets.records.tools.meanings import Meanings
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets.storage import fingerprint

RECORDS_REMEMBERED = 65_536


@dataclass(frozen=True)
class PinnedTools:
    """The EHR tools over pinned records, and the browser tools where a library is given.

    Attributes:
        policy: by which records are cut.
        databases: the folder of patient databases.
        reference: the reference database.
        candidates: the file of candidate tables.
        descriptions: the folder of table descriptions.
        semantic: search by meaning, or None.
        library: what the browser tools search, or None.
    """

    policy: Policy
    databases: Path
    reference: Path
    candidates: Path
    descriptions: Path
    semantic: Meanings | None = None
    library: Library | None = None

    @property
    def version(self) -> str:
        """A hash of the tools' code and limits, the policy, and every file beside the records."""
        own = tools_version(
            self.policy,
            "mimic_iv",
            candidates=open_candidates(self.candidates),
            descriptions=read_descriptions(self.descriptions / DESCRIPTIONS_FILE),
            semantic=self.semantic,
        )
        reference = file_hash(self.reference)
        return fingerprint.of_parts([own, reference or "none", version_over(self.library) if self.library else "none"])

    def record_sha256(self, question: Question) -> str | None:
        """The hash of the patient's database; None where the patient has none."""
        return file_hash(database_path(self.databases, question.subject_id))

    @contextmanager
    def opened(self, question: Question) -> Iterator[Toolbox]:
        """The tools over the question's record.

        Raises:
            DatabaseFault: the patient's database or the reference database is damaged.
            SourceFault: the candidate tables or the descriptions cannot be read.
        """
        with PinnedRecord(Pin.of(question), self.policy, databases=self.databases, reference=self.reference) as record:
            tools = EhrTools(
                record,
                candidates=open_candidates(self.candidates),
                descriptions=read_descriptions(self.descriptions / DESCRIPTIONS_FILE),
                semantic=self.semantic,
            )
            browser = BrowserTools(self.library, fingerprint.of_text(question.qid)) if self.library else None
            yield Toolboxes(tools, browser) if browser else tools


def file_hash(path: Path) -> str | None:
    """The hash of a file's content, worked out once while the file is the same one; None where there is none."""
    try:
        at = path.stat()
    except FileNotFoundError:
        return None
    return _content(path, at.st_ino, at.st_size, at.st_mtime_ns)


@lru_cache(maxsize=RECORDS_REMEMBERED)
def _content(path: Path, *_its_identity: int) -> str:
    return fingerprint.of_file(path)
