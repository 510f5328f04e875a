"""What of a home can go: what is stale or orphaned, what is made again when it is needed, and what was paid for.

Sources and releases are in none of it, nor is a file that clinseek does not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from clinseek_assets.assets.graph import Graph
from clinseek_assets.locations.home_parts import UNDER_WAY, Nature, files_below, on_disk, part_of
from clinseek_assets.locations.layout import in_a_name
from clinseek_assets.resources.home import Home

LIVING_SECONDS = 3600.0  # whoever writes a file touches it more often than that
JOURNALS = ("journal.sqlite*", "runs.json")


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can go.

    Attributes:
        name: by which it is removed.
        why: why it can go, and what it costs.
        paid: whether money was spent on it that would be spent again.
        find: its files.
    """

    name: str
    why: str
    find: Callable[[Home, Graph], Iterator[Path]]
    paid: bool = False


@dataclass(frozen=True)
class Finding:
    """What there is of a kind.

    Attributes:
        kind: the kind.
        files: each file with the bytes that it takes on the disk.
    """

    kind: Kind
    files: dict[Path, int]

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(self.files.values())


def findings(home: Home, graph: Graph) -> list[Finding]:
    """What there is of every kind, in the order of the kinds; a file counts with the first that has it."""
    counted: set[Path] = set()
    found = []
    for kind in KINDS:
        files = {path: size for path, size in sized(kind.find(home, graph)) if path not in counted}
        counted |= set(files)
        found.append(Finding(kind, files))
    return found


def sized(paths: Iterator[Path]) -> Iterator[tuple[Path, int]]:
    """The files that are still there, with the bytes that they take."""
    for path in paths:
        try:
            yield path, on_disk(path)
        except FileNotFoundError:
            continue


def unfinished(home: Home, _: Graph) -> Iterator[Path]:
    """What writers left that were killed; what was touched within the last hour may be a living one's."""
    for path, _size in files_below(home.layout.home):
        if part_of(home.layout.home, path).files == UNDER_WAY:
            with suppress(FileNotFoundError):  # a living one's has just become whole
                if time.time() - path.lstat().st_mtime > LIVING_SECONDS:
                    yield path


def orphans(home: Home, _: Graph) -> Iterator[Path]:
    """Answers, scores and receipts of models that the registry does not list any more."""
    listed = {in_a_name(model.name) for model in home.registry.models}
    assets = home.layout.assets
    for folder in orphaned_folders(home):
        yield from (path for path in folder.glob("*.parquet"))
    for path in assets.glob("scores/*/by_model/*.parquet"):
        if path.stem not in listed:
            yield path
    for path in assets.glob("receipts/*_model_scores/*.json"):
        if path.stem not in listed:
            yield path
    for path in (*assets.glob("receipts/*_predictions/*.json"), *assets.glob("receipts/*_scores/*.json")):
        model, grid, _subtask = path.stem.partition("|")
        if grid and model not in listed:
            yield path


def orphaned_folders(home: Home) -> Iterator[Path]:
    """The folders of answers and scores of models that the registry does not list."""
    listed = {in_a_name(model.name) for model in home.registry.models}
    for folder in (*home.layout.assets.glob("predictions/*/*/*"), *home.layout.assets.glob("scores/*/*/*")):
        if folder.is_dir() and folder.name not in listed and folder.parent.name != "by_model":
            yield folder


def behind(home: Home, graph: Graph) -> Iterator[Path]:
    """What was made from inputs that have changed since, with its receipts. What is owed by an endpoint is not."""
    for artifact in graph.artifacts:
        for partition in artifact.partitions:
            output = artifact.output(home, partition)
            if home.receipts.read(artifact.name, partition) is None or not output.is_file():
                continue
            if artifact.current(home, partition) is None and not artifact.tried(home, partition):
                yield output
                yield home.receipts.place(artifact.name, partition)


def cache(folder: Callable[[Home], Path]) -> Callable[[Home, Graph], Iterator[Path]]:
    """The files of a folder that are made again when they are needed, and that nobody has paid for."""

    def found(home: Home, _: Graph) -> Iterator[Path]:
        for path in folder(home).glob("**/*"):
            if path.is_file() and part_of(home.layout.home, path).nature is Nature.REMADE:
                yield path

    return found


def journals(home: Home, _: Graph) -> Iterator[Path]:
    """The journals of all models."""
    for pattern in JOURNALS:
        yield from home.layout.assets.glob(f"predictions/*/*/*/{pattern}")


def orphaned_journals(home: Home, _: Graph) -> Iterator[Path]:
    """The journals of models that the registry does not list."""
    for folder in orphaned_folders(home):
        for pattern in JOURNALS:
            yield from folder.glob(pattern)


def ledger(home: Home, _: Graph) -> Iterator[Path]:
    """The ledger."""
    yield from home.layout.ledger.parent.glob(f"{home.layout.ledger.name}*")


KINDS = (
    Kind("unfinished", "left half-written by runs that were killed; nobody reads it", unfinished),
    Kind("orphans", "answers and scores of models that models.yaml does not list any more", orphans),
    Kind("behind", "made from inputs that have changed since; the next run makes it anew", behind),
    Kind(
        "dbt",
        "what dbt compiled, and its log; parsed anew at the next start",
        cache(lambda home: home.layout.dbt_target),
    ),
    Kind("leases", "slots of endpoints; made when one is asked", cache(lambda home: home.layout.leases)),
    Kind("thumbnails", "made again when they are looked at", cache(lambda home: home.layout.thumbnails)),
    Kind("prepared-images", "made again when a model is shown them", cache(lambda home: home.layout.prepared_images)),
    Kind("corpus-index", "made again when a model searches the corpus", cache(lambda home: home.layout.browsing)),
    Kind("manifest-work", "made again by `clinseek build-manifest`", cache(lambda home: home.layout.manifest_work)),
    Kind(
        "orphaned-journals",
        "calls of models that models.yaml does not list any more: listed again, they would be paid for again",
        orphaned_journals,
        paid=True,
    ),
    Kind("journals", "every finished call of every model: all would be asked and paid for again", journals, paid=True),
    Kind("ledger", "what left this machine and what it cost: budgets would begin anew", ledger, paid=True),
)
