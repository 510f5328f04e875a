"""The layout of CLINSEEK_HOME: the only place that names the files which the graph writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TEXT_MANIFEST_FILE = "ClinSeek-Bench_text.json"
MULTIMODAL_MANIFEST_FILE = "ClinSeek-Bench_multimodal.jsonl"


def in_a_name(key: str) -> str:
    """A partition key as a part of a path: a `/` in a model's name becomes `__`."""
    return key.replace("/", "__")


@dataclass(frozen=True)
class Layout:
    """Every path below one CLINSEEK_HOME."""

    home: Path

    @property
    def release(self) -> Path:
        """The synthetic release, where one was made: `text/ClinSeek-Bench_text.json`,
        `multimodal/ClinSeek-Bench_multimodal.jsonl`, `expected_counts.json`."""
        return self.home / "release"

    @property
    def sources(self) -> Path:
        """The synthetic source datasets, where they were made: `mimic_iv/{hosp,icu,ed,note}`, `ehr_bench/`,
        `mimic_cxr/`, `mimic_cxr_jpg/`, `ehrxqa/`, `medmod/`."""
        return self.home / "sources"

    @property
    def assets(self) -> Path:
        """All artifacts of the graph."""
        return self.home / "assets"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file of views and marts."""
        return self.home / "warehouse.duckdb"

    @property
    def dagster_home(self) -> Path:
        """The Dagster instance: runs, events, schedules."""
        return self.home / "dagster"

    @property
    def store_memory(self) -> Path:
        """What this home remembers of the store that it shares: entries and hashes, all of which can be had again."""
        return self.home / "store"

    @property
    def observed(self) -> Path:
        """Hashes of the source files, kept so that each is read once."""
        return self.home / "observed"

    @property
    def dbt_target(self) -> Path:
        """What dbt compiles."""
        return self.home / "dbt"

    @property
    def manifests(self) -> Path:
        """`text_manifest.parquet`, `multimodal_manifest.parquet`, `subtasks.parquet`."""
        return self.assets / "manifests"

    def source_table(self, module: str, table: str) -> Path:
        """The cohort's rows of one MIMIC-IV table."""
        return self.assets / "source_tables" / "mimic_iv" / module / f"{table}.parquet"

    def dataset_table(self, dataset: str, table: str) -> Path:
        """The cohort's rows of one table of `mimic_cxr`, `ehrxqa` or `medmod`."""
        return self.assets / "source_tables" / dataset / f"{table}.parquet"

    def patient_databases(self, records: str) -> Path:
        """The folder of `patient_<subject_id>.db` files: of `text`, `ehrxqa` or `medmod`."""
        return self.assets / "patient_databases" / records

    def dataset_reference(self, dataset: str) -> Path:
        """The dictionaries of `ehrxqa` or `medmod` as one SQLite file."""
        return self.assets / "patient_databases" / f"{dataset}_reference_table.db"

    def links(self, what: str, group: str) -> Path:
        """The linked files of one multimodal group: `image_links` or `report_links`."""
        return self.assets / "image_links" / what / f"{group}.parquet"

    @property
    def thumbnails(self) -> Path:
        """Small copies of linked images, for their owner's eyes: no part of what is evaluated."""
        return self.home / "thumbnails"

    @property
    def prepared_images(self) -> Path:
        """Linked images as they are sent, each made once for all models and arms."""
        return self.home / "prepared_images"

    @property
    def reference_tables(self) -> Path:
        """Dictionaries and code classes as one SQLite file."""
        return self.assets / "patient_databases" / "reference_table.db"

    @property
    def candidate_tables(self) -> Path:
        """The vocabularies that the candidate tools search, as one SQLite file."""
        return self.assets / "patient_databases" / "candidate_table.db"

    @property
    def table_descriptions(self) -> Path:
        """The folder of `shorten_description.json` and `link_information.json`."""
        return self.assets / "patient_databases" / "table_description"

    def dataset_descriptions(self, dataset: str) -> Path:
        """The same of `ehrxqa` or `medmod`."""
        return self.assets / "patient_databases" / f"{dataset}_table_description"

    def contexts(self, split: str, arm: str, subtask: str) -> Path:
        """The contexts of one subtask in one arm (`curated`, `curated_strict`)."""
        return self.assets / "contexts" / split / arm / f"{subtask}.parquet"

    def predictions(self, split: str, arm: str, model: str, subtask: str) -> Path:
        """The answers of one model to one subtask in one arm."""
        return self.assets / "predictions" / split / arm / in_a_name(model) / f"{subtask}.parquet"

    def journal(self, split: str, arm: str, model: str) -> Path:
        """Every finished call of one model in one arm, beside its answers."""
        return self.predictions(split, arm, model, "any").with_name("journal.sqlite")

    def runs(self, split: str, arm: str, model: str) -> Path:
        """How many answers a question were asked for so far."""
        return self.predictions(split, arm, model, "any").with_name("runs.json")

    @property
    def ledger(self) -> Path:
        """What left this machine, and what it cost: one ledger of all models, arms and processes."""
        return self.assets / "predictions" / "ledger.sqlite"

    @property
    def leases(self) -> Path:
        """The slots by which all processes together keep below an endpoint's ceiling."""
        return self.assets / "predictions" / "leases"

    def claim(self, split: str, arm: str, model: str, subtask: str) -> Path:
        """Whoever has its lock answers these questions; beside the slots, since it is of one machine as they are."""
        return self.leases / "claims" / split / arm / in_a_name(model) / f"{subtask}.lock"

    def scores(self, split: str, arm: str, model: str, subtask: str) -> Path:
        """The scores of one model on one subtask in one arm."""
        return self.assets / "scores" / split / arm / in_a_name(model) / f"{subtask}.parquet"

    def rescorings(self, split: str, arm: str, model: str, subtask: str) -> Path:
        """What new versions of the scorer changed about these scores."""
        return self.scores(split, arm, model, subtask).with_suffix(".rescored.json")

    def model_scores(self, split: str, model: str) -> Path:
        """All scores of one model over subtasks and arms."""
        return self.assets / "scores" / split / "by_model" / f"{in_a_name(model)}.parquet"

    @property
    def judging(self) -> Path:
        """What a judge was asked, and its verdicts."""
        return self.assets / "scores" / "judging"

    def mart(self, name: str) -> Path:
        """A mart as a Parquet file, for readers that must not wait for the warehouse's writer."""
        return self.assets / "marts" / f"{name}.parquet"

    @property
    def browsing(self) -> Path:
        """What the browser tools keep: the corpus' index, and what search endpoints answered."""
        return self.home / "browsing"

    @property
    def image_tools(self) -> Path:
        """What endpoints of image tools answered, kept so that a picture leaves once."""
        return self.home / "image_tools"

    @property
    def manifest_work(self) -> Path:
        """Source tables that `clinseek build-manifest` extracted, kept for its next run."""
        return self.home / "build_manifest"

    @property
    def reports(self) -> Path:
        """`leaderboard.html` and what belongs to it."""
        return self.assets / "reports"
