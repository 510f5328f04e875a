"""One SQLite file a patient, with the published table and column names: `patient_<subject_id>.db`.

A database holds the patient's whole life; what a question may see of it is cut when it is served. Every file appears
whole or not at all. Whether one is up to date is decided by what it was made from and by its content, both noted in
`built.jsonl` beside it as soon as it is there, so that a killed run continues where it was.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import adbc_driver_sqlite.dbapi as adbc
import pyarrow as pa

from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.catalogue import MIMIC_IV, Catalogue
from clinseek_assets.mimic.tables import Table
from clinseek_assets.records.database_schema import (
    PAGE_BYTES,
    create_indexes,
    drop_indexes,
    empty_database,
    schema_statements,
)
from clinseek_assets.records.derived_columns import DERIVED_OF_DATASET, with_derived_columns
from clinseek_assets.records.patient_streams import TableStream
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.atomic import PRIVATE_FILE, sweep, whole_file, write_text
from clinseek_assets.storage.sole_use import sole_use

# Raise it when the same tables would give other databases.
VERSION = 1
NOTES_FILE = "built.jsonl"
PATIENTS_IN_MEMORY = 3
FEW_ROWS = 64
# No journal and no syncing while a database is written, since a file that is not finished is never seen.
SETTINGS = ("journal_mode = OFF", "synchronous = OFF")
DATABASE_NAME = re.compile(r"patient_(\d+)\.db")


@dataclass(frozen=True)
class DatabasesBuilt:
    """What `build_patient_databases` did.

    Attributes:
        written: how many databases were written.
        up_to_date: how many were there already, made from the same inputs and intact.
        without_rows: how many of the patients have no row in any table; they get no database.
        left_over: how many databases in the folder belong to patients who were not asked for; they were left alone.
        seconds: how long it took.
        fingerprint: hash of the content of all databases that were asked for.
    """

    written: int
    up_to_date: int
    without_rows: int
    left_over: int
    seconds: float
    fingerprint: str


@dataclass(frozen=True)
class Note:
    """What is noted of one database: its name, what it was made from, what it is."""

    file: str
    inputs: str
    size: int
    sha256: str

    def vouches_for(self, path: Path, inputs: str) -> bool:
        """Whether the file was made from these inputs and is still what was written then."""
        return (
            self.inputs == inputs
            and path.is_file()
            and path.stat().st_size == self.size
            and fingerprint.of_file(path) == self.sha256
        )


def database_path(folder: Path, subject_id: int) -> Path:
    """Where a patient's database lies."""
    return folder / f"patient_{subject_id}.db"


def build_patient_databases(
    tables: Mapping[str, Path],
    subject_ids: Collection[int],
    folder: Path,
    *,
    catalogue: Catalogue = MIMIC_IV,
    progress: Callable[[int, int], None] | None = None,
) -> DatabasesBuilt:
    """Write the databases of these patients, those that are up to date excepted.

    Args:
        tables: table name -> extracted Parquet file; those that are no patient tables of the catalogue are ignored,
            absent ones are empty.
        subject_ids: the patients.
        folder: where the databases lie; it is made private to its owner.
        catalogue: whose tables: an allow-list of tables and columns.
        progress: called with patients done and in all.

    Raises:
        DatabaseFault: a table's file is not what the extraction writes.
        Fault: another run is writing databases there.
    """
    with sole_use(folder, "writing patient databases"):
        return _Builder(catalogue, folder).build(tables, subject_ids, progress)


