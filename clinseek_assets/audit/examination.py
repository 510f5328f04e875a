"""The audit's work on patients: each question's records opened, asked, and held against the oracle."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

from clinseek_assets.audit import gold, label_probes
from clinseek_assets.audit.cases import Asked, Case
from clinseek_assets.audit.comparison import NAMES_OF_CODES, ORACLES, Difference, ServedByRecord, difference
from clinseek_assets.audit.life import Life, Row
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.audit.shapes import Shape, shape_of
from clinseek_assets.audit.shown_only import ShownOnly, shown_only
from clinseek_assets.audit.strict_contexts import ContextFinding, look_at
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets.timeline.rows import PatientRows, rows_from_parquet

PATIENTS_AT_A_TIME = 24
# Starting a process costs about as much time as so many records.
RECORDS_WORTH_A_PROCESS = 150
MOST_PROCESSES = 8


@dataclass(frozen=True)
class Sources:
    """What the audit reads.

    Attributes:
        tables: table name -> Parquet file of the patients' source rows.
        databases: the folder of patient databases.
        reference: the reference database.
    """

    tables: Mapping[str, Path]
    databases: Path
    reference: Path


@dataclass(frozen=True)
class ToDo:
    """One patient's questions: those of the release, and more that are only probed."""

    subject_id: int
    asked: tuple[Asked, ...]
    more: tuple[Case, ...] = ()


@dataclass(frozen=True)
class Probed:
    """What the probes of one risk question told.

    Attributes:
        subtask, subject_id: which label, and whose.
        answer: whether it is «yes».
        decided: whether what defines it lies before the moment; None where it is not known.
        scores: policy -> the hand-written probe's score.
        shape: of the strict record; None where it was not asked for.
    """

    subtask: str
    subject_id: int
    answer: bool
    decided: bool | None
    scores: Mapping[Policy, float]
    shape: Shape | None = None


@dataclass(frozen=True)
class Examined:
    """What was found of one question of the release.

    Attributes:
        subtask, subject_id: what is asked, and of whom.
        compared: policy -> how many rows the oracle shows, each held against those of the record.
        differences: policy -> where its record and the oracle do not agree.
        hidden: what `compat` shows and `strict` hides.
        gold_in_sight: policy -> whether a row that may be the target names an answer; empty for a risk.
        named_before: policy -> whether another table names an answer before; empty where none is looked at.
        probed: the probes of a risk, else None.
        context: the strict context's finding, None where there is no such context.
    """

    subtask: str
    subject_id: int
    compared: Mapping[Policy, int]
    differences: Mapping[Policy, Difference]
    hidden: ShownOnly
    gold_in_sight: Mapping[Policy, bool]
    named_before: Mapping[Policy, bool]
    probed: Probed | None
    context: ContextFinding | None


Finding = Examined | Probed


def examine(
    work: Sequence[ToDo], sources: Sources, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Finding]:
    """Look at every question, in several processes where that pays.

    Args:
        work: one entry a patient.
        sources: what to read.
        progress: called with patients done and patients in all.

    Returns:
        An `Examined` for each question of the release and a `Probed` for each further one.

    Raises:
        DatabaseFault, SourceFault: a database or table is missing or damaged.
    """
    ordered = sorted(work, key=lambda todo: todo.subject_id)
    found: list[Finding] = []
    done = 0
    for patients, of_batch in _in_batches(ordered, sources):
        found += of_batch
        done += patients
        progress(done, len(ordered))
    return found


