"""The multimodal audit's work on patients: each question's records opened, asked, and held against the oracles."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from clinseek_assets.audit.comparison import Difference, Oracle, ServedByRecord, difference
from clinseek_assets.audit.examination import Sources, words_of
from clinseek_assets.audit.multimodal import contexts, naive_compat, naive_ehrxqa, naive_medmod
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.audit.shown_only import ShownOnly, shown_only
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.processes import each
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.records.database_schema import schema_statements
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.rows import PatientRows, rows_from_parquet

PATIENTS_AT_A_TIME = 12
MOST_PROCESSES = 8
STRICT_ORACLES: Mapping[str, Oracle] = {"ehrxqa": naive_ehrxqa, "medmod": naive_medmod}


@dataclass(frozen=True)
class Shown:
    """What the curated arms are shown of one question: policy -> its context, and the reports in both."""

    texts: Mapping[Policy, str]
    reports: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A question with what its curated arms are shown; None where no context was made yet."""

    question: Question
    shown: Shown | None = None


@dataclass(frozen=True)
class Examined:
    """What was found of one question.

    Attributes:
        group, dataset, subject_id: what is asked, of which records, and of whom.
        compared: policy -> how many rows the oracle shows, each held against those of the record.
        differences: policy -> where its record and the oracle do not agree.
        hidden: what `compat` shows and `strict` hides.
        beyond_the_list: tables, columns or indexes of the patient's database that the allow-list does not have.
        contexts_differing: policy -> whether its context differs from what the oracle's rows give; absent where there
            is no context.
    """

    group: str
    dataset: str
    subject_id: int
    compared: Mapping[Policy, int]
    differences: Mapping[Policy, Difference]
    hidden: ShownOnly
    beyond_the_list: int
    contexts_differing: Mapping[Policy, bool]


@dataclass(frozen=True)
class _Batch:
    """Questions about a few patients of one dataset."""

    dataset: str
    of_patient: Mapping[int, tuple[Asked, ...]]


def examine_questions(
    asked: Sequence[Asked],
    sources: Mapping[str, Sources],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Examined]:
    """Look at every question, in several processes where that pays.

    Args:
        asked: the questions; those of datasets without sources are passed over.
        sources: dataset -> its tables, databases and reference database.
        progress: called with patients done and patients in all.

    Returns:
        One entry a question whose patient has a database, patient by patient.

    Raises:
        DatabaseFault, SourceFault: a database or table is missing or damaged.
    """
    batches = list(_batches(asked, sources))
    patients = [len(batch.of_patient) for batch in batches]
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    found: list[Examined] = []
    done = 0
    # A batch is as much work as many contexts, so that few of them are worth a process.
    for count, of_batch in zip(patients, each(_examine, batches, sources, processes, worth=2), strict=True):
        found += of_batch
        done += count
        progress(done, sum(patients))
    return found


def _batches(asked: Sequence[Asked], sources: Mapping[str, Sources]) -> Iterator[_Batch]:
    for dataset in sources:
        of_patient: dict[int, tuple[Asked, ...]] = {}
        for one in asked:
            patient = one.question.subject_id
            if one.question.dataset == dataset and database_path(sources[dataset].databases, patient).is_file():
                of_patient[patient] = (*of_patient.get(patient, ()), one)
        patients = sorted(of_patient)
        for start in range(0, len(patients), PATIENTS_AT_A_TIME):
            yield _Batch(dataset, {at: of_patient[at] for at in patients[start : start + PATIENTS_AT_A_TIME]})


def _examine(sources: Mapping[str, Sources], batch: _Batch) -> list[Examined]:
    of_dataset, catalogue = sources[batch.dataset], CATALOGUES[batch.dataset]
    found: list[Examined] = []
    for subject_id, rows in rows_from_parquet(of_dataset.tables, list(batch.of_patient), catalogue=catalogue):
        beyond = beyond_the_list(database_path(of_dataset.databases, subject_id), batch.dataset)
        found += [_examined(one, rows, beyond, of_dataset) for one in batch.of_patient[subject_id]]
    return found


def _examined(asked: Asked, rows: PatientRows, beyond: int, sources: Sources) -> Examined:
    question = asked.question
    pin = Pin.of(question)
    oracles: Mapping[Policy, Oracle] = {"strict": STRICT_ORACLES[question.dataset], "compat": naive_compat}
    visible = {policy: oracle.visible(rows, pin) for policy, oracle in oracles.items()}
    differences: dict[Policy, Difference] = {}
    for policy, oracle in oracles.items():
        with PinnedRecord(
            pin, policy, databases=sources.databases, reference=sources.reference, limits=UNLIMITED
        ) as record:
            columns, words = oracle.columns(rows), words_of(sources.reference)
            differences[policy] = difference(ServedByRecord(record), visible[policy], columns, words)
    return Examined(
        group=question.task,
        dataset=question.dataset,
        subject_id=question.subject_id,
        compared={policy: sum(map(len, shown.values())) for policy, shown in visible.items()},
        differences=differences,
        hidden=shown_only(visible["compat"], visible["strict"]),
        beyond_the_list=beyond,
        contexts_differing=dict(_contexts_differing(asked, visible, sources.reference)),
    )


def _contexts_differing(
    asked: Asked, visible: Mapping[Policy, contexts.Visible], reference: Path
) -> Iterator[tuple[Policy, bool]]:
    if asked.shown is None:
        return
    question = asked.question
    for policy, text in asked.shown.texts.items():
        expected = contexts.rendered(
            question.question or "",
            question.image_paths,
            visible[policy],
            question.dataset,
            reference,
            asked.shown.reports,
        )
        yield policy, text != expected


def beyond_the_list(database: Path, dataset: str) -> int:
    """How many tables, views or indexes a patient's database has that the allow-list did not make.

    Raises:
        DatabaseFault: it cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            made: list[tuple[Any, ...]] = connection.execute("SELECT sql FROM sqlite_schema").fetchall()
    except sqlite3.Error as error:
        raise DatabaseFault(
            f"A patient database cannot be read ({type(error).__name__}).", mend="Build the patient databases again."
        ) from None
    return len({statement for (statement,) in made} - _statements(dataset))


@lru_cache(maxsize=4)
def _statements(dataset: str) -> frozenset[str]:
    return frozenset(schema_statements(CATALOGUES[dataset]))
