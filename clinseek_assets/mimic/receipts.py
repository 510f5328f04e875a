"""What an extracted table was made from, beside it as JSON: by it a re-run knows that there is nothing to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from clinseek_assets.storage import fingerprint
from clinseek_assets.storage.atomic import write_text


@dataclass(frozen=True)
class Receipt:
    """How a Parquet file came to be, and what it is.

    Attributes:
        rule: hash of the cohort, the catalogue entry and the version of the extraction.
        source_path: the source file, absolute.
        source_size: its bytes.
        source_mtime_ns: its time of last change.
        source_sha256: its content.
        rows: how many rows were kept.
        patients: of how many patients.
        notices: what was found on the way.
        size: bytes of the Parquet file.
        sha256: its content.
    """

    rule: str
    source_path: str
    source_size: int
    source_mtime_ns: int
    source_sha256: str
    rows: int
    patients: int
    notices: tuple[str, ...]
    size: int
    sha256: str

    def vouches_for(self, parquet: Path) -> bool:
        """Whether the file is still the one that was written: same size, same content."""
        return parquet.is_file() and parquet.stat().st_size == self.size and fingerprint.of_file(parquet) == self.sha256


def receipt_path(parquet: Path) -> Path:
    """Where the receipt of an extracted table lies."""
    return parquet.with_suffix(".receipt.json")


def write_receipt(parquet: Path, receipt: Receipt) -> None:
    """Write the receipt beside its Parquet file, whole or not at all."""
    write_text(receipt_path(parquet), json.dumps(asdict(receipt), indent=1) + "\n")


def read_receipt(parquet: Path) -> Receipt | None:
    """The receipt of an extracted table; None where there is none that can be read."""
    try:
        fields = json.loads(receipt_path(parquet).read_text(encoding="utf-8"))
        return Receipt(**{**fields, "notices": tuple(fields["notices"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
