"""Frames as Parquet files, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pandas

from clinseek_assets.storage.atomic import whole_file
from clinseek_assets.storage.fingerprint import of_file


def write_frame(path: Path, frame: pandas.DataFrame) -> str:
    """Write the frame without its index; return the SHA-256 of the file, which is the same for the same frame."""
    with whole_file(path) as temporary:
        frame.to_parquet(temporary, index=False, compression="zstd")
        return of_file(temporary)
