"""The EHR tools over the records of the multimodal split: each question's over its own dataset's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.vocabularies import VOCABULARIES
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.models.agent.pinned_tools import file_hash
from clinseek_assets.models.browsing.corpus import Library
from clinseek_assets.models.browsing.toolboxes import Toolboxes
from clinseek_assets.models.browsing.tools import BrowserTools, version_over
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.records.tools.closed_vocabularies import ClosedVocabulary, vocabulary_of
from clinseek_assets.records.tools.descriptions import catalogue_descriptions
from clinseek_assets.records.tools.ehr_tools import EhrTools, tools_version
from clinseek_assets.records.tools.meanings import Meanings
from clinseek_assets.records.tools.specs import Toolbox
from clinseek_assets.storage import fingerprint


@dataclass(frozen=True)
class DatasetTools:
    """The EHR tools over pinned records of several datasets, and the browser tools where a library is given; see
    `tool_source.ToolSource`.

    What tables mean is told by the catalogue. A closed vocabulary can be searched by the questions of its task.

    Attributes:
        policy: by which records are cut.
        files: dataset -> where its records lie.
        semantic: search by meaning, or None.
        library: what the browser tools search, or None.
    """

    policy: Policy
    files: Mapping[str, RecordFiles]
    semantic: Meanings | None = None
    library: Library | None = None

    @property
    def version(self) -> str:
        """A hash of the tools' code and limits, the policy of each dataset, and every file beside the records."""
        return fingerprint.of_parts(
            [
                *(self._version_over(dataset) for dataset in sorted(self.files)),
                *(ClosedVocabulary(name).fingerprint for name in sorted(VOCABULARIES)),
                version_over(self.library) if self.library else "none",
            ]
        )

    def _version_over(self, dataset: str) -> str:
        own = tools_version(
            self.policy,
            dataset,
            candidates=ClosedVocabulary(""),
            descriptions=catalogue_descriptions(dataset),
            semantic=self.semantic,
        )
        return fingerprint.of_parts([dataset, own, file_hash(self.files[dataset].reference) or "none"])

    def record_sha256(self, question: Question) -> str | None:
        """The hash of the patient's database; None where the patient has none."""
        files = self.files.get(question.dataset)
        return None if files is None else file_hash(files.database_of(question.subject_id))

    @contextmanager
    def opened(self, question: Question) -> Iterator[Toolbox]:
        """The tools over the question's record.

        Raises:
            DatabaseFault: the patient's database or the reference database is missing or damaged.
        """
        if question.dataset not in self.files:
            raise DatabaseFault(
                f"There are no records of {question.dataset} here.", mend="Build the patient databases of the dataset."
            )
        with self.files[question.dataset].opened(Pin.of(question), self.policy) as record:
            tools = EhrTools(
                record,
                candidates=vocabulary_of(question.task_type),
                descriptions=catalogue_descriptions(question.dataset),
                semantic=self.semantic,
            )
            browser = BrowserTools(self.library, fingerprint.of_text(question.qid)) if self.library else None
            yield Toolboxes(tools, browser) if browser else tools
