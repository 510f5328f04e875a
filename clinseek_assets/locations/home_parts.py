"""The parts of a CLINSEEK_HOME: what each holds, what is lost with it, and how much of the disk it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

BLOCK = 512  # bytes; the unit of st_blocks on every system
# How files and folders begin that somebody is at, or was at when it was killed: `storage/atomic.py`,
# `mimic/extraction.py`, `synthetic/release.py`.
UNDER_WAY = (".unfinished-*", ".scratch-*", ".synthesizing-*")
# Files that carry locks: `storage/working_here.py`, `taking_turns.py`, `served.py`, `sole_use.py`.
LOCKS = (".at-work", ".turn*", ".turn-*", ".served", ".in-use")


class Nature(StrEnum):
    """What is lost with a part."""

    SOURCE = "what all else is made from"
    REMADE = "made again by the next run"
    PAID = "paid for"
    RECORD = "a record of what happened, and when"


@dataclass(frozen=True)
class Part:
    """A part of a home.

    Attributes:
        name: what a user calls it.
        folder: below the home, with `/`; "" for the home itself.
        nature: what is lost with it.
        holds: what it is, in a few words.
        files: patterns of names, of which a file's or one of its folders' below `folder` has to fit one; all below
            the folder where empty.
    """

    name: str
    folder: str
    nature: Nature
    holds: str
    files: tuple[str, ...] = ()

    def has(self, path: PurePosixPath) -> bool:
        """Whether a file, by its path below the home, belongs to it."""
        if not path.is_relative_to(self.folder or "."):
            return False
        names = path.relative_to(self.folder or ".").parts
        return not self.files or any(fnmatch(name, pattern) for name in names for pattern in self.files)


# A file belongs to the first that has it.
PARTS = (
    Part("locks", "", Nature.REMADE, "who is at work, who serves, whose turn it is", LOCKS),
    Part("under way", "", Nature.REMADE, "what a run is writing, or was writing when it was killed", UNDER_WAY),
    Part("release", "release", Nature.SOURCE, "the synthetic release"),
    Part("sources", "sources", Nature.SOURCE, "the synthetic source datasets"),
    Part("demo-llm", "demo_llm", Nature.RECORD, "the home of `clinseek demo-llm`, with parts of its own"),
    Part("manifests", "assets/manifests", Nature.REMADE, "the questions, as the graph keeps them"),
    Part("source tables", "assets/source_tables", Nature.REMADE, "the benchmark's patients' rows, Parquet"),
    Part("patient databases", "assets/patient_databases", Nature.REMADE, "SQLite, one file a patient"),
    Part("contexts", "assets/contexts", Nature.REMADE, "what the curated arms show"),
    Part("image links", "assets/image_links", Nature.REMADE, "which X-rays and reports are linked"),
    Part(
        "journals",
        "assets/predictions",
        Nature.PAID,
        "every finished call and exchange",
        ("journal.sqlite*", "runs.json"),
    ),
    Part("ledger", "assets/predictions", Nature.PAID, "what left this machine, what it cost", ("ledger.sqlite*",)),
    Part(
        "analysis plan", "assets/predictions", Nature.RECORD, "fixed before the first answer", ("analysis_plan.json",)
    ),
    Part("leases", "assets/predictions/leases", Nature.REMADE, "slots by which processes share an endpoint"),
    Part("answers", "assets/predictions", Nature.REMADE, "predictions as tables; made again out of the journals"),
    Part("judging", "assets/scores/judging", Nature.PAID, "what a judge was asked, and its verdicts"),
    Part("store", "store", Nature.REMADE, "what is remembered of the shared store"),
    Part("rescorings", "assets/scores", Nature.RECORD, "what new versions of the scorer changed", ("*.rescored.json",)),
    Part("scores", "assets/scores", Nature.REMADE, "scores, intervals, contrasts"),
    Part("marts", "assets/marts", Nature.REMADE, "the tables of the leaderboard"),
    Part("reports", "assets/reports", Nature.REMADE, "pages and records"),
    Part("receipts", "assets/receipts", Nature.RECORD, "what was made, and from what"),
    Part("thumbnails", "thumbnails", Nature.REMADE, "small copies of linked images"),
    Part("prepared images", "prepared_images", Nature.REMADE, "linked images as they are sent"),
    Part("searches", "browsing", Nature.PAID, "what search endpoints answered", ("search.sqlite*",)),
    Part("corpus index", "browsing", Nature.REMADE, "what the browser tools search"),
    Part("image tools", "image_tools", Nature.PAID, "what endpoints of image tools answered"),
    Part("manifest work", "build_manifest", Nature.REMADE, "extracted tables of `clinseek build-manifest`"),
    Part("event store", "dagster", Nature.RECORD, "Dagster's runs, events and ticks"),
    Part("dbt", "dbt", Nature.REMADE, "what dbt compiled, and its log"),
    Part("observed files", "observed", Nature.REMADE, "hashes of the source files, so that each is read once"),
    Part("warehouse", "", Nature.REMADE, "views and marts on DuckDB", ("warehouse.duckdb*",)),
    Part("other", "", Nature.RECORD, "files that clinseek does not know"),
)


@dataclass
class Use:
    """What a part takes.

    Attributes:
        files: how many.
        size: bytes on the disk.
    """

    files: int = 0
    size: int = 0


def disk_use(home: Path) -> dict[Part, Use]:
    """The parts that are there, in their order, with what they take; files that vanish meanwhile do not count."""
    used = {part: Use() for part in PARTS}
    for path, size in files_below(home):
        use = used[part_of(home, path)]
        use.files += 1
        use.size += size
    return {part: use for part, use in used.items() if use.files}


def part_of(home: Path, path: Path) -> Part:
    """The part that a file below a home belongs to."""
    below = PurePosixPath(path.relative_to(home).as_posix())
    return next(part for part in PARTS if part.has(below))


def files_below(folder: Path) -> Iterator[tuple[Path, int]]:
    """Every file below a folder, with the bytes that it takes on the disk; links are not followed."""
    for root, _, names in os.walk(folder):
        for name in names:
            path = Path(root) / name
            try:
                yield path, on_disk(path)
            except OSError:
                continue


def on_disk(path: Path) -> int:
    """The bytes that a file, or a link itself, takes on the disk."""
    return path.lstat().st_blocks * BLOCK
