"""The files of the open MIMIC-IV demo, by which its data is known to need no credentials.

Source: SHA256SUMS.txt of the MIMIC-IV Clinical Database Demo 2.2 (doi 10.13026/dp1f-ex47, Open Database License). Only
names and hashes are kept here, nothing of the data.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files


@cache
def open_demo_digests() -> frozenset[str]:
    """SHA-256 of every file of tables as PhysioNet publishes it (`.csv.gz`, not unpacked)."""
    listed = files("clinseek_assets.mimic").joinpath("open_demo_2_2.csv").read_text(encoding="utf-8")
    return frozenset(row["sha256"] for row in csv.DictReader(listed.splitlines()))
