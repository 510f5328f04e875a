"""Receipts: what an artifact was made from and what came out, by which «up to date» is decided.

A receipt is written after the artifact is whole. It holds a fingerprint of everything that shaped the artifact (its
inputs' content and the code that read them) and one of its own content, which is what those downstream look at. Where
today's inputs have the recorded fingerprint, there is nothing to do; file times and names decide nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from clinseek_assets.storage.atomic import write_text


@dataclass(frozen=True)
class Receipt:
    """What is recorded of one artifact, or of one partition of it.

    Attributes:
        inputs: fingerprint of all that it was made from.
        content: fingerprint of what it says: its data version.
        complete: False where some of it is to be tried again although its inputs are the same (an endpoint was down).
        facts: counts and other figures about it; never a value of a row.
    """

    inputs: str
    content: str
    complete: bool = True
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReceiptBook:
    """All receipts below one folder: `<artifact>.json`, or `<artifact>/<partition>.json`."""

    folder: Path

    def read(self, artifact: str, partition: str | None = None) -> Receipt | None:
        """The receipt, or None where there is none that can be read (a damaged one only costs a re-run)."""
        try:
            return Receipt(**json.loads(self.place(artifact, partition).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, artifact: str, partition: str | None, receipt: Receipt) -> None:
        """Record the receipt, whole or not at all."""
        write_text(self.place(artifact, partition), json.dumps(asdict(receipt), sort_keys=True))

    def forget(self, artifact: str, partition: str | None = None) -> None:
        """Remove the receipt: the artifact counts as not made."""
        self.place(artifact, partition).unlink(missing_ok=True)

    def content(self, artifact: str, partition: str | None = None) -> str:
        """The recorded content fingerprint; «absent» where nothing was made yet."""
        receipt = self.read(artifact, partition)
        return receipt.content if receipt else "absent"

    def place(self, artifact: str, partition: str | None = None) -> Path:
        """Where a receipt lies, or would lie."""
        if partition is None:
            return self.folder / f"{artifact}.json"
        return self.folder / artifact / f"{partition.replace('/', '__')}.json"
