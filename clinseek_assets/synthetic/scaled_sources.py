"""All tables of a scaled release: what they will take, and writing them, as many at a time as there are cores.

Each table appears whole or not at all, so a run that was broken off goes on with the tables that are missing.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from isal import igzip

from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.mimic.catalogue import PATIENT_TABLES, TABLES
from clinseek_assets.mimic.extraction import Meter
from clinseek_assets.storage.atomic import sweep
from clinseek_assets.storage.disk_room import free_bytes
from clinseek_assets.synthetic.scaling import population, refuse_what_has_no_ids, write_scaled
from clinseek_assets.synthetic.sources import COMPRESSION, batch, path_in

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


def require_room(place: Path, size: int) -> None:
    """Refuse to write what would fill the disk.

    Args:
        place: the folder that is written to.
        size: bytes that are to be written there.

    Raises:
        Fault: the disk has not enough room.
    """
    free = free_bytes(place)
    if size * MARGIN > free:
        raise Fault(
            f"{place}: about {size / 1e9:,.1f} GB would be written, and {free / 1e9:,.1f} GB are free; "
            f"{size * MARGIN / 1e9:,.1f} GB should be.",
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
    require_room(folder, size)
    _write_all({name: (sources[name], made[name]) for name in missing}, release, scale.times, progress)
    return made


def _write_all(
    files: Mapping[str, tuple[Path, Path]], release: Path, times: int, progress: Callable[[int, int], None] | None
) -> None:
    with gzip.open(path_in(release, TABLES["patients"])) as stream:
        own = pl.read_csv(stream.read(), columns=["subject_id"])["subject_id"].to_list()
    people = population(own, times)
    meter = Meter({name: source.stat().st_size for name, (source, _) in files.items()}, progress)

    def write(name: str) -> None:
        source, destination = files[name]

        def told(share: float) -> None:
            meter.advance(name, int(share * meter.sizes[name]))

        write_scaled(source, TABLES[name], people, own, destination, told=told)

    with ThreadPoolExecutor(os.cpu_count()) as workers:
        try:
            list(workers.map(write, sorted(files, key=lambda name: -meter.sizes[name])))
        except BaseException:
            meter.stop()
            workers.shutdown(cancel_futures=True)
            raise