class _Builder:
    """Writes the databases of one catalogue into one folder."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self._catalogue = catalogue
        self._folder = folder

    def build(
        self,
        tables: Mapping[str, Path],
        subject_ids: Collection[int],
        progress: Callable[[int, int], None] | None,
    ) -> DatabasesBuilt:
        """Write what is missing or out of date, and note it."""
        started = time.perf_counter()
        folder = self._folder
        sweep(folder)
        tables = {name: tables[name] for name in self._catalogue.patient_tables if name in tables}
        inputs = self._inputs_fingerprint(tables)
        patients = sorted(set(subject_ids))
        notes = read_notes(folder)
        _write_notes(folder, notes)  # without a line that a killed run cut short: new ones are appended
        current = {
            patient: note
            for patient in patients
            if (note := notes.get(database_path(folder, patient).name))
            and note.vouches_for(database_path(folder, patient), inputs)
        }
        pending = [patient for patient in patients if patient not in current]
        written = self._write_databases(tables, pending, inputs, len(patients), progress) if pending else {}
        kept = {**current, **written}
        _write_notes(folder, {**notes, **{note.file: note for note in kept.values()}})
        return DatabasesBuilt(
            written=len(written),
            up_to_date=len(current),
            without_rows=len(patients) - len(kept),
            left_over=len(_patients_in(folder) - set(patients)),
            seconds=time.perf_counter() - started,
            fingerprint=fingerprint.of_value(sorted((note.file, note.sha256) for note in kept.values())),
        )

    def _inputs_fingerprint(self, tables: Mapping[str, Path]) -> str:
        contents = {name: fingerprint.of_file(path) for name, path in tables.items()}
        return fingerprint.of_value([VERSION, PAGE_BYTES, schema_statements(self._catalogue), contents])

    def _write_databases(
        self,
        tables: Mapping[str, Path],
        patients: list[int],
        inputs: str,
        total: int,
        progress: Callable[[int, int], None] | None,
    ) -> dict[int, Note]:
        """Write the patients' databases, as many at a time as there are cores, each noted as soon as it is there."""
        written: dict[int, Note] = {}
        done = total - len(patients)
        with (
            open(self._folder / NOTES_FILE, "a", encoding="utf-8", opener=_private) as journal,
            ThreadPoolExecutor(os.cpu_count()) as workers,
        ):

            def settle(patient: int, job: Future[Note] | None) -> None:
                nonlocal done
                if job is not None:
                    written[patient] = job.result()
                    journal.write(json.dumps(asdict(written[patient])) + "\n")
                    journal.flush()
                done += 1
                if progress is not None:
                    progress(done, total)

            waiting: deque[tuple[int, Future[Note] | None]] = deque()
            empty = empty_database(_user_version(inputs), self._catalogue)
            for patient, rows in self._patients_rows(tables, patients):
                path = database_path(self._folder, patient)
                job = workers.submit(_write_database, path, empty, rows, inputs, self._catalogue) if rows else None
                waiting.append((patient, job))
                if len(waiting) > PATIENTS_IN_MEMORY:
                    settle(*waiting.popleft())
            for patient, job in waiting:
                settle(patient, job)
        return written

    def _patients_rows(
        self, tables: Mapping[str, Path], patients: list[int]
    ) -> Iterator[tuple[int, dict[str, pa.Table]]]:
        """Patient by patient, ascending: the rows of the tables that have any."""
        streams = {name: TableStream(self._catalogue.patient_tables[name], path) for name, path in tables.items()}
        for patient in patients:
            found = {name: stream.rows_of(patient) for name, stream in streams.items()}
            yield patient, {name: rows for name, rows in found.items() if rows is not None}


def _write_database(path: Path, empty: bytes, rows: Mapping[str, pa.Table], inputs: str, catalogue: Catalogue) -> Note:
    """Fill an empty database with one patient's rows. The rows go to SQLite as Arrow, not as Python objects."""
    derived = DERIVED_OF_DATASET[catalogue.dataset]
    try:
        with whole_file(path) as temporary:
            temporary.write_bytes(empty)
            with adbc.connect(str(temporary), autocommit=True) as connection, connection.cursor() as cursor:
                for setting in SETTINGS:
                    cursor.execute(f"PRAGMA {setting}")
                    cursor.fetchall()
                connection.adbc_connection.set_autocommit(False)
                for name, of_table in with_derived_columns(rows, derived).items():
                    _fill(cursor, catalogue.patient_tables[name], of_table)
                connection.adbc_connection.commit()
            note = Note(path.name, inputs, temporary.stat().st_size, fingerprint.of_file(temporary))
    except (adbc.Error, OSError) as error:
        raise DatabaseFault(
            f"{path.parent}: a patient database cannot be written ({type(error).__name__}).",
            mend="See whether the disk is full or the folder may not be written; the same command continues.",
        ) from None
    return note


def _fill(cursor: adbc.Cursor, table: Table, rows: pa.Table) -> None:
    """Insert a table's rows; many rows go in before the indexes are made, which is twice as fast."""
    many = rows.num_rows > FEW_ROWS
    for statement in drop_indexes(table) if many else []:
        cursor.execute(statement)
    cursor.adbc_ingest(table.name, rows, mode="append")
    for statement in create_indexes(table) if many else []:
        cursor.execute(statement)


def _user_version(inputs: str) -> int:
    """The inputs' fingerprint, as far as the header's field for it goes."""
    return int(inputs[:8], 16) >> 1


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def read_notes(folder: Path) -> dict[str, Note]:
    """What earlier runs noted, by file name. A line that a killed run cut short is passed over."""
    notes: dict[str, Note] = {}
    path = folder / NOTES_FILE
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        try:
            note = Note(**json.loads(line))
        except (ValueError, TypeError):
            continue
        notes[note.file] = note
    return notes


def _write_notes(folder: Path, notes: Mapping[str, Note]) -> None:
    text = "".join(json.dumps(asdict(notes[name])) + "\n" for name in sorted(notes))
    path = folder / NOTES_FILE
    if not path.is_file() or path.read_text(encoding="utf-8", errors="replace") != text:
        write_text(path, text)


def _patients_in(folder: Path) -> set[int]:
    return {int(match[1]) for path in folder.iterdir() if (match := DATABASE_NAME.fullmatch(path.name))}
