"""What every step of a run is given: the settings, what was found there, the registry, the record of what was made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import pandas

from clinseek_assets.benchmark.groups import MEDMOD
from clinseek_assets.benchmark.manifest_frame import questions_from_frame
from clinseek_assets.benchmark.multimodal.manifest_file import SPLIT as MULTIMODAL
from clinseek_assets.benchmark.multimodal.manifest_frame import questions_from_multimodal_frame
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.ehr_bench import bench_files
from clinseek_assets.faults import Fault
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.troubles import ImageFault
from clinseek_assets.locations.data_class import DataClass, Standing, classify
from clinseek_assets.locations.layout import Layout
from clinseek_assets.locations.settings import Settings
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.multimodal.dataset_files import EXTRACTED, DatasetFiles, DatasetRoots, find_dataset_files
from clinseek_assets.mimic.multimodal.medmod_folders import find_subject_files
from clinseek_assets.mimic.multimodal.radiology_reports import report_archives
from clinseek_assets.mimic.source_files import SourceInventory, find_source_files
from clinseek_assets.models.endpoints.shared_leases import LeaseServer
from clinseek_assets.models.registry import Model, Registry, load_registry
from clinseek_assets.resources.operating import Operating, load_operating
from clinseek_assets.storage.artifacts import Artifacts, OwnArtifacts
from clinseek_assets.storage.fingerprint import of_file, of_text
from clinseek_assets.storage.receipts import ReceiptBook
from clinseek_assets.storage.shared_claims import SharedClaims
from clinseek_assets.storage.store.objects import Objects, open_store
from clinseek_assets.storage.store.published import Published
from clinseek_assets.storage.store.rows import RowStore
from clinseek_assets.storage.store.shared_artifacts import SharedArtifacts


@dataclass(frozen=True)
class Home:
    """One CLINSEEK_HOME with everything that was named beside it.

    Attributes:
        settings: where the inputs and the home lie.
        inventory: the source files that were found, and why each other table is missing.
        registry: the models.
    """

    settings: Settings
    inventory: SourceInventory
    registry: Registry

    @classmethod
    def of(cls, settings: Settings) -> Home:
        """Look at what the settings name.

        Raises:
            Fault: the registry of models, or a source folder, is not as it should be.
        """
        return cls(settings, find_source_files(settings.mimic_roots), load_registry(settings.models_file))

    @property
    def layout(self) -> Layout:
        """Where the graph's files lie."""
        return self.settings.layout

    @cached_property
    def store(self) -> Objects | None:
        """What several machines share; None where this home is all there is.

        Raises:
            StoreFault: nothing that is installed speaks to it, or it lies in this home.
        """
        return None if self.settings.store is None else open_store(self.settings.store, self.layout.home)

    @cached_property
    def rows(self) -> RowStore | None:
        """Through what journals, ledger and verdicts are shared; raises what `store` raises."""
        return None if self.store is None else RowStore(self.store, self.layout.home)

    @property
    def leases(self) -> Path | LeaseServer:
        """By what all processes that use an endpoint keep below its ceiling."""
        url = self.settings.leases
        return self.layout.leases if url is None else LeaseServer(url.get_secret_value())

    @cached_property
    def claims(self) -> SharedClaims | None:
        """By what machines keep off each other's questions; None where there is one machine."""
        url = self.settings.leases
        return None if url is None else SharedClaims(url.get_secret_value(), str(self.settings.store))

    @cached_property
    def artifacts(self) -> Artifacts:
        """What was made so far, here or on any machine that shares the store; raises what `store` raises."""
        own = ReceiptBook(self.layout.assets / "receipts")
        if self.store is None:
            return OwnArtifacts(own)
        return SharedArtifacts(own, Published(self.store, self.layout.home, self.layout.store_memory))

    @property
    def receipts(self) -> ReceiptBook:
        """What was made so far, and from what."""
        return self.artifacts.receipts

    @cached_property
    def datasets(self) -> DatasetFiles:
        """The source files of the multimodal split that were found, and why each other table is missing."""
        settings = self.settings
        return find_dataset_files(
            DatasetRoots(
                mimic_cxr=settings.mimic_cxr_root,
                mimic_cxr_jpg=settings.mimic_cxr_jpg_root,
                ehrxqa=settings.ehrxqa_root,
                medmod=settings.medmod_root,
            )
        )

    @cached_property
    def models(self) -> dict[str, Model]:
        """The enabled models by name."""
        return {model.name: model for model in self.registry.enabled}

    @cached_property
    def operating(self) -> Operating:
        """What is to happen by itself.

        Raises:
            SettingsFault: the block `operate` of models.yaml is not as it should be.
        """
        return load_operating(self.settings.models_file, self.registry)

    @property
    def manifest_file(self) -> Path:
        """The manifest as the graph keeps it."""
        return self.layout.manifests / "text_manifest.parquet"

    @property
    def multimodal_manifest_file(self) -> Path:
        """The multimodal manifest as the graph keeps it."""
        return self.layout.manifests / "multimodal_manifest.parquet"

    @property
    def has_multimodal(self) -> bool:
        """Whether the release has a multimodal split."""
        return self.settings.multimodal_manifest.is_file()

    @property
    def subtasks_file(self) -> Path:
        """The catalogue of subtasks with their counts."""
        return self.layout.manifests / "subtasks.parquet"

    @property
    def priors_file(self) -> Path:
        """How often each candidate occurs."""
        return self.layout.assets / "patient_databases" / "candidate_priors.parquet"

    def intervals(self, split: str) -> Path:
        """Figures with intervals of one split, over all models."""
        return self.layout.assets / "scores" / split / "intervals.parquet"

    def contrasts(self, split: str) -> Path:
        """Differences between the arms of one split, over all models."""
        return self.layout.assets / "scores" / split / "contrasts.parquet"

    def class_of(self, split: str) -> DataClass:
        """`open` where every input of a split proves to be open, else `credentialed`."""
        files = multimodal_inputs(self) if split == MULTIMODAL else text_inputs(self.settings, self.inventory)
        return classify(files).data_class

    def questions_fingerprint(self, subtask: str) -> str:
        """The content of one subtask's questions, so that a change in another leaves it alone.

        Raises:
            Fault: the manifest was not materialized.
        """
        path = self._require(self.manifest_file, "text_manifest")
        return fingerprints_by_subtask(path, path.stat().st_mtime_ns).get(subtask, "no questions")

    def cohort(self) -> frozenset[int]:
        """The patients of the benchmark's questions.

        Raises:
            Fault: the manifest was not materialized.
        """
        return frozenset(int(patient) for patient in self._manifest_columns("subject_id")["subject_id"])

    def questions(self, subtask: str | None = None) -> list[Question]:
        """The checked questions, of one subtask or all.

        Raises:
            Fault: the manifest was not materialized.
        """
        path = self._require(self.manifest_file, "text_manifest")
        return list(questions_of(path, path.stat().st_mtime_ns, subtask))

    def multimodal_questions(self, group: str | None = None) -> list[Question]:
        """The checked multimodal questions, of one group or all.

        Raises:
            Fault: the manifest was not materialized.
        """
        path = self._require(self.multimodal_manifest_file, "multimodal_manifest")
        return list(multimodal_questions_of(path, path.stat().st_mtime_ns, group))

    def multimodal_cohort(self, dataset: str) -> frozenset[int]:
        """The patients of one dataset's multimodal questions.

        Raises:
            Fault: the manifest was not materialized.
        """
        return frozenset(q.subject_id for q in self.multimodal_questions() if q.dataset == dataset)

    def multimodal_fingerprint(self, group: str) -> str:
        """The content of one group's questions.

        Raises:
            Fault: the manifest was not materialized.
        """
        path = self._require(self.multimodal_manifest_file, "multimodal_manifest")
        return fingerprints_by_subtask(path, path.stat().st_mtime_ns).get(group, "no questions")

    def read(self, artifact: str, partition: str | None, path: Path) -> pandas.DataFrame:
        """The frame of an artifact, if the file is still the one that was recorded.

        Raises:
            Fault: it was not materialized, or the file was changed afterwards.
        """
        self.artifacts.bring([(artifact, partition)])
        receipt = self.receipts.read(artifact, partition)
        of_partition = f" of partition {partition}" if partition else ""
        if receipt is None or not path.is_file():
            raise Fault(
                f"{artifact}{of_partition} was not materialized yet ({path} is missing).", mend=f"Run {artifact} first."
            )
        if of_file(path) != receipt.content:
            raise Fault(
                f"{path} is not the file that {artifact} recorded: it was changed or damaged.",
                mend=f"Remove the file and materialize {artifact}{of_partition} again.",
            )
        return pandas.read_parquet(path)

    def tables(self) -> dict[str, Path]:
        """The extracted source tables by name; of a shared store some may still have to be brought.

        Raises:
            Fault: a table whose source file is there was not materialized.
        """
        return {
            name: self._made(
                self.layout.source_table(source.table.module, name), f"mimic_iv/{source.table.module}/{name}"
            )
            for name, source in self.inventory.files.items()
        }

    def _manifest_columns(self, *columns: str) -> pandas.DataFrame:
        path = self._require(self.manifest_file, "text_manifest")
        return manifest_columns(path, path.stat().st_mtime_ns, columns)

    def _require(self, path: Path, artifact: str) -> Path:
        self.artifacts.bring([(artifact, None)])
        return self._made(path, artifact)

    def _made(self, path: Path, artifact: str) -> Path:
        if not self.artifacts.there(artifact, None, path):
            raise Fault(f"{path} is missing.", mend=f"Materialize {artifact} first (`make demo` does all of it).")
        return path