def _in_batches(work: Sequence[ToDo], sources: Sources) -> Iterator[tuple[int, list[Finding]]]:
    batches = [work[start : start + PATIENTS_AT_A_TIME] for start in range(0, len(work), PATIENTS_AT_A_TIME)]
    records = sum(len(todo.asked) + len(todo.more) for todo in work)
    processes = min(os.cpu_count() or 1, MOST_PROCESSES, records // RECORDS_WORTH_A_PROCESS, len(batches))
    if processes < 2:
        yield from ((len(batch), _examine_batch(batch, sources)) for batch in batches)
        return
    # Spawned, not forked: a caller's threads may hold locks that a copy of this process would wait for in vain.
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        found = pool.map(_examine_batch, batches, [sources] * len(batches))
        yield from zip(map(len, batches), found, strict=True)


def _examine_batch(batch: Sequence[ToDo], sources: Sources) -> list[Finding]:
    found: list[Finding] = []
    asked = {todo.subject_id: todo.asked for todo in batch if todo.asked}
    for subject_id, rows in rows_from_parquet(sources.tables, list(asked)):
        found += _Patient(rows, sources).examined(asked[subject_id])
    for todo in batch:
        found += [_probed(case, sources) for case in todo.more]
    return found


def _probed(case: Case, sources: Sources) -> Probed:
    with _record(case.pin, "strict", sources) as strict, _record(case.pin, "compat", sources) as compat:
        scores: dict[Policy, float] = {"strict": label_probes.score(strict), "compat": label_probes.score(compat)}
        return _as_probed(case, scores, shape_of(strict))


def _as_probed(case: Case, scores: Mapping[Policy, float], shape: Shape | None) -> Probed:
    return Probed(case.pin.subtask, case.pin.subject_id, case.gold == ("yes",), case.decided, scores, shape)


def _record(pin: Pin, policy: Policy, sources: Sources) -> PinnedRecord:
    return PinnedRecord(pin, policy, databases=sources.databases, reference=sources.reference, limits=UNLIMITED)


class _Patient:
    """One patient's source rows, held against what is served of them."""

    def __init__(self, rows: PatientRows, sources: Sources) -> None:
        self._rows = rows
        self._sources = sources
        self._dictionaries = _dictionaries(sources.reference)
        self._words = words_of(sources.reference)
        self._named = gold.NamedRows(Life(rows), self._dictionaries)

    def examined(self, asked: Sequence[Asked]) -> Iterator[Examined]:
        """The findings of the patient's questions."""
        for one in asked:
            yield self._examine(one)

    def _examine(self, asked: Asked) -> Examined:
        case = asked.case
        visible = {policy: oracle.visible(self._rows, case.pin) for policy, oracle in ORACLES.items()}
        differences: dict[Policy, Difference] = {}
        scores: dict[Policy, float] = {}
        for policy, oracle in ORACLES.items():
            with _record(case.pin, policy, self._sources) as record:
                columns = oracle.columns(self._rows)
                differences[policy] = difference(ServedByRecord(record), visible[policy], columns, self._words)
                if case.is_risk:
                    scores[policy] = label_probes.score(record)
        return Examined(
            subtask=case.pin.subtask,
            subject_id=case.pin.subject_id,
            compared={policy: sum(map(len, shown.values())) for policy, shown in visible.items()},
            differences=differences,
            hidden=shown_only(visible["compat"], visible["strict"]),
            gold_in_sight={} if case.is_risk else self._in_sight(case, visible),
            named_before=self._named_before(case, visible),
            probed=_as_probed(case, scores, None) if case.is_risk else None,
            context=look_at(asked.context, visible["strict"], self._dictionaries) if asked.context else None,
        )

    def _in_sight(self, case: Case, visible: Mapping[Policy, Mapping[str, Sequence[Row]]]) -> dict[Policy, bool]:
        return {policy: gold.in_sight(shown, self._named, case.pin, case.gold) for policy, shown in visible.items()}

    def _named_before(self, case: Case, visible: Mapping[Policy, Mapping[str, Sequence[Row]]]) -> dict[Policy, bool]:
        told = {policy: gold.named_before(shown, self._named, case.pin, case.gold) for policy, shown in visible.items()}
        return {policy: named for policy, named in told.items() if named is not None}


@lru_cache(maxsize=1)
def _dictionaries(reference: Path) -> Dictionaries:
    return Dictionaries.load(reference)


@lru_cache(maxsize=4)
def words_of(reference: Path) -> frozenset[str]:
    """Every word that may stand beside a code: the names in the reference database.

    Raises:
        DatabaseFault: it cannot be read.
    """
    words: set[str] = set()
    try:
        with closing(sqlite3.connect(f"{reference.resolve().as_uri()}?mode=ro", uri=True)) as database:
            columns = database.execute(
                "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
            ).fetchall()
            for table, column in columns:
                if column in NAMES_OF_CODES:
                    words.update(word for (word,) in database.execute(f'SELECT DISTINCT "{column}" FROM "{table}"'))
    except sqlite3.Error:
        raise DatabaseFault(
            "The reference database cannot be read.", mend="Build the reference tables again."
        ) from None
    return frozenset(words - {None})
