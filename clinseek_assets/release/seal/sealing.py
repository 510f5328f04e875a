"""Sealing: everything that was rebuilt must be there; its hashes, and what is known of its sources, become a seal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import clinseek_assets
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.benchmark.released_counts import expected_counts
from clinseek_assets.faults import Fault
from clinseek_assets.locations.dataset_versions import versions_of
from clinseek_assets.locations.inputs import examine_module
from clinseek_assets.locations.settings import Settings
from clinseek_assets.release.checks import NAMED_ROWS
from clinseek_assets.release.scope import Scope
from clinseek_assets.release.seal.gathering import parts_of, questions_of
from clinseek_assets.release.seal.keys import key_of, proof_of, tokens_of
from clinseek_assets.release.seal.locks import groups_of, hidings_of, locks_of
from clinseek_assets.release.seal.parts import Part
from clinseek_assets.release.seal.seal_file import Counts, Seal, SealedPart
from clinseek_assets.storage.fingerprint import of_file


def make_seal(scope: Scope, splits: Sequence[str], salt: bytes) -> Seal:
    """Seal what was rebuilt.

    Args:
        scope: where it lies, and who is told how far the work is.
        splits: `text`, `multimodal`.
        salt: at least 16 bytes; the same salt gives the same seal of the same benchmark.

    Raises:
        Fault: a manifest cannot be read, or something was not materialized or cannot be read; it names all of that by
            artifact and row number.
    """
    questions = {split: questions_of(scope.settings, split) for split in splits}
    parts = parts_of(scope, questions)
    refuse_incomplete(parts)
    key = key_of(salt, parts)
    qids = {split: [question.qid for question in of_split] for split, of_split in questions.items()}
    groups = groups_of(parts)
    locks = locks_of(key, salt, hidings_of(parts, groups), scope.stage("Locks"))
    return Seal(
        made_by=f"clinseek-assets {clinseek_assets.__version__}",
        release=expected_counts(scope.settings.release_root).release,
        manifests={split: of_file(manifest_of(scope.settings, split)) for split in splits},
        sources=source_versions(scope.settings, splits),
        splits={split: counts_of(of_split) for split, of_split in questions.items()},
        salt=salt.hex(),
        proof=proof_of(key).hex(),
        groups=groups,
        locks={name: lock.hex() for name, lock in locks.items()},
        parts=[
            SealedPart.of(part.name, part.split, part.shared, tokens_of(key, part, qids[part.split])) for part in parts
        ],
    ).signed()


def refuse_incomplete(parts: Sequence[Part]) -> None:
    """Refuse to seal what is not all there.

    Raises:
        Fault: it names each artifact and the first rows that lack it.
    """
    lacking: dict[str, set[int]] = {}
    for part in parts:
        if part.lacking:
            asset = f"{part.name.split('/')[0]} of the {part.split} split"
            lacking.setdefault(asset, set()).update(() if part.shared else part.lacking)
    if lacking:
        told = "; ".join(f"{asset}{_rows_told(sorted(rows))}" for asset, rows in lacking.items())
        raise Fault(
            f"Not everything is there or can be read: {told}.",
            mend="Materialize it first (`clinseek demo` makes all of it); `clinseek validate` tells what is wrong.",
        )


def _rows_told(rows: Sequence[int]) -> str:
    """The first rows in brackets; nothing where none is named."""
    first = ", ".join(map(str, rows[:NAMED_ROWS]))
    more = f", {len(rows):,} in all" if len(rows) > NAMED_ROWS else ""
    return f" (rows {first}{more})" if rows else ""


def counts_of(questions: Sequence[Question]) -> Counts:
    """The counts of one split."""
    patients = {(question.dataset, question.subject_id) for question in questions}
    return Counts(questions=len(questions), patients=len(patients))


def source_versions(settings: Settings, splits: Sequence[str]) -> dict[str, str]:
    """Dataset -> its version in words, of those that are named and that these splits are made of."""
    modules = {f"MIMIC-IV {module}": examine_module(module, settings).version for module in settings.mimic_roots}
    others: Mapping[str, str] = versions_of(settings).told() if "multimodal" in splits else {}
    return {name: version for name, version in {**modules, **others}.items() if version}


def manifest_of(settings: Settings, split: str) -> Path:
    """The manifest's file of a split."""
    return {"text": settings.text_manifest, "multimodal": settings.multimodal_manifest}[split]