def standing_of(settings: Settings, inventory: SourceInventory) -> Standing:
    """The class of the text split's data, and why.

    Raises:
        SourceFault: the named folder of EHR-Bench is missing.
    """
    return classify(text_inputs(settings, inventory))


def text_inputs(settings: Settings, inventory: SourceInventory) -> list[Path]:
    """The files that the text split is made from: the manifest's, the source tables' and EHR-Bench's.

    Dictionaries of codes (ATC, CCS) do not count: nothing but the classes of a code is read out of them.

    Raises:
        SourceFault: the named folder of EHR-Bench is missing.
    """
    bench = bench_files(settings.ehr_bench_root) if settings.ehr_bench_root else []
    return [settings.text_manifest, *(source.path for source in inventory.files.values()), *bench]


def multimodal_inputs(home: Home) -> list[Path]:
    """The files that the multimodal split is made from: its manifest, its datasets' tables, its patients' extracted
    files, the linked X-rays, and the reports' archive. Item names out of MIMIC-IV's dictionaries do not count.
    """
    settings, found = home.settings, home.datasets
    questions = home.multimodal_questions()
    cohort = {question.subject_id for question in questions if question.dataset == MEDMOD}
    folders = [
        find_subject_files(CATALOGUES[MEDMOD].tables[name], found.subjects, cohort)
        for name in EXTRACTED
        if found.subjects is not None
    ]
    return [
        settings.multimodal_manifest,
        *(source.path for source in found.tables.values()),
        *(source.path for folder in folders for source in folder.files.values()),
        *linked_files(questions, image_files(settings)),
        *report_archives(settings.mimic_cxr_root),
    ]


