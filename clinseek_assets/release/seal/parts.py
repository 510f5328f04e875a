"""What is sealed, part by part: one content a question, or one that all questions of a split share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

from clinseek_assets.release.seal.canonical import DIGEST_BYTES

NOTHING = bytes(DIGEST_BYTES)
"""The content of a part where a question has none of its kind: a question of MedMod in a table of EHRXQA."""


@dataclass(frozen=True)
class Part:
    """One artifact, or one table of it.

    Attributes:
        name: the asset, and the table where it has several: `text_patient_databases/labevents`.
        split: `text` or `multimodal`.
        upstream: the source tables that it is made of.
        contents: digests, one a question in the manifest's order, or the only one where all questions share it; None
            where the artifact is not there or cannot be read.
        shared: whether all questions of the split share it.
        patients: of a table of the patients' records: the patient of each question; empty for others.
        follows: whether it is rendered from the records, so that a difference comes from theirs.
    """

    name: str
    split: str
    upstream: tuple[str, ...]
    contents: tuple[bytes | None, ...]
    shared: bool = False
    patients: tuple[int, ...] = ()
    follows: bool = False

    @property
    def of_record(self) -> bool:
        """Whether it is a table of the patients' records."""
        return bool(self.patients)

    @cached_property
    def joint(self) -> bytes:
        """The digest of all its contents together; what is not there counts as nothing."""
        contents = b"".join(content or NOTHING for content in self.contents)
        return hashlib.sha256(f"{self.name}\0{len(self.contents)}\0".encode() + contents).digest()

    @property
    def lacking(self) -> tuple[int, ...]:
        """The rows of the manifest, counted from 1, whose content is not there."""
        return tuple(number for number, content in enumerate(self.contents, 1) if content is None)
