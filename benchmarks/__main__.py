"""`python -m benchmarks`: what `make bench` runs."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks import (
    backfills,
    daemon_backfill,
    ehr_tools,
    endpoints,
    extraction,
    pinned_record,
    scoring,
    statistics,
    xray_path,
)
from benchmarks.figures import write_section
from benchmarks.measuring import Measured, measure
from benchmarks.source_tables import ROWS, write_tables

MODULES = {
    module.__name__.rpartition(".")[2]: module
    for module in (scoring, statistics, pinned_record, ehr_tools, endpoints, xray_path, backfills, daemon_backfill)
}
CASES = ("databases", "extraction", *MODULES)


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path(tempfile.gettempdir()) / "clinseek-benchmarks",
    show_default=True,
    help="Where the source tables are made; they stay there for the next run.",
)
@click.option("--case", "cases", type=click.Choice(CASES), multiple=True, help="Only this; may be given several times.")
@click.option("--rounds", default=3, show_default=True, help="How often the main cases are run; the fastest counts.")
@click.option("--tenfold", is_flag=True, help="Also with ten times the rows (2 GB of files, some minutes): memory.")
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    default=extraction.USUAL_ROWS,
    show_default=True,
    help="About how many rows to extract from. 100000000 is the case of docs/figures.md: the full release at scale 33, "
    "108 million rows in 1.9 GB of gz files, made in some minutes.",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what was measured of extraction to this file of figures, and the page beside it.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures to this file as well.")
def main(
    folder: Path,
    cases: tuple[str, ...],
    rounds: int,
    tenfold: bool,
    rows: int,
    figures: Path | None,
    json_file: Path | None,
) -> None:
    """Speed and memory of the heavy steps, as ratios to the least that must be done.

    Databases: 9 million rows in 8 gz tables, 300 of 3,000 patients, to typed Parquet, then to databases with indexes;
    the yardstick is decompressing the files. Extraction: all 41 tables of a scaled synthetic release, the benchmark's
    patients kept; the same yardstick. Scoring: 1,800 questions of 12 models; the yardstick is parsing.
    Statistics: contrasts and levels of 12 models in four arms with 10,000 draws; 50,000 stored scores read.
    Pinned records: opening, grouping, statements and tools on a patient with 300,000 rows. Endpoints: calls a second
    as a share of what a server with 50 ms answers and 64 allowed calls could give; a run in which all is done already.
    X-rays: 827 files of real size found, decoded and hashed; the yardstick is decoding by one thread.
    Backfills: one run over 45 subtasks of 12 baselines; milliseconds a partition beside what a disk takes.
    Daemon backfill: the same 540 from the page through the daemon, and how soon the page tells of all of them.
    Other work on the machine shows in the seconds; the ratios suffer less.

    \b
    Example: the hundred million rows of docs/figures.md
      python -m benchmarks --case extraction --rows 100000000 --figures docs/figures.json
    """
    console = Console(stderr=True)
    wanted = cases or CASES
    told: dict[str, Any] = {}
    for name, module in MODULES.items():
        if name in wanted:
            with console.status(f"Measuring {name}"):
                one = _measured(module.run)
            told[one["name"]] = one
            _show_one(one)
    if "databases" in wanted:
        of_databases, raw = _databases(folder, rounds, tenfold, console)
        _show(of_databases)
        told |= {"databases": of_databases, "cases": raw}
    if "extraction" in wanted:
        with console.status("Making a scaled release (kept for the next run), and measuring extraction"):
            told["extraction"] = extraction.run(folder, rows, rounds)
        _show_one({key: value for key, value in told["extraction"].items() if key != "machine"})
        if figures is not None:
            write_section("extraction", told["extraction"], figures)
    if json_file is not None:
        json_file.write_text(json.dumps(told, indent=1) + "\n")


Case = tuple[Measured, Measured, Measured]


def _databases(
    folder: Path, rounds: int, tenfold: bool, console: Console
) -> tuple[dict[str, dict[str, Any]], dict[str, list[dict[str, Any]]]]:
    """The figures of the databases, and what they are made of."""
    with console.status("Making the source tables (kept for the next run)"):
        root = write_tables(folder)
        larger = write_tables(folder, times=10) if tenfold else None
    with console.status("Measuring databases"):
        cases = {"once": _case(root, folder / "out", rounds)}
        if larger is not None:
            cases["tenfold"] = _case(larger, folder / "out", 1)
    figures = {name: _figures(*case) for name, case in cases.items()}
    if tenfold:
        figures["tenfold"]["memory_ratio_to_once"] = figures["tenfold"]["peak_mb"] / figures["once"]["peak_mb"]
    return figures, _raw(cases)


def _case(root: Path, out: Path, rounds: int) -> Case:
    """Decompression, the work from nothing, and the same again with nothing to do."""
    decompressed = min((measure("decompress", str(root)) for _ in range(rounds)), key=lambda run: run.seconds)
    worked = []
    for _ in range(rounds):
        shutil.rmtree(out, ignore_errors=True)
        worked.append(measure("databases", str(root), str(out)))
    again = measure("databases", str(root), str(out))
    shutil.rmtree(out, ignore_errors=True)
    return decompressed, min(worked, key=lambda run: run.seconds), again


def _figures(decompressed: Measured, worked: Measured, again: Measured) -> dict[str, Any]:
    return {
        "decompression_seconds": decompressed.seconds,
        "seconds": worked.seconds,
        "ratio_to_decompression": worked.seconds / decompressed.seconds,
        "processor_time_ratio": worked.answer["processor_seconds"] / decompressed.answer["processor_seconds"],
        "extraction_seconds": worked.answer["extraction_seconds"],
        "databases_seconds": worked.answer["databases_seconds"],
        "rows_kept": worked.answer["rows_kept"],
        "peak_mb": worked.peak_mb,
        "second_run_seconds": again.seconds,
        "second_run_tables_reused": again.answer["reused"],
        "second_run_databases_written": again.answer["written"],
    }


def _raw(cases: dict[str, Case]) -> dict[str, list[dict[str, Any]]]:
    return {name: [asdict(measured) for measured in case] for name, case in cases.items()}


def _measured(run: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return run(Path(folder))


def _show_one(figures: dict[str, Any]) -> None:
    table = Table("figure", "value", title=figures["name"])
    for key, value in figures.items():
        if key != "name":
            table.add_row(key.replace("_", " "), value if isinstance(value, str) else f"{value:,}")
    Console().print(table)


def _show(figures: dict[str, dict[str, Any]]) -> None:
    rows = sum(ROWS.values())
    table = Table(title=f"{rows:,} rows in {len(ROWS)} gz tables, 300 of 3,000 patients")
    table.add_column("figure")
    for name in figures:
        table.add_column("as named" if name == "once" else "ten times the rows", justify="right")
    for key in dict.fromkeys(key for of_case in figures.values() for key in of_case):
        cells = [of_case.get(key) for of_case in figures.values()]
        shown = ["" if cell is None else f"{cell:,.2f}" if isinstance(cell, float) else f"{cell:,}" for cell in cells]
        table.add_row(key.replace("_", " "), *shown)
    Console().print(table)


if __name__ == "__main__":
    main()
