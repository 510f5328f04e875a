"""Where a fault is planted: a copy of a release, its sources and what was built of them, made of hard links."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.imaging.released_paths import read_report_path
from clinseek_assets.locations.layout import Layout
from clinseek_assets.mimic.multimodal.radiology_reports import Member, ReportTexts
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.release.linked_images import image_files, verifications
from clinseek_assets_tests.release.built import settings_of

Row = dict[str, Any]


def linked_copy(source: Path, target: Path) -> None:
    """A copy of hard links; what is written in place (SQLite) is copied when it is opened for writing."""
    shutil.copytree(source, target, copy_function=os.link)
    verified = verifications(Layout(target))
    verified.unlink(missing_ok=True)


@dataclass(frozen=True)
class Bed:
    """One copy. Rows are counted from 1, as in the manifest."""

    root: Path

    @cached_property
    def settings(self):
        return settings_of(self.root)

    @property
    def layout(self) -> Layout:
        return self.settings.layout

    @cached_property
    def questions(self) -> dict[str, list[Question]]:
        """The questions of both splits as they are before anything is planted."""
        settings = self.settings
        return {
            "text": read_manifest(settings.text_manifest),
            "multimodal": read_multimodal_manifest(settings.multimodal_manifest),
        }

    def manifest(self, split: str) -> Path:
        return self.settings.text_manifest if split == "text" else self.settings.multimodal_manifest

    def of_task(self, split: str, task: str, place: int = 0) -> Question:
        """The nth question of a task: of the text split a subtask, else a released task or a dataset."""
        return [q for q in self.questions[split] if task in (q.task, q.task_type, q.dataset)][place]

    # --- files

    def replace(self, path: Path, content: bytes) -> None:
        """Give a file another content without changing the original that it is linked to."""
        path.unlink()
        path.write_bytes(content)

    def cut(self, path: Path, fraction: float = 0.5) -> None:
        content = path.read_bytes()
        self.replace(path, content[: int(len(content) * fraction)])

    def of_its_own(self, path: Path) -> Path:
        """The same file, no longer linked to the original."""
        self.replace(path, path.read_bytes())
        return path

    # --- manifests

    @contextmanager
    def rows(self, split: str) -> Iterator[list[Row]]:
        """The rows of a manifest, written back afterwards."""
        path = self.manifest(split)
        text = path.read_text()
        rows = json.loads(text) if split == "text" else [json.loads(line) for line in text.splitlines()]
        yield rows
        lines = json.dumps(rows, indent=1) if split == "text" else "".join(json.dumps(row) + "\n" for row in rows)
        self.replace(path, lines.encode())

    def change(self, question: Question, **fields: Any) -> str:
        """Change fields of one row; its place."""
        with self.rows(question.split) as rows:
            rows[question.row_number - 1].update(fields)
        return f"row {question.row_number}"

    @contextmanager
    def counts(self) -> Iterator[dict[str, Any]]:
        path = self.settings.release_root / "expected_counts.json"
        counts = json.loads(path.read_text())
        yield counts
        self.replace(path, json.dumps(counts).encode())

    # --- linked files

    def image(self, question: Question, position: int = 1) -> Path:
        released = question.image_paths[position - 1]
        return image_files(self.settings).find(released, question.dataset, question.subject_id)

    def first_row(self, released: str) -> str:
        """The first row that links a file."""
        linking = [q for q in self.questions["multimodal"] if released in (*q.image_paths, *q.report_paths)]
        return f"row {linking[0].row_number}"

    def alter_image(self, question: Question, content: bytes) -> tuple[str, ...]:
        self.replace(self.image(question), content)
        return (self.first_row(question.image_paths[0]),)

    def alter_report(self, question: Question, content: Callable[[bytes], bytes | None]) -> tuple[str, ...]:
        """Give a report another content, or remove it, in a folder or in the zip."""
        released = question.report_paths[0]
        report = read_report_path(released, question.dataset, question.subject_id)
        texts = ReportTexts.of(self.settings.mimic_cxr_root)
        place = texts.path_or_member(report.subject_id, report.study_id)
        made = content(texts.read(report.subject_id, report.study_id))
        if isinstance(place, Member):
            self._alter_member(place, made)
        elif made is None:
            place.unlink()
        else:
            self.replace(place, made)
        return (self.first_row(released),)

    def _alter_member(self, member: Member, content: bytes | None) -> None:
        with zipfile.ZipFile(member.archive) as archive:
            held = {name: archive.read(name) for name in archive.namelist()}
        held.pop(member.name)
        if content is not None:
            held[member.name] = content
        member.archive.unlink()
        with zipfile.ZipFile(member.archive, "w") as archive:
            for name, text in held.items():
                archive.writestr(name, text)

    @property
    def report_archive(self) -> Path:
        return next(self.settings.mimic_cxr_root.rglob("mimic-cxr-reports.zip"))

    # --- artifacts

    def database(self, question: Question) -> Path:
        records = "text" if question.split == "text" else question.dataset
        return database_path(self.layout.patient_databases(records), question.subject_id)

    def first_row_of_patient(self, question: Question) -> str:
        own = [q for q in self.questions[question.split] if (q.dataset, q.subject_id) == _patient(question)]
        return f"row {own[0].row_number}"

    def another_patient(self, question: Question) -> Question:
        others = (q for q in self.questions[question.split] if q.dataset == question.dataset)
        return next(q for q in others if q.subject_id != question.subject_id)

    @contextmanager
    def sql(self, path: Path) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.of_its_own(path))) as connection:
            yield connection
            connection.commit()

    @contextmanager
    def frame(self, path: Path) -> Iterator[pandas.DataFrame]:
        """A Parquet file's rows, changed in place and written back."""
        frame = pandas.read_parquet(path)
        yield frame
        path.unlink()
        frame.to_parquet(path, index=False)


def _patient(question: Question) -> tuple[str, int]:
    return question.dataset, question.subject_id
