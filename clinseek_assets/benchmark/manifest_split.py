"""Which split a manifest is of, told by its first row, and its questions by that split's reader."""

from __future__ import annotations

from pathlib import Path

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.faults import ManifestFault
from clinseek_assets.storage.json_rows import JsonRow, json_rows, read_utf8

# A key that every row of the multimodal split has, and none of the text split.
MULTIMODAL_KEY = "source_benchmark"


def split_of(path: Path) -> str:
    """`multimodal` where the manifest's first row that can be read says so, else `text`.

    Raises:
        ManifestFault: the file cannot be opened or is not UTF-8.
    """
    for row in json_rows(read_utf8(path, ManifestFault)):
        if isinstance(row, JsonRow):
            return "multimodal" if isinstance(row.value, dict) and MULTIMODAL_KEY in row.value else "text"
    return "text"


def read_questions(path: Path) -> list[Question]:
    """The questions of a manifest of either split; raises what the split's reader raises."""
    return read_multimodal_manifest(path) if split_of(path) == "multimodal" else read_manifest(path)
