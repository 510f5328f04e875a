"""A release whose text split has patients enough for a seal that opens: 30 of them, the last with a second question.

The multimodal split is that of `a_release`. Each patient has an admission, a note and two laboratory results of one
second, whose order is that of the file.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.locations.layout import TEXT_MANIFEST_FILE
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.extraction import extract_tables
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.records.patient_databases import NOTES_FILE, build_patient_databases
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.seal.seal_file import Seal
from clinseek_assets.release.seal.sealing import make_seal
from clinseek_assets.release.seal.verification import Verdict, verify
from clinseek_assets_tests.mimic.source_tables import csv_text, record
from clinseek_assets_tests.release.a_release import lay_release, text_row
from clinseek_assets_tests.release.built import build, settings_of

PATIENTS = tuple(range(10_000_001, 10_000_031))
QUESTIONS = len(PATIENTS) + 1
CANARY = "CANARY-0123456789abcdef"
SALT = bytes(range(16))
SPLITS = ("text", "multimodal")
Tables = dict[str, list[dict[str, str]]]


def tables() -> Tables:
    """The patients' source tables; the dictionaries are those of `a_release`."""
    found: Tables = {"patients": [], "admissions": [], "discharge": [], "labevents": []}
    for place, patient in enumerate(PATIENTS, 1):
        whose = {"subject_id": str(patient), "hadm_id": str(20_000_000 + place)}
        found["patients"].append(record("patients", subject_id=str(patient), anchor_age=str(40 + place)))
        found["admissions"].append(record("admissions", **whose, dischtime="2150-01-09 10:00:00"))
        note = f"{CANARY} Chief complaint {place}. Physical Exam: none."
        found["discharge"].append(record("discharge", **whose, note_id=f"{patient}-DS-1", text=note))
        for nth in (1, 2):
            number = str(1000 * place + nth)
            found["labevents"].append(record("labevents", **whose, labevent_id=number, valuenum=f"{nth}.5"))
    return found


def lay_text(root: Path, rows: Tables, *, names: Iterable[str] = (), gz_level: int | None = None) -> None:
    """Write the text split's tables, over those that are there, in an order of files and in a form of one's own."""
    for name in names or rows:
        text = csv_text(name, rows[name])
        plain = root / "sources" / "mimic_iv" / TABLES[name].module / f"{name}.csv"
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.unlink(missing_ok=True)
        if gz_level is None:
            plain.write_text(text)
        else:
            plain.with_suffix(".csv.gz").write_bytes(gzip.compress(text.encode(), gz_level))


def lay(root: Path, rows: Tables, **form) -> None:
    """The release and its sources."""
    lay_release(root)
    asked = [text_row(number, patient, "radiology") for number, patient in enumerate([*PATIENTS, PATIENTS[-1]], 1)]
    (root / "release" / "text" / TEXT_MANIFEST_FILE).write_text(json.dumps(asked))
    lay_text(root, rows, **form)


def built(root: Path, rows: Tables | None = None, **form) -> Path:
    """A release of these tables with all that is built of it."""
    lay(root, rows or tables(), **form)
    build(settings_of(root))
    return root


def rebuilt(root: Path, rows: Tables) -> Path:
    """The records of a copy made anew of these tables; nothing else of this release is made of them."""
    settings = settings_of(root)
    lay_text(root, rows)
    patients = {question.subject_id for question in read_manifest(settings.text_manifest)}
    layout, sources = settings.layout, find_source_files(settings.mimic_roots)
    extracted = extract_tables(sources, patients, lambda table: layout.source_table(table.module, table.name))
    folder = layout.patient_databases("text")
    (folder / NOTES_FILE).unlink()  # it is appended to, and would be that of the original
    build_patient_databases(extracted.paths, patients, folder)
    return root


def sealed(root: Path, *, salt: bytes = SALT, splits: tuple[str, ...] = SPLITS) -> Seal:
    return make_seal(Scope(settings_of(root)), splits, salt)


def verified(root: Path, seal: Seal) -> Verdict:
    return verify(Scope(settings_of(root)), seal)


@cache
def seal_of(root: Path) -> Seal:
    """The seal of the release that all tests share, made once."""
    return sealed(root)


def told(verdict: Verdict) -> dict[str, tuple[tuple[int, ...], tuple[str, ...]]]:
    """Artifact -> rows and upstream tables."""
    return {one.artifact: (one.rows, one.upstream) for one in verdict.differences}
