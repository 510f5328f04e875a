"""The small multimodal release, written once, and its files as anybody's reader would read them."""

import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
import pytest

from clinseek_assets.synthetic.multimodal import MultimodalRelease, write_multimodal
from clinseek_assets.synthetic.profiles import PROFILES, MultimodalSize

SEED = 20260301
PATIENTS = PROFILES["small"].patients
SIZE = PROFILES["small"].multimodal
assert SIZE is not None

Row = dict[str, Any]


@dataclass(frozen=True)
class Written:
    """A multimodal release on disk."""

    root: Path
    release: MultimodalRelease

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.jsonl"

    @property
    def sources(self) -> Path:
        return self.root / "sources"

    @property
    def gold(self) -> Path:
        return self.sources / "ehrxqa" / "ehrxqa" / "database" / "gold"

    @property
    def medmod(self) -> Path:
        return self.sources / "medmod"


def write(root: Path, size: MultimodalSize, patients: int, seed: int = SEED) -> Written:
    release = write_multimodal(
        root / "sources",
        root / "manifest.jsonl",
        size,
        patients=patients,
        seed=seed,
        progress=lambda stage, done, total: None,
    )
    return Written(root, release)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("multimodal"), SIZE, PATIENTS)


@pytest.fixture(scope="session")
def rows(written: Written) -> list[Row]:
    return [json.loads(line) for line in written.manifest.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def gold_table(written: Written) -> Callable[[str], pandas.DataFrame]:
    """Table of EHRXQA -> its records, every cell as the text that stands in the file."""
    return lambda name: pandas.read_csv(written.gold / f"{name}.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="session")
def listed(written: Written) -> Callable[[str], pandas.DataFrame]:
    """List of MIMIC-CXR-JPG -> its records as text."""
    folder = written.sources / "mimic_cxr_jpg"
    return lambda name: pandas.read_csv(folder / f"mimic-cxr-2.0.0-{name}.csv.gz", dtype=str, keep_default_na=False)


@pytest.fixture(scope="session")
def reports(written: Written) -> dict[str, str]:
    """Name in the zip -> text."""
    with zipfile.ZipFile(written.sources / "mimic_cxr" / "mimic-cxr-reports.zip") as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
