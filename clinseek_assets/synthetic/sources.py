"""The source datasets on disk: gz files with the published headers, written patient by patient.

The bytes depend on seed and number of patients alone: not on the number of processes, the time or the hash seed. Memory
holds a few batches of patients, whatever the size.
"""

from __future__ import annotations

import csv
import io
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, cast

from isal import igzip

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.tables import Table
from clinseek_assets.synthetic.dictionaries import ATC_HEADER, atc_rows, dictionary_rows
from clinseek_assets.synthetic.life import patient_rows

BATCH = 25
# Below so many patients a second process costs more than it saves.
WORTH_PROCESSES = 400
COMPRESSION = 1

Rows = Sequence[tuple[Any, ...]]


def write_sources(
    folder: Path,
    *,
    patients: int,
    seed: int,
    processes: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Write `mimic_iv/{hosp,icu,ed,note}/<table>.csv.gz` of all 41 tables and `atc_classes.csv`; return rows by table.

    Args:
        folder: made if missing; what is in it is overwritten.
        patients: how many; patient n is the same whatever their number.
        processes: how many work at most.
        progress: told patients done and patients in all.
    """
    counts = dict.fromkeys(TABLES, 0)
    with ExitStack() as stack:
        streams = {name: stack.enter_context(_GzTable(folder, name)) for name in TABLES}
        for name, rows in dictionary_rows().items():
            streams[name].write(_as_csv(rows))
            counts[name] += len(rows)
        done = 0
        for size, texts in _batches(patients, seed, processes):
            for name, (number, text) in texts.items():
                streams[name].write(text)
                counts[name] += number
            done += size
            if progress:
                progress(done, patients)
    (folder / "atc_classes.csv").write_bytes(_as_csv([ATC_HEADER, *atc_rows()]))
    return counts


def path_in(folder: Path, table: Table) -> Path:
    """Where a table's file lies below `mimic_iv/`."""
    return folder / table.module / f"{table.name}.csv.gz"


def gz_stream(raw: BinaryIO) -> igzip.IGzipFile:
    """Compresses into an open file; no time stamp and no name inside, so that the same text gives the same bytes."""
    return igzip.IGzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=raw, mtime=0)


class _GzTable:
    """A gz file that starts with its table's header."""

    def __init__(self, folder: Path, table: str) -> None:
        self._path = path_in(folder / "mimic_iv", TABLES[table])
        self._header = TABLES[table].column_names

    def __enter__(self) -> _GzTable:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = self._path.open("wb")
        self._stream = cast(BinaryIO, gz_stream(self._raw))
        self.write(_as_csv([self._header]))
        return self

    def write(self, content: bytes) -> None:
        """Append CSV records."""
        self._stream.write(content)

    def __exit__(self, *error: object) -> None:
        self._stream.close()
        self._raw.close()


Batch = tuple[int, dict[str, tuple[int, bytes]]]


def _batches(patients: int, seed: int, processes: int) -> Iterator[Batch]:
    """The patients' rows as CSV, batch by batch in their order; never more than a few batches wait."""
    starts = range(0, patients, BATCH)
    jobs = [(start, min(start + BATCH, patients), seed) for start in starts]
    if processes < 2 or patients < WORTH_PROCESSES:
        yield from (batch(*job) for job in jobs)
        return
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting: deque[Future[Batch]] = deque()
        for job in jobs:
            waiting.append(pool.submit(batch, *job))
            if len(waiting) > 2 * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def batch(first: int, stop: int, seed: int) -> Batch:
    """How many patients there are from `first` to before `stop`, and of each of their tables the rows and the CSV."""
    gathered: dict[str, list[tuple[Any, ...]]] = {}
    for number in range(first, stop):
        for name, rows in patient_rows(number, seed).items():
            gathered.setdefault(name, []).extend(rows)
    return stop - first, {name: (len(rows), _as_csv(rows)) for name, rows in gathered.items()}


def _as_csv(rows: Rows) -> bytes:
    """Rows as CSV in the dialect of the published files: quotes where needed, doubled inside, nothing for NULL."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")
