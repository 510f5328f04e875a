"""What the benchmark of a home was rebuilt from: versions, hashes, the manifests, a seal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clinseek_assets.locations.inputs import examine_inputs
from clinseek_assets.mimic.receipts import read_receipt
from clinseek_assets.resources.home import Home
from clinseek_assets.storage.fingerprint import of_file

SEAL_FILES = ("clinseek-seal.json", "clinseek-seal.json.gz")


def inputs_found(home: Home) -> list[dict[str, str]]:
    """Each input that is there, with its version as far as it can be told; no path."""
    return [
        {"input": found.name, "state": found.state, "version": found.version or "not told", "source": found.source}
        for found in examine_inputs(home.settings)
        if found.path is not None
    ]


def source_hashes(home: Home) -> dict[str, str]:
    """Table that was extracted -> SHA-256 of its source file."""
    folder = home.layout.assets / "source_tables"
    tables = {str(path.relative_to(folder).with_suffix("")): path for path in sorted(folder.glob("**/*.parquet"))}
    receipts = {name: read_receipt(path) for name, path in tables.items()}
    return {name: receipt.source_sha256 for name, receipt in receipts.items() if receipt is not None}


def manifests(home: Home) -> dict[str, dict[str, Any]]:
    """Split -> its released file's SHA-256 and its numbers of questions and patients; splits that are not there are
    left out.
    """
    found = {}
    files = {"text": home.manifest_file, "multimodal": home.multimodal_manifest_file}
    released = {"text": home.settings.text_manifest, "multimodal": home.settings.multimodal_manifest}
    questions = {"text": home.questions, "multimodal": home.multimodal_questions}
    for split, kept in files.items():
        if kept.is_file():
            asked = questions[split]()
            found[split] = {
                "sha256": of_file(released[split]) if released[split].is_file() else "no longer there",
                "questions": len(asked),
                "patients": len({question.subject_id for question in asked}),
            }
    return found


def seal_file(home: Home) -> Path | None:
    """The seal that lies among the home's reports, or None."""
    return next((path for name in SEAL_FILES if (path := home.layout.reports / name).is_file()), None)


def seal(path: Path | None) -> dict[str, str] | None:
    """The name and SHA-256 of a seal, by which a reader knows that another one is the same; None without one."""
    return None if path is None else {"file": path.name, "sha256": of_file(path)}
