"""Sources of 150 synthetic patients, written once, and read as text as anybody's CSV reader would."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.synthetic.sources import write_sources

SEED = 7
PATIENTS = 150

Read = Callable[[str], pandas.DataFrame]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    write_sources(folder, patients=PATIENTS, seed=SEED)
    return folder


@pytest.fixture(scope="session")
def text_of(sources: Path) -> Read:
    """Table name -> its records, every cell as the text that stands in the file; "" is an empty cell."""
    read: dict[str, pandas.DataFrame] = {}

    def text_of(name: str) -> pandas.DataFrame:
        if name not in read:
            with gzip.open(sources / "mimic_iv" / TABLES[name].module / f"{name}.csv.gz", "rb") as stream:
                read[name] = pandas.read_csv(stream, dtype=str, keep_default_na=False)
        return read[name]

    return text_of


@pytest.fixture(scope="session")
def table_of(text_of: Read) -> Read:
    """Table name -> its records, typed by the catalogue; an empty cell is missing."""
    typed: dict[str, pandas.DataFrame] = {}

    def table_of(name: str) -> pandas.DataFrame:
        if name not in typed:
            frame = text_of(name).copy()
            for column in TABLES[name].columns:
                cells = frame[column.name].mask(frame[column.name] == "")
                if column.type in (ColumnType.DATETIME, ColumnType.DATE):
                    frame[column.name] = pandas.to_datetime(cells, format="ISO8601")
                elif column.type is ColumnType.INTEGER:
                    frame[column.name] = cells.astype("Int64")
                elif column.type is ColumnType.REAL:
                    frame[column.name] = cells.astype("float64")
                else:
                    frame[column.name] = cells
            typed[name] = frame
        return typed[name]

    return table_of
