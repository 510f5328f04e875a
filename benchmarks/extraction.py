"""The whole of extraction, from gz files to the cohort's typed Parquet, over a scaled synthetic release."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

from benchmarks.figures import machine
from benchmarks.measuring import Measured, measure
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.synthetic.release import SEED, synthesize
from clinseek_assets.synthetic.scaled_sources import scale_of

# Rows of a profile at scale 1, rather too few than too many: `full` at scale 33 has 108 million.
ROWS = {"small": 304_000, "full": 3_110_000}
USUAL_ROWS = 9_000_000
NAMED_ROWS = 100_000_000


def run(folder: Path, rows: int, rounds: int) -> dict[str, Any]:
    """Make a release of about so many rows, if it is not there, extract its benchmark's patients, and measure.

    Args:
        folder: where the release is made and stays, and what is extracted goes for the time being.
        rows: about how many; from `NAMED_ROWS` on the patients are those of the released counts.
        rounds: how often it is measured; the fastest counts.
    """
    profile = "full" if rows >= NAMED_ROWS else "small"
    scale = max(1, math.ceil(rows / ROWS[profile]))
    made = synthesize(profile, folder / f"{profile}_scale_{scale}_seed_{SEED}", scale=scale_of(scale))
    facts, out = machine(), folder / "extracted"
    decompressed = min((measure("decompress", str(made.mimic_root)) for _ in range(rounds)), key=_seconds)
    runs = []
    for _ in range(rounds):
        shutil.rmtree(out, ignore_errors=True)
        runs.append(measure("extraction", str(made.mimic_root), str(made.manifest), str(out)))
    shutil.rmtree(out, ignore_errors=True)
    worked = min(runs, key=_seconds)
    read = sum(made.rows[name] for name in TABLES)
    return {
        "name": f"extraction: {read:,} rows in {len(TABLES)} gz tables",
        "machine": facts,
        "profile": profile,
        "scale": scale,
        "tables": len(TABLES),
        "rows": read,
        "rows_kept": worked.answer["rows_kept"],
        "gz_bytes": sum(path.stat().st_size for path in made.mimic_root.rglob("*.csv.gz")),
        "bytes": decompressed.answer["bytes"],
        "seconds": worked.seconds,
        "processor_seconds": worked.answer["processor_seconds"],
        "rows_a_second": read / worked.seconds,
        "rows_a_processor_second": read / worked.answer["processor_seconds"],
        "decompression_seconds": decompressed.seconds,
        "ratio_to_decompression": worked.seconds / decompressed.seconds,
        "processor_time_ratio": worked.answer["processor_seconds"] / decompressed.answer["processor_seconds"],
        "peak_mb": worked.peak_mb,
    }


def _seconds(measured: Measured) -> float:
    return measured.seconds
