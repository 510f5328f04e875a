"""All tables of a scaled release: what they will take, and writing them, as many at a time as there are cores.

Each table appears whole or not at all, so a run that was broken off goes on with the tables that are missing.
"""

from __future__ import annotations

import gzip
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from isal import igzip

from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.mimic.catalogue import PATIENT_TABLES, TABLES
from clinseek_assets.mimic.tables import Table
from clinseek_assets.storage.atomic import sweep
from clinseek_assets.synthetic.scaling import COMPRESSION, population, refuse_what_has_no_ids, write_scaled
from clinseek_assets.synthetic.sources import batch

# Patients that are drawn to forecast how large the files of all of them will be.
SAMPLE = 40
# What a forecast may be wrong by, and what a disk should not be filled to.
MARGIN = 1.25


@dataclass(frozen=True)
class Scale:
    """How many times the rows.

    Attributes:
        times: 1 leaves the release as it is.
        tables: the tables that are scaled, by name in the catalogue's order; the others stay as they are.
    """

    times: int = 1
    tables: tuple[str, ...] = tuple(PATIENT_TABLES)


AS_IT_IS = Scale()


def scale_of(times: int, tables: tuple[str, ...] = ()) -> Scale:
    """The scale that a user asks for; without tables, all that are of patients.

    Raises:
        SettingsFault: it is no scale, or one of the tables cannot be scaled.
    """
    if times < 1:
        raise SettingsFault(f"The scale {times} is none.", mend="Take a whole number from 1 on.")
    unknown = sorted(set(tables) - set(PATIENT_TABLES))
    if unknown:
        raise SettingsFault(
            f"No table of patients is called {', '.join(unknown)}.", mend=f"Take of: {', '.join(PATIENT_TABLES)}."
        )
    return Scale(times, tuple(name for name in PATIENT_TABLES if not tables or name in tables))


@dataclass(frozen=True)
class Forecast:
    """What a scaled release will take.

    Attributes:
        rows: in the source tables of MIMIC-IV.
        size: bytes on disk that are to be written, while it is made and afterwards.
        free: bytes that the disk has.
    """

    rows: int
    size: int
    free: int

    def refuse_what_has_no_room(self, place: Path) -> None:
        """Refuse to write what would fill the disk.

        Raises:
            Fault: the disk has not enough room.
        """
        if self.size * MARGIN > self.free:
            raise Fault(
                f"{place}: about {self.size / 1e9:,.1f} GB would be written ({self.rows:,} rows), and "
                f"{self.free / 1e9:,.1f} GB are free; {self.size * MARGIN / 1e9:,.1f} GB should be.",
                mend="Take a smaller --scale, fewer --tables or another disk.",
            )


def forecast(patients: int, seed: int, scale: Scale, out: Path) -> Forecast:
    """What a release of so many patients will take, from a sample of them, before anything is written.

    Raises:
        SettingsFault: there are not so many ids of patients.
    """
    refuse_what_has_no_ids(patients, scale.times)
    size, drawn = batch(0, min(SAMPLE, patients), seed)
    rows, packed = 0.0, 0.0
    for name, (number, text) in drawn.items():
        times = patients / size * (scale.times if name in scale.tables else 1)
        rows += number * times
        packed += len(igzip.compress(text, COMPRESSION)) * times
    return Forecast(round(rows), round(packed), free_bytes(out))


def free_bytes(place: Path) -> int:
    """How many bytes the disk that a folder lies on, or will lie on, has to give."""
    there = next(folder for folder in [place.absolute(), *place.absolute().parents] if folder.exists())
    return shutil.disk_usage(there).free


def write_scaled_sources(
    release: Path, folder: Path, scale: Scale, progress: Callable[[int, int], None] | None = None
) -> dict[str, Path]:
    """Write the scaled tables of a release.

    Args:
        release: `mimic_iv/` of the release, as `sources.write_sources` makes it.
        folder: where the tables go, a folder a module; what an earlier run of the same release and scale finished there
            stays.
        scale: how many times which tables.
        progress: told bytes of the release's files done and in all.

    Returns:
        Table -> its file.

    Raises:
        Fault: the disk has not enough room, or the release is not as the generator writes it.
    """
    sources = {name: path_in(release, TABLES[name]) for name in scale.tables}
    made = {name: path_in(folder, TABLES[name]) for name in scale.tables}
    for module in {path.parent for path in made.values()}:
        sweep(module)
    missing = [name for name, path in made.items() if not path.is_file()]
    size = sum(sources[name].stat().st_size for name in missing) * scale.times
    Forecast(0, size, free_bytes(folder)).refuse_what_has_no_room(folder)
    _write_all({name: (sources[name], made[name]) for name in missing}, release, scale.times, progress)
    return made


def path_in(folder: Path, table: Table) -> Path:
    """Where a table's file lies below `mimic_iv/`."""
    return folder / table.module / f"{table.name}.csv.gz"


def _write_all(
    files: Mapping[str, tuple[Path, Path]], release: Path, times: int, progress: Callable[[int, int], None] | None
) -> None:
    with gzip.open(path_in(release, TABLES["patients"])) as stream:
        own = pl.read_csv(stream.read(), columns=["subject_id"])["subject_id"].to_list()
    people = population(own, times)
    meter = _Meter({name: source.stat().st_size for name, (source, _) in files.items()}, progress)

    def write(name: str) -> None:
        source, destination = files[name]
        write_scaled(source, TABLES[name], people, own, destination, told=lambda share: meter.advance(name, share))

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        try:
            list(workers.map(write, sorted(files, key=lambda name: -meter.sizes[name])))
        except BaseException:
            meter.stopped = True
            workers.shutdown(cancel_futures=True)
            raise


class _StoppedError(Exception):
    """The run was broken off while a table was written."""


class _Meter:
    """Adds up what is written, and stops the writers where the run is broken off."""

    def __init__(self, sizes: Mapping[str, int], progress: Callable[[int, int], None] | None) -> None:
        self.sizes = sizes
        self.stopped = False
        self._progress = progress
        self._done = dict.fromkeys(sizes, 0)
        self._lock = threading.Lock()

    def advance(self, table: str, share: float) -> None:
        """Tell that this share of a table is written."""
        if self.stopped:
            raise _StoppedError
        with self._lock:
            self._done[table] = int(share * self.sizes[table])
            if self._progress:
                self._progress(sum(self._done.values()), sum(self.sizes.values()))
