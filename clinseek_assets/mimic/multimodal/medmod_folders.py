"""MedMod's extracted patients, `data_full/root/{test,train}/<subject_id>/`, as two tables: events and stays.

Of a patient's folder only `events.csv` and `stays.csv` are opened; diagnoses, episodes and the label tables beside the
folders are not. Only the ICU stays that the questions of a patient name are kept; a patient whose questions name none
keeps all. A folder bears the patient's id, so messages count patients instead of naming one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import Fault, SourceFault
from clinseek_assets.mimic.cell_types import parquet_schema, typed_batch
from clinseek_assets.mimic.csv_records import RecordReader
from clinseek_assets.mimic.duplicates import duplicate_notices
from clinseek_assets.mimic.extraction import (
    BYTES_A_GROUP,
    ROWS_A_GROUP,
    SORT_MEMORY_MB,
    Extraction,
    parquet_writer,
    scratch_folder,
    small_engine,
)
from clinseek_assets.mimic.multimodal.dataset_files import MEDMOD_PARTS
from clinseek_assets.mimic.receipts import Receipt, read_receipt, receipt_path, write_receipt
from clinseek_assets.mimic.record_bounds import line_told
from clinseek_assets.mimic.source_files import SUFFIXES, SourceFile, newest_of
from clinseek_assets.mimic.tables import Table
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.atomic import whole_file

# Raise it when the same folders and questions would give another Parquet file.
VERSION = 1
BUILD_AGAIN = "Run MedMod's extraction (mimic4extract: extract_subjects_iv, validate_events) again for these patients."


def stays_named(questions: Iterable[Question]) -> dict[int, frozenset[int]]:
    """The ICU stays that the questions of each patient name, over all of them; none where no question names one."""
    named: dict[int, set[int]] = {}
    for question in questions:
        stays = named.setdefault(question.subject_id, set())
        if question.stay_id is not None:
            stays.add(question.stay_id)
    return {subject_id: frozenset(stays) for subject_id, stays in named.items()}


@dataclass(frozen=True)
class SubjectFiles:
    """One table's files, one a patient.

    Attributes:
        table: the catalogue entry: `medmod/events` or `medmod/stays`.
        root: the folder of `test/` and `train/`.
        files: subject_id -> file, by subject_id.
        lacking: how many patients have no such file.
    """

    table: Table
    root: Path
    files: Mapping[int, SourceFile]
    lacking: int

    def fingerprint(self) -> str:
        """A hash of what the file system says of the files: it changes whenever one is replaced."""
        return fingerprint.of_value([source.stamp() for source in self.files.values()])


def find_subject_files(table: Table, root: Path, cohort: Collection[int]) -> SubjectFiles:
    """Look for one table's file in the folder of each patient, in `test/` before `train/`.

    Args:
        table: the catalogue entry: `medmod/events` or `medmod/stays`.
        root: the folder of `test/` and `train/`.
        cohort: the subject_ids.
    """
    files: dict[int, SourceFile] = {}
    for place, subject_id in enumerate(ordered := sorted(set(cohort)), start=1):
        told = f"{table.name}.csv of patient {place} of {len(ordered)} by subject_id"
        for folder in (root / part / str(subject_id) for part in MEDMOD_PARTS):
            there = [path for suffix in SUFFIXES if (path := folder / f"{table.name}{suffix}").is_file()]
            if there:
                files[subject_id] = SourceFile(table, newest_of(table, there).path, told=told)
                break
    return SubjectFiles(table, root, files, len(ordered) - len(files))


def extract_subject_files(
    found: SubjectFiles,
    stays: Mapping[int, frozenset[int]],
    destination: Path,
    *,
    on_patient: Callable[[int], None] | None = None,
) -> Extraction:
    """Write one table of the patients' folders as Parquet.

    Columns are the catalogue's, then `source_row`: the record's number in the patient's own file, from 1. Rows are
    sorted by subject_id and source_row. Where the files, the stays and the catalogue entry are those of the last run,
    and its Parquet file is intact, nothing is read.

    Args:
        found: the files.
        stays: subject_id -> the stay_ids to keep; none named keeps all of that patient.
        destination: the Parquet file to write.
        on_patient: called with the number of patients read so far.

    Raises:
        SourceFault: patients without a file, a damaged file, or a file with rows of another patient.
        Fault: another run is writing the same destination, or its place cannot be written.
    """
    started = time.perf_counter()
    table = found.table
    if found.lacking:
        raise SourceFault(
            f"{found.lacking} of {found.lacking + len(found.files)} patients of MedMod's questions have no "
            f"{table.name}.csv below {found.root}/{{{','.join(MEDMOD_PARTS)}}}/<subject_id>/.",
            mend=BUILD_AGAIN,
        )
    named = {subject_id: sorted(stays.get(subject_id, ())) for subject_id in found.files}
    columns = [(column.name, column.type.word, column.required) for column in table.columns]
    rule = fingerprint.of_value(
        [VERSION, table.name, columns, table.optional, list(named.items()), found.fingerprint()]
    )
    receipt = read_receipt(destination)
    reused = receipt is not None and receipt.rule == rule and receipt.vouches_for(destination)
    if receipt is None or not reused:
        try:
            with scratch_folder(destination) as scratch:
                receipt = _written(found, named, rule, destination, scratch, on_patient)
        except (duckdb.Error, pa.ArrowException, OSError) as error:  # their texts may quote rows
            raise Fault(
                f"{destination}: the rows of medmod/{table.name} cannot be kept there ({type(error).__name__}).",
                mend="See whether the disk is full or the folder may not be written; the same command continues.",
            ) from None
    return Extraction(
        table=table.name,
        path=destination,
        rows=receipt.rows,
        patients=receipt.patients,
        seconds=time.perf_counter() - started,
        source_fingerprint=receipt.source_sha256,
        content_fingerprint=receipt.sha256,
        notices=receipt.notices,
        reused=reused,
    )


def _written(
    found: SubjectFiles,
    stays: Mapping[int, list[int]],
    rule: str,
    destination: Path,
    scratch: Path,
    on_patient: Callable[[int], None] | None,
) -> Receipt:
    """Read the files and write the Parquet file and its receipt."""
    stamp = found.fingerprint()
    with whole_file(destination) as finished:
        with parquet_writer(finished, found.table) as writer:
            tally = _read_all(found, stays, _Buffer(writer, parquet_schema(found.table)), on_patient)
        where = f"medmod/{found.table.name}"
        with small_engine(scratch, SORT_MEMORY_MB) as engine:
            repeated = duplicate_notices(engine, found.table, finished, where)
        if found.fingerprint() != stamp:
            raise SourceFault(
                f"{where}: a file changed while it was read.", mend="Run again once the folders are whole."
            )
        receipt = Receipt(
            rule=rule,
            source_path=str(found.root),
            source_size=sum(source.path.stat().st_size for source in found.files.values()),
            source_mtime_ns=max((source.path.stat().st_mtime_ns for source in found.files.values()), default=0),
            source_sha256=fingerprint.of_parts(tally.contents),
            rows=tally.rows,
            patients=tally.patients,
            notices=(*(f"{where}{told} ({files} files)" for told, files in tally.notices.items()), *repeated),
            size=finished.stat().st_size,
            sha256=fingerprint.of_file(finished),
        )
        receipt_path(destination).unlink(missing_ok=True)  # a receipt never stands beside a file that is not its own
    write_receipt(destination, receipt)
    return receipt


@dataclass
class _Tally:
    """What was seen of the files while they were read."""

    rows: int = 0
    patients: int = 0
    contents: list[str] = field(default_factory=list)
    notices: Counter[str] = field(default_factory=Counter)


def _read_all(
    found: SubjectFiles, stays: Mapping[int, list[int]], buffer: _Buffer, on_patient: Callable[[int], None] | None
) -> _Tally:
    """Read the patients' files one after the other into the buffer."""
    tally = _Tally()
    for done, (subject_id, source) in enumerate(found.files.items(), start=1):
        kept = 0
        with RecordReader(source) as reader:
            for batch in _rows_of(reader, subject_id, stays[subject_id]):
                kept += batch.num_rows
                buffer.add(batch)
            tally.contents.append(reader.sha256())
            tally.notices.update(notice.removeprefix(reader.where) for notice in reader.header.notices)
        tally.rows += kept
        tally.patients += kept > 0
        if on_patient is not None:
            on_patient(done)
    buffer.flush()
    return tally


