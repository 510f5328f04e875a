"""Source tables of many times more rows: background patients, who are in no manifest, stand between the release's own.

A background patient is one of the release's patients under ids of its own, so that each table has exactly so many times
its rows, and every other column the distribution that it had. The files are in order of subject_id, as MIMIC's are; the
release's patients keep their ids, their rows and the order of these, and are spread over the file. Memory holds a table
of the release and a few megabytes of rows, whatever the scale.
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.mimic.tables import Table
from clinseek_assets.storage.atomic import whole_file
from clinseek_assets.synthetic.sources import gz_stream

# Patients' ids are whole numbers of eight digits, from here on.
FIRST_SUBJECT, END_OF_SUBJECTS = 10_000_000, 20_000_000
# The release takes one of so many; copies stand between its patients as long as there is room, then behind them.
IDS_A_PATIENT = 53
# A copy's other ids are those of its original and a multiple of this.
ID_SPACE = 10**8
NUMBERS = frozenset(
    {
        *("hadm_id", "stay_id", "transfer_id", "labevent_id", "specimen_id", "microevent_id", "micro_specimen_id"),
        *("pharmacy_id", "orderid", "linkorderid"),
    }
)
# Ids that begin with the patient's: `10000032-17`.
TEXTS = frozenset({"emar_id", "poe_id", "discontinue_of_poe_id", "discontinued_by_poe_id", "note_id"})
BYTES_A_CHUNK = 8 << 20


@dataclass(frozen=True)
class Population:
    """Who stands in the scaled files, in order of subject_id.

    Attributes:
        subjects: the ids, ascending.
        originals: of each the place of the patient whose rows it has, among the release's patients by subject_id.
        copies: of each the number of the copy; 0 for the patients of the release themselves.
    """

    subjects: np.ndarray
    originals: np.ndarray
    copies: np.ndarray


def population(release: Sequence[int], times: int) -> Population:
    """Each patient of the release once, and `times` - 1 copies of each.

    Args:
        release: the subject_ids of the release, ascending.
        times: the scale, at least 1.

    Raises:
        SettingsFault: there are not so many ids of eight digits.
    """
    own = np.asarray(release, np.int64)
    refuse_what_has_no_ids(len(own), times)
    room = len(own) * max(IDS_A_PATIENT, times)
    ids = np.arange(FIRST_SUBJECT, max(FIRST_SUBJECT + room, int(own[-1]) + 1))
    free = np.setdiff1d(ids, own, assume_unique=True)
    turns = np.arange(len(own) * (times - 1))
    subjects = np.concatenate([own, free[turns * len(free) // max(len(turns), 1)]])
    originals = np.concatenate([np.arange(len(own)), turns * _stride(len(own)) % len(own)])
    copies = np.concatenate([np.zeros(len(own), np.int64), turns // len(own) + 1])
    order = np.argsort(subjects)
    return Population(subjects[order], originals[order], copies[order])


def refuse_what_has_no_ids(patients: int, times: int) -> None:
    """Refuse a scale for which there are too few subject_ids.

    Raises:
        SettingsFault: there are too few.
    """
    if patients * times > END_OF_SUBJECTS - FIRST_SUBJECT:
        raise SettingsFault(
            f"At scale {times:,} there would be {patients * times:,} patients: more than subject_ids of eight digits.",
            mend=f"Take a scale of at most {(END_OF_SUBJECTS - FIRST_SUBJECT) // patients:,}.",
        )


def _stride(count: int) -> int:
    """A step that leads from place to place through all of them, so that no two copies of a patient are neighbours."""
    return next(step for step in range(int(0.618 * count) + 1, 2 * count + 2) if math.gcd(step, count) == 1)


def write_scaled(
    source: Path,
    table: Table,
    people: Population,
    release: Sequence[int],
    destination: Path,
    told: Callable[[float], None] = lambda share: None,
) -> None:
    """Write one table of a scaled release, whole or not at all.

    Args:
        source: the release's gz file of it.
        table: its catalogue entry, one of patients.
        people: who is in it.
        release: the subject_ids of the release, ascending.
        destination: the gz file to write; no time stamp and no name inside.
        told: called with the share of the table that is written; what it raises ends the writing.

    Raises:
        Fault: the source is not as the generator writes it.
    """
    pool = read_pool(source, table, release)
    with (
        whole_file(destination) as unfinished,
        unfinished.open("wb") as raw,
        gz_stream(raw) as stream,
    ):
        stream.write((",".join(table.column_names) + "\n").encode())
        for done, text in pool.texts(people):
            stream.write(text)
            told(done / len(people.subjects))


@dataclass(frozen=True)
class Pool:
    """One table of the release, ready to be written again under other ids.

    Attributes:
        parts: the cells of each row as they stand in the file: an id alone, whatever is between two ids together.
        starts: where the rows of each patient of the release begin.
        rows_of: how many rows each has.
        rows_a_chunk: how many rows are written at once.
    """

    parts: pl.DataFrame
    starts: np.ndarray
    rows_of: np.ndarray
    rows_a_chunk: int

    def texts(self, people: Population) -> Iterator[tuple[int, bytes]]:
        """The file's records after its header, those of some patients at a time, and how many patients are done."""
        chunk_of = np.cumsum(self.rows_of[people.originals]) // self.rows_a_chunk
        for members in np.split(np.arange(len(chunk_of)), np.flatnonzero(np.diff(chunk_of)) + 1):
            originals = people.originals[members]
            counts = self.rows_of[originals]
            if counts.any():
                frame = self.parts[_ranges(self.starts[originals], counts)]
                subjects, copies = people.subjects[members], people.copies[members]
                yield int(members[-1]) + 1, _rekeyed(frame, np.repeat(subjects, counts), np.repeat(copies, counts))


