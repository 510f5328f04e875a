"""CSV files of the synthetic sources: the same bytes from the same rows, plain or gzipped."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from isal import igzip

COMPRESSION = 1


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], *, quoting: int = 0) -> int:
    """Write a header and rows, nothing for None; a name that ends with `.gz` is gzipped. Return how many rows.

    Args:
        quoting: of `csv`: where quotes are needed, by default.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    content = text.getvalue().encode("utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(igzip.compress(content, COMPRESSION, mtime=0) if path.suffix == ".gz" else content)
    return count
