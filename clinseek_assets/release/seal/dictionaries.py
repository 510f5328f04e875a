"""What all patients share: dictionaries, classes of codes, vocabularies to search, and what tables mean."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from clinseek_assets.locations.layout import Layout
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.records.candidate_tables import FROM_REFERENCE, FROM_SOURCES
from clinseek_assets.records.dataset_references import EHRXQA_DICTIONARIES, ITEMS, MEDMOD_SOURCES
from clinseek_assets.records.reference_tables import ATC_TABLE, CCS_TABLES, DICTIONARY_TABLES
from clinseek_assets.release.seal.canonical import of_table, of_value
from clinseek_assets.release.seal.parts import Part
from clinseek_assets.release.seal.records import read_table
from clinseek_assets.release.shared_files import DESCRIPTIONS

Upstream = Mapping[str, tuple[str, ...]]


def _of_mimic_iv(name: str) -> str:
    return f"mimic_iv/{TABLES[name].module}/{name}"


REFERENCE: Upstream = {
    **{name: (_of_mimic_iv(name),) for name in DICTIONARY_TABLES},
    **{name: (_of_mimic_iv(dictionary), "CCS classes") for name, dictionary in CCS_TABLES.items()},
    ATC_TABLE: ("CLINSEEK_ATC_CLASSES",),
}
CANDIDATES: Upstream = {
    **{vocabulary.name: REFERENCE[vocabulary.reference] for vocabulary in FROM_REFERENCE},
    **{vocabulary.name: (_of_mimic_iv(vocabulary.source),) for vocabulary in FROM_SOURCES},
}
OF_DATASET: Mapping[str, Upstream] = {
    "ehrxqa": {name: (f"ehrxqa/{name}",) for name in EHRXQA_DICTIONARIES},
    "medmod": {ITEMS: tuple(_of_mimic_iv(name) for name in MEDMOD_SOURCES)},
}


def text_dictionaries(layout: Layout) -> Iterator[Part]:
    """The parts that all questions of the text split share."""
    yield from _tables("reference_tables", "text", layout.reference_tables, REFERENCE)
    yield from _tables("candidate_tables", "text", layout.candidate_tables, CANDIDATES)
    for name in DESCRIPTIONS:
        content = _text(layout.table_descriptions / name)
        yield Part(f"table_descriptions/{name}", "text", ("clinseek-assets",), (content,), shared=True)


def dataset_dictionaries(dataset: str, layout: Layout) -> Iterator[Part]:
    """The dictionaries of `ehrxqa` or `medmod`."""
    path = layout.dataset_reference(dataset)
    yield from _tables(f"{dataset}_reference_tables", "multimodal", path, OF_DATASET[dataset])


def _tables(asset: str, split: str, path: Path, upstream: Upstream) -> Iterator[Part]:
    contents = _contents(path, upstream)
    for name, made_of in upstream.items():
        yield Part(f"{asset}/{name}", split, made_of, (contents.get(name),), shared=True)


def _contents(path: Path, names: Upstream) -> dict[str, bytes]:
    """Table -> its digest; nothing where the file is not there, is damaged or lacks a table."""
    if not path.is_file():
        return {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return {name: of_table(*read_table(connection, name)) for name in names}
    except sqlite3.Error:
        return {}


def _text(path: Path) -> bytes | None:
    try:
        return of_value(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
