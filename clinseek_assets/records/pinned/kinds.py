"""The kinds of records: what differs between the datasets that a question may be about, as data.

Everything else of a pinned record is the same for all of them: views, guard, limits, tools.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from clinseek_assets.mimic.catalogue import CATALOGUES, Catalogue
from clinseek_assets.mimic.tables import Table
from clinseek_assets.mimic.visibility.policies import POLICIES, TimePolicy
from clinseek_assets.records.database_schema import create_tables
from clinseek_assets.records.derived_columns import DERIVED_OF_DATASET, DerivedColumn
from clinseek_assets.records.pinned.labels import LABELS, LabelColumn, catalogue_labels


@dataclass(frozen=True)
class Encounters:
    """Where admissions and ED stays stand, as columns of a SELECT over the patient's database.

    Attributes:
        admissions: hadm_id, begin, end (NULL where it is open or unknown), and the table that has them.
        ed_stays: stay_id, hadm_id, begin, end and their table; "" where the dataset has none.
    """

    admissions: str
    ed_stays: str = ""


@dataclass(frozen=True, eq=False)
class RecordKind:
    """The records of one dataset.

    Attributes:
        catalogue: the tables.
        time_policy: what of them is known when.
        labels: table -> columns that give its codes their names.
        encounters: where admissions are read.
        named_in: the tables by which a database is held to be of its patient.
    """

    catalogue: Catalogue
    time_policy: TimePolicy
    labels: Mapping[str, tuple[LabelColumn, ...]]
    encounters: Encounters
    named_in: tuple[str, ...]

    @property
    def dataset(self) -> str:
        """The dataset's name."""
        return self.catalogue.dataset

    @property
    def tables(self) -> Mapping[str, Table]:
        """The tables of a patient database."""
        return self.catalogue.patient_tables

    @property
    def derived(self) -> Mapping[str, DerivedColumn]:
        """Table -> the column that the published builder adds to it."""
        return DERIVED_OF_DATASET[self.dataset]

    @cached_property
    def statements(self) -> frozenset[str]:
        """The statements that made the tables of a patient database."""
        return frozenset(create_tables(self.catalogue))

    @cached_property
    def dictionaries(self) -> frozenset[str]:
        """The tables that a reference database must have."""
        return frozenset(label.dictionary for labels in self.labels.values() for label in labels)


KINDS: dict[str, RecordKind] = {
    kind.dataset: kind
    for kind in (
        RecordKind(
            CATALOGUES["mimic_iv"],
            POLICIES["mimic_iv"],
            LABELS,
            Encounters(
                "hadm_id, admittime, max(coalesce(dischtime, deathtime), coalesce(deathtime, dischtime)) "
                "FROM {source}.admissions",
                "stay_id, hadm_id, intime, outtime FROM {source}.edstays",
            ),
            ("patients",),
        ),
        RecordKind(
            CATALOGUES["ehrxqa"],
            POLICIES["ehrxqa"],
            catalogue_labels(CATALOGUES["ehrxqa"]),
            Encounters("hadm_id, admittime, dischtime FROM {source}.admissions"),
            ("patients",),
        ),
        RecordKind(
            CATALOGUES["medmod"],
            POLICIES["medmod"],
            catalogue_labels(CATALOGUES["medmod"]),
            # An admission is there for its one ICU stay, and begins with it: see `mimic/visibility/medmod.py`.
            Encounters("hadm_id, intime, NULL FROM {source}.stays"),
            ("stays", "tb_cxr"),
        ),
    )
}