def _rows_of(reader: RecordReader, subject_id: int, stays: list[int]) -> Iterator[pa.RecordBatch]:
    """The kept rows of one patient's file, typed.

    Raises:
        SourceFault: the file is damaged, or a row is of another patient.
    """
    table = reader.source.table
    for block in reader.blocks(table.column_names):
        batch = typed_batch(table, block.cells, pa.array(block.numbers), reader.where)
        own = pc.equal(batch["subject_id"], subject_id)
        if pc.all(own).as_py() is False:
            record = block.numbers[pc.index(own, False).as_py()]
            raise SourceFault(
                f"{reader.where}: record {record} is of another patient than the folder's name says.",
                mend=f"{line_told(int(record))} {BUILD_AGAIN}",
            )
        yield batch.filter(pc.is_in(batch["stay_id"], pa.array(stays, pa.int64()))) if stays else batch


class _Buffer:
    """Gathers batches to row groups of a useful size."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema) -> None:
        self._writer = writer
        self._schema = schema
        self._batches: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch, and write what there is once it suffices."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= ROWS_A_GROUP or self._bytes >= BYTES_A_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write what there is."""
        self._writer.write_table(pa.Table.from_batches(self._batches, self._schema))
        self._batches.clear()
        self._rows = self._bytes = 0