def image_files(settings: Settings) -> ImageFiles:
    """Where linked images are looked for."""
    return ImageFiles([settings.mimic_cxr_jpg_root, settings.mimic_cxr_root, settings.release_root])


def linked_files(questions: Iterable[Question], files: ImageFiles) -> Iterator[Path]:
    """The X-rays of these questions that are there."""
    for question in questions:
        for released in question.image_paths:
            with suppress(ImageFault):  # `image_links` tells of it; nothing is read out of a file that is not there
                yield files.find(released, question.dataset, question.subject_id)


@lru_cache(maxsize=64)
def questions_of(path: Path, written: int, subtask: str | None) -> tuple[Question, ...]:
    """Checked questions of the kept manifest; every model asks them again. `written` is as for `manifest_columns`."""
    filters = [("task", "==", subtask)] if subtask else None
    return tuple(questions_from_frame(pandas.read_parquet(path, filters=filters)))


@lru_cache(maxsize=16)
def multimodal_questions_of(path: Path, written: int, group: str | None) -> tuple[Question, ...]:
    """Checked questions of the kept multimodal manifest; `written` is as for `manifest_columns`."""
    filters = [("task", "==", group)] if group else None
    return tuple(questions_from_multimodal_frame(pandas.read_parquet(path, filters=filters)))


@lru_cache(maxsize=4)
def fingerprints_by_subtask(path: Path, written: int) -> dict[str, str]:
    """Subtask -> content of its rows in the kept manifest; `written` is as for `manifest_columns`."""
    frame = pandas.read_parquet(path)
    return {
        str(name): of_text(rows.to_json(orient="values", date_format="iso")) for name, rows in frame.groupby("task")
    }


@lru_cache(maxsize=4)
def manifest_columns(path: Path, written: int, columns: tuple[str, ...]) -> pandas.DataFrame:
    """Some columns of the kept manifest; `written` (its time stamp) keeps an older file's columns from being reused."""
    return pandas.read_parquet(path, columns=list(columns))
