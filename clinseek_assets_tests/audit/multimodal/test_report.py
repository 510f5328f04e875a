"""The multimodal audit over small records: it passes, and each kind of damage fails the check that it should."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pandas
import polars
import pytest

from clinseek_assets.audit.examination import Sources
from clinseek_assets.audit.multimodal.examination import Asked, examine_questions
from clinseek_assets.audit.multimodal.report import CHECKS, COLUMNS, Contexts, MultimodalAudit, examine, table
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.multimodal import multimodal_contexts, multimodal_strict_contexts
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.records.patient_databases import build_patient_databases, database_path
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets_tests.records.pinned.dataset_lives import DATASETS, random_dataset_life, write_dataset_reference
from clinseek_assets_tests.records.pinned.lives import PATIENT, Row
from clinseek_assets_tests.records.tools.test_dataset_tools import question

PATIENTS = range(PATIENT, PATIENT + 3)
TASKS = {"ehrxqa": "ehrxqa_image", "medmod": "medmod_decompensation"}
POLARS = {
    ColumnType.INTEGER: polars.Int64,
    ColumnType.REAL: polars.Float64,
    ColumnType.TEXT: polars.String,
    ColumnType.DATETIME: polars.Datetime("us"),
    ColumnType.DATE: polars.Date,
}


def extracted(folder: Path, dataset: str, lives: Mapping[int, Mapping[str, list[Row]]]) -> dict[str, Path]:
    """Parquet files as the extraction writes them: by patient, with the record's number in the source file."""
    paths = {}
    for name, shape in CATALOGUES[dataset].patient_tables.items():
        rows = [{**row, "subject_id": patient} for patient, life in lives.items() for row in life[name]]
        schema = {column.name: POLARS[column.type] for column in shape.columns}
        frame = polars.DataFrame(rows, schema=schema).with_row_index("source_row", 1)
        paths[name] = folder / f"{name}.parquet"
        columns = [*shape.column_names, polars.col("source_row").cast(polars.Int64)]
        frame.select(columns).write_parquet(paths[name])
    return paths


