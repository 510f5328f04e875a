"""One pass over a source file keeps the cohort's rows and writes them as typed Parquet, sorted by patient.

The cells of every record of the file are told apart and its subject_id is read, so a damaged file is found wherever
the damage is; the other cells are parsed in the rows of the cohort alone, since nobody reads the rest. Memory is
bounded: by the reader's block, a buffer of kept rows, and the sort's own limit, beyond which it spills to disk beside
the destination.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinseek_assets.faults import Fault, SourceFault
from clinseek_assets.mimic.cell_types import SOURCE_ROW, parquet_schema, typed_batch, typed_column
from clinseek_assets.mimic.csv_records import BLOCK_BYTES, RecordReader
from clinseek_assets.mimic.duplicates import duplicate_notices
from clinseek_assets.mimic.receipts import Receipt, read_receipt, receipt_path, write_receipt
from clinseek_assets.mimic.source_files import SourceFile, SourceInventory
from clinseek_assets.mimic.tables import ColumnType, Table
from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.atomic import UNFINISHED, whole_file
from clinseek_assets.storage.sole_use import LOCK_FILE, sole_use

# Raise it when the same source, cohort and catalogue entry would give another Parquet file.
VERSION = 2
ROWS_A_GROUP = 1 << 16
BYTES_A_GROUP = 1 << 24
SORT_MEMORY_MB = 64
# DuckDB sorts 2,048 rows at a time and needs some such vectors at once, however wide the rows are.
ROWS_IN_A_SORT = 16 * 2048


@dataclass(frozen=True)
class Derivation:
    """How columns of the catalogue are filled that follow from others, whatever the source has in them.

    Attributes:
        version: what is to change when `fill` would give other values.
        fill: takes a typed batch of rows and the file as messages name it, gives the batch with the columns filled.
    """

    version: str
    fill: Callable[[pa.RecordBatch, str], pa.RecordBatch]


@dataclass(frozen=True)
class Extraction:
    """One extracted table.

    Attributes:
        table: its name.
        path: the Parquet file.
        rows: how many rows were kept.
        patients: of how many patients (0 for a dictionary).
        seconds: how long it took.
        source_fingerprint: SHA-256 of the source file's bytes.
        content_fingerprint: SHA-256 of the Parquet file's bytes.
        notices: what a reader should know: reordered or unknown columns, repeated rows.
        reused: whether the file of an earlier run was taken, since nothing had changed.
    """

    table: str
    path: Path
    rows: int
    patients: int
    seconds: float
    source_fingerprint: str
    content_fingerprint: str
    notices: tuple[str, ...] = ()
    reused: bool = False


@dataclass(frozen=True)
class ExtractedTables:
    """What `extract_tables` made of an inventory.

    Attributes:
        extractions: in the inventory's order.
        faults: table -> why it could not be extracted.
    """

    extractions: list[Extraction] = field(default_factory=list)
    faults: dict[str, Fault] = field(default_factory=dict)

    @property
    def paths(self) -> dict[str, Path]:
        """Table -> Parquet file."""
        return {extraction.table: extraction.path for extraction in self.extractions}


def extract_table(
    source: SourceFile,
    cohort: Collection[int] | None,
    destination: Path,
    *,
    derive: Derivation | None = None,
    memory_mb: int = SORT_MEMORY_MB,
    on_read: Callable[[int], None] | None = None,
) -> Extraction:
    """Write the cohort's rows of one source table as Parquet.

    Columns are the catalogue's, then `source_row` (record number in the file, from 1); rows are sorted by subject_id
    and source_row. Dictionaries are taken whole. Where the source file, the cohort and the catalogue entry are those of
    the last run and its file is intact, nothing is read.

    Args:
        source: the file.
        cohort: subject_ids to keep; None keeps all.
        destination: the Parquet file to write.
        derive: fills columns of the catalogue that the source does not decide.
        memory_mb: what the sort may use before it spills to disk.
        on_read: called with the number of source bytes each time that some were read.

    Raises:
        SourceFault: the file is damaged or not of the expected shape; nothing is written then.
        Fault: another run is writing the same destination, or its place cannot be written.
    """
    started = time.perf_counter()
    kept = None if cohort is None or not source.table.of_patients else sorted(set(cohort))
    rule = _rule(source.table, kept, derive)
    receipt = _intact_receipt(source, rule, destination)
    if receipt is not None:
        return _extraction(source.table, destination, receipt, started, reused=True)
    try:
        with scratch_folder(destination) as scratch:
            wanted = _Wanted(source, kept, derive, on_read)
            receipt = _extracted(wanted, rule, destination, scratch, memory_mb)
    except (duckdb.Error, pa.ArrowException, OSError) as error:  # their texts may quote rows
        raise Fault(
            f"{destination}: the rows of {source.table.module}/{source.table.name} cannot be kept there "
            f"({type(error).__name__}).",
            mend="See whether the disk is full or the folder may not be written; the same command continues.",
        ) from None
    return _extraction(source.table, destination, receipt, started, reused=False)


@dataclass(frozen=True)
class _Wanted:
    """What is to be read: of which file, whose rows, and how they are completed."""

    source: SourceFile
    kept: list[int] | None
    derive: Derivation | None
    on_read: Callable[[int], None] | None


def _extracted(wanted: _Wanted, rule: str, destination: Path, scratch: Path, memory_mb: int) -> Receipt:
    """Read the source and write the Parquet file and its receipt."""
    source = wanted.source
    stamp = source.stamp()
    with RecordReader(source) as reader, whole_file(destination) as finished:
        tally = _write_kept(reader, wanted, scratch / "in_file_order.parquet")
        with small_engine(scratch, memory_mb) as engine:
            if tally.in_patient_order:
                (scratch / "in_file_order.parquet").replace(finished)
            else:
                _write_sorted(engine, source.table, scratch / "in_file_order.parquet", finished, memory_mb)
            repeated = duplicate_notices(engine, source.table, finished, reader.where, reader.header.absent)
        if source.stamp() != stamp:
            raise SourceFault(
                f"{reader.where}: the file changed while it was read.", mend="Run again once it is whole."
            )
        receipt = Receipt(
            rule=rule,
            source_path=str(stamp["path"]),
            source_size=int(stamp["size"]),
            source_mtime_ns=int(stamp["mtime_ns"]),
            source_sha256=reader.sha256(),
            rows=tally.rows,
            patients=len(tally.patients),
            notices=(*source.notices, *reader.header.notices, *repeated),
            size=finished.stat().st_size,
            sha256=fingerprint.of_file(finished),
        )
        receipt_path(destination).unlink(missing_ok=True)  # a receipt never stands beside a file that is not its own
    write_receipt(destination, receipt)
    return receipt


def extract_tables(
    inventory: SourceInventory,
    cohort: Collection[int] | None,
    destination_of: Callable[[Table], Path],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> ExtractedTables:
    """Extract every table of an inventory, as many at a time as there are cores, the largest files first.

    A table whose file is at fault does not hold up the others.

    Args:
        inventory: the files.
        cohort: subject_ids to keep; None keeps all.
        destination_of: the Parquet file of a table.
        progress: called with source bytes done and in all.
    """
    meter = Meter({name: source.path.stat().st_size for name, source in inventory.files.items()}, progress)
    largest_first = sorted(inventory.files.values(), key=lambda source: -meter.sizes[source.table.name])
    jobs: dict[str, Future[Extraction]] = {}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        try:
            for source in largest_first:
                jobs[source.table.name] = workers.submit(_metered, source, cohort, destination_of(source.table), meter)
            for job in jobs.values():
                job.exception()
        except BaseException:
            meter.stop()
            workers.shutdown(cancel_futures=True)
            raise
    extracted = ExtractedTables()
    for name in inventory.files:
        try:
            extracted.extractions.append(jobs[name].result())
        except Fault as fault:
            extracted.faults[name] = fault
    return extracted


def rows_with(source: SourceFile, column: str, values: Collection[int]) -> pa.Table:
    """The rows of a source file that have one of some numbers in a column, in memory: for files of few wanted rows.

    Args:
        source: the file.
        column: an integer column of its catalogue entry.
        values: the wanted numbers.

    Returns:
        The catalogue's columns and `source_row`, in file order.

    Raises:
        SourceFault: the file is damaged or not of the expected shape.
    """
    with RecordReader(source) as reader:
        batches = [
            typed_batch(source.table, cells, pa.array(numbers), reader.where)
            for cells, numbers in _kept_cells(reader, column, sorted(set(values)), None)
        ]
    return pa.Table.from_batches(batches, parquet_schema(source.table))


class _StoppedError(Exception):
    """The run was broken off while a worker was at a table."""


class Meter:
    """Adds up how many bytes of their tables workers have done, and stops them where the run is broken off.

    Args:
        sizes: bytes by table.
        progress: told bytes done and bytes in all.
    """

    def __init__(self, sizes: dict[str, int], progress: Callable[[int, int], None] | None) -> None:
        self.sizes = sizes
        self._progress = progress
        self._read = dict.fromkeys(sizes, 0)
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """End every worker at its next advance."""
        self._stopped = True

    def advance(self, table: str, count: int) -> None:
        """Tell that so many bytes of a table are done; ends the worker that tells it once all are to stop."""
        if self._stopped:
            raise _StoppedError
        with self._lock:
            self._read[table] = count
            if self._progress is not None:
                self._progress(sum(self._read.values()), sum(self.sizes.values()))


def _metered(source: SourceFile, cohort: Collection[int] | None, destination: Path, meter: Meter) -> Extraction:
    name = source.table.name
    try:
        return extract_table(source, cohort, destination, on_read=lambda count: meter.advance(name, count))
    finally:
        meter.advance(name, meter.sizes[name])


@dataclass
class _Tally:
    """What was seen of the kept rows while they were written."""

    rows: int = 0
    patients: set[int] = field(default_factory=set)
    in_patient_order: bool = True
    last_patient: int = -1

    def count(self, subject_ids: np.ndarray) -> None:
        self.in_patient_order &= bool(subject_ids[0] >= self.last_patient and np.all(np.diff(subject_ids) >= 0))
        self.last_patient = int(subject_ids[-1])
        self.patients.update(np.unique(subject_ids).tolist())


def _write_kept(reader: RecordReader, wanted: _Wanted, destination: Path) -> _Tally:
    """Write the kept rows in file order, a row group at a time."""
    tally = _Tally()
    buffer: list[pa.RecordBatch] = []
    schema = parquet_schema(reader.source.table)
    with parquet_writer(destination, reader.source.table) as writer:
        for batch in _read_rows(reader, wanted):
            tally.rows += batch.num_rows
            if reader.source.table.of_patients:
                tally.count(batch.column("subject_id").to_numpy())
            buffer.append(batch)
            if (
                sum(part.num_rows for part in buffer) >= ROWS_A_GROUP
                or sum(part.nbytes for part in buffer) >= BYTES_A_GROUP
            ):
                writer.write_table(pa.Table.from_batches(buffer, schema))
                buffer.clear()
        writer.write_table(pa.Table.from_batches(buffer, schema))
    return tally


def parquet_writer(destination: Path, table: Table) -> pq.ParquetWriter:
    """A writer that keeps dictionaries of texts alone: ids and times seldom repeat, and half its time went there."""
    texts = [column.name for column in table.columns if column.type is ColumnType.TEXT]
    return pq.ParquetWriter(destination, parquet_schema(table), use_dictionary=texts)


def _read_rows(reader: RecordReader, wanted: _Wanted) -> Iterator[pa.RecordBatch]:
    """The rows that are kept, typed and completed."""
    kept, on_read = wanted.kept, wanted.on_read
    kept_cells = _all_cells(reader, on_read) if kept is None else _kept_cells(reader, "subject_id", kept, on_read)
    for cells, numbers in kept_cells:
        batch = typed_batch(reader.source.table, cells, pa.array(numbers), reader.where)
        yield wanted.derive.fill(batch, reader.where) if wanted.derive else batch


def _all_cells(
    reader: RecordReader, on_read: Callable[[int], None] | None
) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
    """All records: their cells as text and their numbers."""
    for block in reader.blocks(reader.source.table.column_names):
        if on_read is not None:
            on_read(reader.bytes_read)
        yield block.cells, block.numbers


def _kept_cells(
    reader: RecordReader, column: str, kept: list[int], on_read: Callable[[int], None] | None
) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
    """The records with one of the wanted numbers in `column`: their cells as text and their numbers.

    Of all records that column alone is made a value; the wanted ones are tokenised, many at a time.
    """
    table = reader.source.table
    wanted = pa.array(kept, pa.int64())
    texts: list[bytes] = []
    numbers: list[np.ndarray] = []

    def gathered() -> tuple[pa.RecordBatch, np.ndarray]:
        cells = reader.tokenised(b"".join(texts), int(numbers[0][0]) - 1, table.column_names)
        told = np.concatenate(numbers)
        texts.clear()
        numbers.clear()
        return cells, told

    for block in reader.keyed_blocks(column):
        if on_read is not None:
            on_read(reader.bytes_read)
        keys = block.keys
        if not pa.types.is_integer(keys.type):
            keys = typed_column(table, table.column(column), keys, pa.array(block.numbers), reader.where)
        places = np.flatnonzero(pc.is_in(keys, wanted).to_numpy(zero_copy_only=False))
        if len(places):
            texts.append(block.text_of(places))
            numbers.append(block.numbers[places])
        if sum(map(len, texts)) >= BLOCK_BYTES:
            yield gathered()
    if texts:
        yield gathered()


def _write_sorted(
    engine: duckdb.DuckDBPyConnection, table: Table, unsorted: Path, destination: Path, memory_mb: int
) -> None:
    """Sort by patient, on disk where memory does not suffice. Long notes get as much as some vectors of them need."""
    schema = parquet_schema(table)
    metadata = pq.read_metadata(unsorted)
    size = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    row_bytes = size // metadata.num_rows + 1
    engine.execute(f"SET memory_limit = '{max(memory_mb, row_bytes * ROWS_IN_A_SORT // 1_000_000)}MB'")
    rows = engine.sql(f"SELECT * FROM read_parquet(?) ORDER BY subject_id, {SOURCE_ROW}", params=[str(unsorted)])
    with parquet_writer(destination, table) as writer:
        for batch in cast(
            pa.RecordBatchReader, rows.to_arrow_reader(min(ROWS_A_GROUP, BYTES_A_GROUP // row_bytes + 1))
        ):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


@contextmanager
def small_engine(scratch: Path, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own, on one thread, with limited memory."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": 1,
        "memory_limit": f"{memory_mb}MB",
        "temp_directory": str(scratch / "spill"),
    }
    with duckdb.connect(":memory:", config=settings) as engine:
        yield engine


def _scratch_path(destination: Path) -> Path:
    return destination.with_name(f".scratch-{destination.stem}")


@contextmanager
def scratch_folder(destination: Path) -> Iterator[Path]:
    """A private folder beside the destination, empty and ours alone, gone afterwards whatever happens.

    Who has it is the only one who writes the destination, so what a killed run left of that is removed.
    """
    scratch = _scratch_path(destination)
    with sole_use(scratch, f"extracting {destination.stem}"):
        for leftover in [*scratch.iterdir(), *destination.parent.glob(f"{UNFINISHED}*-{destination.name}")]:
            _remove(leftover)
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _remove(leftover: Path) -> None:
    if leftover.is_dir():
        shutil.rmtree(leftover, ignore_errors=True)
    elif leftover.name != LOCK_FILE:
        leftover.unlink(missing_ok=True)


def _rule(table: Table, kept: list[int] | None, derive: Derivation | None) -> str:
    """Hash of all that decides, beside the source file, what an extracted table holds."""
    columns = [(column.name, column.type.word, column.required) for column in table.columns]
    optional = [table.optional] if table.optional else []
    derived = [derive.version] if derive else []
    return fingerprint.of_value([VERSION, table.module, table.name, columns, table.key, kept, *optional, *derived])


def _intact_receipt(source: SourceFile, rule: str, destination: Path) -> Receipt | None:
    """The receipt of the last run, if what it was made from is unchanged and what it made is intact."""
    receipt = read_receipt(destination)
    if receipt is None or receipt.rule != rule:
        return None
    stamp = source.stamp()
    seen = {"path": receipt.source_path, "size": receipt.source_size, "mtime_ns": receipt.source_mtime_ns}
    return receipt if stamp == seen and receipt.vouches_for(destination) else None


def _extraction(table: Table, path: Path, receipt: Receipt, started: float, *, reused: bool) -> Extraction:
    return Extraction(
        table=table.name,
        path=path,
        rows=receipt.rows,
        patients=receipt.patients,
        seconds=time.perf_counter() - started,
        source_fingerprint=receipt.source_sha256,
        content_fingerprint=receipt.sha256,
        notices=receipt.notices,
        reused=reused,
    )
