"""The controls of the multimodal audit: made-up patients of EHRXQA and MedMod whose records hold what is to come.

As in `audit/plants.py`: the record must hide a future row in every table and each value that is settled later, and the
comparison must flag each of them where a doctored view shows it; so too each label-bearing column that is never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clinseek_assets.audit.comparison import Oracle
from clinseek_assets.audit.life import Row
from clinseek_assets.audit.multimodal import naive_ehrxqa, naive_medmod
from clinseek_assets.audit.plants import (
    MOMENT,
    NEXT,
    OWN,
    SUBJECT,
    Controls,
    MadeUp,
    Plant,
    control,
    hours,
    write_database,
)
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.records.pinned.pin import Pin
from clinseek_assets.timeline.rows import PatientRows

# An id of no admission: its row waits for none, and its id is never shown.
NOWHERE = 99
_IDS: dict[str, Any] = {"subject_id": SUBJECT, "hadm_id": OWN, "stay_id": 22}
_OF_NONE = {"hadm_id": NOWHERE, "stay_id": NOWHERE}


@dataclass(frozen=True)
class Planting:
    """A dataset's made-up patient with what is planted.

    Attributes:
        patient: the rows.
        oracle: the naive oracle of the dataset's strict policy.
        settled_later: table -> columns whose value in the visible row is to come.
        never_read: table -> label-bearing columns of the source that are in no database.
        group: a group of questions about the dataset.
    """

    patient: MadeUp
    oracle: Oracle
    settled_later: Mapping[str, tuple[str, ...]]
    never_read: Mapping[str, tuple[str, ...]]
    group: str

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return self.patient.catalogue.dataset

    @property
    def pin(self) -> Pin:
        """The question."""
        return Pin(SUBJECT, OWN, MOMENT, self.group, self.dataset)

    @property
    def plants(self) -> tuple[Plant, ...]:
        """A row a table, each value that is settled later, each column that is never read."""
        return (
            *(Plant(table) for table in self.patient.catalogue.patient_tables if table != "patients"),
            *(Plant(table, column) for table, columns in self.settled_later.items() for column in columns),
            *(Plant(table, column) for table, columns in self.never_read.items() for column in columns),
        )

    def with_what_is_never_read(self) -> PatientRows:
        """The patient's rows with the label-bearing columns that the source has beside them."""
        return {table: [self._with_labels(table, row) for row in rows] for table, rows in self.patient.life().items()}

    def _with_labels(self, table: str, row: Row) -> Row:
        return {**row, **dict.fromkeys(self.never_read.get(table, ()), "planted")}


PLANTINGS: dict[str, Planting] = {
    planting.dataset: planting
    for planting in (
        Planting(
            MadeUp(
                CATALOGUES["ehrxqa"],
                _IDS,
                {"admissions": {"hadm_id": NEXT}},
                {
                    "admissions": {"hadm_id": OWN, "admittime": hours(-20), "dischtime": hours(30)},
                    "patients": {},
                    "icustays": {"stay_id": 11, "intime": hours(-3)},
                    "inputevents": {"starttime": hours(-3)},
                    "labevents": {**_OF_NONE, "charttime": hours(-60)},
                    "microbiologyevents": {**_OF_NONE, "charttime": hours(-300)},
                    "prescriptions": {"starttime": hours(-3)},
                    "tb_cxr": {"hadm_id": NEXT, "studydatetime": hours(-2)},
                    "transfers": {**_OF_NONE, "intime": hours(-2)},
                },
            ),
            naive_ehrxqa,
            {
                "admissions": ("dischtime", "discharge_location"),
                "icustays": ("last_careunit", "outtime"),
                "inputevents": ("amount",),
                "labevents": ("hadm_id",),
                "microbiologyevents": ("hadm_id",),
                "prescriptions": ("stoptime",),
                "tb_cxr": ("hadm_id", "stay_id"),
                "transfers": ("outtime", "hadm_id"),
            },
            {"patients": ("dod",), "tb_cxr": ("object", "relation", "attribute", "category")},
            "finding_presence",
        ),
        Planting(
            MadeUp(
                CATALOGUES["medmod"],
                _IDS,
                {"stays": {"hadm_id": NEXT}},
                {
                    "stays": {"stay_id": 11, "intime": hours(-20), "admittime": hours(1)},
                    "events": {**_OF_NONE, "charttime": hours(-60)},
                    "tb_cxr": {"hadm_id": NEXT, "studydatetime": hours(-2)},
                },
            ),
            naive_medmod,
            {"stays": ("admittime",), "events": ("hadm_id", "stay_id"), "tb_cxr": ("hadm_id", "stay_id")},
            {
                "stays": (
                    *("outtime", "los", "dischtime", "deathtime", "dod"),
                    *("mortality", "mortality_inunit", "mortality_inhospital"),
                )
            },
            "mortality_24h",
        ),
    )
}


def run_controls(dataset: str, reference: Path) -> Controls:
    """Plant everything into the made-up patient of one dataset, once.

    Args:
        dataset: `ehrxqa` or `medmod`.
        reference: its reference database.

    Raises:
        DatabaseFault: the reference database cannot be read.
    """
    planting = PLANTINGS[dataset]
    source = planting.patient.life()
    with TemporaryDirectory() as folder:
        write_database(Path(folder), source, dataset)
        return control(
            planting.pin,
            source,
            planting.with_what_is_never_read(),
            planting.plants,
            planting.oracle,
            folder=Path(folder),
            reference=reference,
        )