def _ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The whole numbers of several ranges, one range after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(counts.sum())


def _rekeyed(frame: pl.DataFrame, subjects: np.ndarray, copies: np.ndarray) -> bytes:
    """Records out of parts, under these patients' ids."""
    names = pl.Series("subject", subjects).cast(pl.String)
    apart = pl.Series(copies * ID_SPACE)
    written = []
    for column in frame.iter_columns():
        kind = column.name.partition(" ")[0]
        if kind == "patient":
            written.append(names.alias(column.name))
        elif kind == "number":
            written.append(column + apart)
        elif kind == "text":
            written.append(pl.select(pl.concat_str([names, column])).to_series().alias(column.name))
        else:
            written.append(column)
    return pl.DataFrame(written).write_csv(include_header=False, quote_style="never").encode()


def read_pool(source: Path, table: Table, release: Sequence[int]) -> Pool:
    """Read a table of the release.

    Raises:
        Fault: its rows are not in the order of their patients, or an id is not as the generator makes it.
    """
    with gzip.open(source) as stream:
        cells = pl.read_csv(stream.read(), infer_schema=False)
    subjects = cells["subject_id"].cast(pl.Int64).to_numpy()
    if np.any(np.diff(subjects) < 0):
        raise _not_as_written(source)
    starts = np.searchsorted(subjects, release)
    rows_of = np.searchsorted(subjects, release, side="right") - starts
    if rows_of.sum() != len(subjects):
        raise _not_as_written(source)
    parts = _parts(cells, table, source)
    row_bytes = int(parts.estimated_size()) // max(parts.height, 1) + 1
    return Pool(parts, starts, rows_of, max(1, BYTES_A_CHUNK // row_bytes))


def _not_as_written(source: Path) -> Fault:
    return Fault(
        f"{source}: the rows are not as `clinseek synthesize` writes them, so they cannot be scaled.",
        mend="Remove the synthetic release and make it anew.",
    )


def _parts(cells: pl.DataFrame, table: Table, source: Path) -> pl.DataFrame:
    """The columns of a table as parts: `patient`, `number …`, `text …` for ids, `cells …` for what is between them."""
    parts: list[pl.Expr] = []
    between: list[pl.Expr] = []

    def finish() -> None:
        if between:
            parts.append(pl.concat_str(between, separator=",").alias(f"cells {len(parts)}"))
            between.clear()

    for name in table.column_names:
        if name != "subject_id" and name not in NUMBERS and name not in TEXTS:
            between.append(_as_written(name))
            continue
        finish()
        if name == "subject_id":
            parts.append(pl.lit(None, pl.String).alias("patient"))
        elif name in NUMBERS:
            parts.append(pl.col(name).cast(pl.Int64).alias(f"number {name}"))
        else:
            parts.append(pl.col(name).str.strip_prefix(pl.col("subject_id")).alias(f"text {name}"))
    finish()
    frame = cells.select(parts)
    for column in frame.iter_columns():
        kind = column.name.partition(" ")[0]
        wrong = (kind == "number" and (column >= ID_SPACE).any()) or (
            kind == "text" and not column.drop_nulls().str.starts_with("-").all()
        )
        if wrong:
            raise _not_as_written(source)
    return frame


def _as_written(name: str) -> pl.Expr:
    """A column's cells as they stand in a file: quotes where needed, doubled inside, nothing for NULL."""
    cell = pl.col(name)
    quoted = pl.concat_str([pl.lit('"'), cell.str.replace_all('"', '""', literal=True), pl.lit('"')])
    return pl.when(cell.str.contains(r'[",\r\n]')).then(quoted).otherwise(cell).fill_null("")