@dataclass(frozen=True)
class Release:
    """Questions with all that they are asked over."""

    questions: list[Question]
    sources: dict[str, Sources]

    @property
    def files(self) -> dict[str, RecordFiles]:
        return {name: RecordFiles(of.databases, of.reference) for name, of in self.sources.items()}

    def contexts(self) -> Contexts:
        return Contexts(
            multimodal_contexts(self.questions, self.files), multimodal_strict_contexts(self.questions, self.files), {}
        )


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Three patients of each dataset with random lives, two questions each."""
    root = tmp_path_factory.mktemp("release")
    sources, questions = {}, []
    for dataset in DATASETS:
        folder = root / dataset
        folder.mkdir()
        lives = {patient: random_dataset_life(dataset, patient, rows=8) for patient in PATIENTS}
        tables = extracted(folder, dataset, lives)
        build_patient_databases(tables, PATIENTS, folder / "db", catalogue=CATALOGUES[dataset])
        sources[dataset] = Sources(tables, folder / "db", write_dataset_reference(folder / "ref.db", dataset))
        for number, patient in enumerate([*PATIENTS, *PATIENTS]):
            one = replace(question(TASKS[dataset]), subject_id=patient, hadm_id=(None, 2)[number % 2])
            questions.append(replace(one, qid=f"{dataset}_test_{number}", row_number=len(questions) + 1))
    return Release(questions, sources)


@pytest.fixture(scope="module")
def shown(release: Release) -> Contexts:
    """What the curated arms are shown of it."""
    return release.contexts()


@pytest.fixture
def copied(release: Release, tmp_path: Path) -> Release:
    """A copy of its databases, to be damaged at will."""
    sources = {}
    for dataset, of in release.sources.items():
        shutil.copytree(of.databases, tmp_path / dataset)
        sources[dataset] = replace(of, databases=tmp_path / dataset)
    return Release(release.questions, sources)


def passed(audit: MultimodalAudit) -> dict[str, bool]:
    return {verdict.check: verdict.passed for verdict in audit.verdicts}


def test_over_good_records_every_check_passes(release, shown):
    told: list[tuple[str, int, int]] = []
    audit = examine(release.questions, release.sources, shown, lambda *what: told.append(what))
    assert audit.ok and passed(audit) == dict.fromkeys(CHECKS, True)
    assert set(audit.groups) == {"finding_presence", "mortality_24h"}
    assert {name: (one.questions, one.patients, one.mismatches) for name, one in audit.groups.items()} == {
        "finding_presence": (6, 3, 0),
        "mortality_24h": (6, 3, 0),
    }
    assert all(one.hidden_rows > 0 and one.hidden_values > 0 for one in audit.groups.values())
    assert {verdict.check: verdict.looked_at for verdict in audit.verdicts} == {
        "nothing_later": 12,
        "compat_as_published": 12,
        "controls_caught": 46,
        "nothing_beyond_the_list": 6,
        "contexts": 24,
    }
    assert min(audit.rows_compared.values()) > 200
    assert told[-1] == ("patients audited", 6, 6)


def test_the_report_names_no_patient_and_no_question_and_leaves_small_groups_out(release, shown):
    audit = examine(release.questions, release.sources, shown)
    told = json.dumps(audit.as_json(1))
    assert not any(str(one.subject_id) in told or one.qid in told for one in release.questions)
    frame = table(audit.as_json(1))
    assert list(frame.columns) == ["group", *COLUMNS] and frame["mismatches"].tolist() == [0, 0]
    few = audit.as_json(11)["groups"]
    assert few["mortality_24h"] == {"questions": 6, "too_few_patients_to_show": True}
    assert table(audit.as_json(11))["rows strict hides"].tolist() == [None, None]


def in_database(release: Release, dataset: str, statement: str) -> None:
    path = database_path(release.sources[dataset].databases, PATIENT)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement)


def future_row(release: Release, shown: Contexts) -> Contexts:
    """A laboratory result of next year stands in the record as one of long ago."""
    row = f"({PATIENT}, 1, '1900-01-01 00:00:00')"
    in_database(release, "ehrxqa", f"INSERT INTO labevents (subject_id, itemid, charttime) VALUES {row}")
    return release.contexts()


def lost_rows(release: Release, shown: Contexts) -> Contexts:
    in_database(release, "medmod", "DELETE FROM events")
    return release.contexts()


def outcome_beside(release: Release, shown: Contexts) -> Contexts:
    in_database(release, "medmod", "CREATE TABLE diagnoses (icd_code TEXT)")
    return shown


def chatty_context(release: Release, shown: Contexts) -> Contexts:
    return replace(shown, strict=shown.strict.assign(context=shown.strict["context"] + "\nmortality: 1"))


def chatty_published_context(release: Release, shown: Contexts) -> Contexts:
    texts = shown.published["context"].str.replace("Visible", "All", regex=False)
    return replace(shown, published=shown.published.assign(context=texts))


@pytest.mark.parametrize(
    ("damage", "failing", "told"),
    [
        (future_row, {"nothing_later", "compat_as_published", "contexts"}, "ehrxqa/labevents"),
        (lost_rows, {"nothing_later", "compat_as_published", "contexts"}, "medmod/events"),
        (outcome_beside, {"nothing_beyond_the_list"}, "medmod: 1 databases"),
        (chatty_context, {"contexts"}, "12 curated_strict contexts"),
        (chatty_published_context, {"contexts"}, "12 curated contexts"),
    ],
)
def test_what_is_damaged_fails_its_checks(
    copied: Release,
    shown: Contexts,
    damage: Callable[[Release, Contexts], Contexts],
    failing: set[str],
    told: str,
):
    audit = examine(copied.questions, copied.sources, damage(copied, shown))
    assert {check for check, good in passed(audit).items() if not good} == failing
    assert any(told in failure for verdict in audit.verdicts for failure in verdict.failures)


def test_an_audit_without_contexts_or_without_a_dataset_looks_at_the_rest(release):
    alone = examine(release.questions, {"medmod": release.sources["medmod"]})
    assert alone.ok and set(alone.groups) == {"mortality_24h"} and set(alone.controls) == {"medmod"}
    assert {one.check: one.looked_at for one in alone.verdicts}["contexts"] == 0


def test_a_text_that_the_manifest_gave_is_not_judged(release):
    given = [replace(one, input="as released") for one in release.questions if one.dataset == "medmod"]
    contexts = Release(given, release.sources).contexts()
    audit = examine(given, release.sources, contexts)
    assert audit.ok and {one.check: one.looked_at for one in audit.verdicts}["contexts"] == 6


def test_reports_in_the_contexts_are_looked_for_too(release):
    of_medmod = [one for one in release.questions if one.dataset == "medmod"]
    reports = {one.qid: ["FINDINGS: none."] for one in of_medmod}
    with_reports = Contexts(
        multimodal_contexts(of_medmod, release.files, reports=reports),
        multimodal_strict_contexts(of_medmod, release.files, reports=reports),
        reports,
    )
    assert examine(of_medmod, release.sources, with_reports).ok
    assert not examine(of_medmod, release.sources, replace(with_reports, reports={})).ok


def test_no_question_is_no_work():
    assert examine_questions([], {}) == []
    assert examine([], {}).ok


def test_patients_without_a_database_are_passed_over(release):
    stranger = replace(release.questions[0], subject_id=7)
    assert examine_questions([Asked(stranger)], release.sources) == []
    assert pandas.isna(multimodal_contexts([stranger], release.files)["context"][0])
