"""Records of EHRXQA and MedMod: for each rule a row, or a value, on both sides of its boundary, and the published rule.

The cases come from the policy's table in docs/time_policy.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinseek_assets.audit.comparison import ServedByRecord, difference
from clinseek_assets.audit.multimodal import naive_compat
from clinseek_assets.audit.multimodal.plants import PLANTINGS
from clinseek_assets.audit.plants import UNLIMITED
from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.mimic.visibility.moments import At
from clinseek_assets.mimic.visibility.policies import POLICIES
from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.kinds import KINDS
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.pinned.versions import policy_version
from clinseek_assets.timeline.rows import rows_from_database
from clinseek_assets_tests.records.pinned.dataset_lives import (
    DATASETS,
    GROUP_OF,
    NAMES,
    random_dataset_life,
    write_dataset_reference,
)
from clinseek_assets_tests.records.pinned.lives import JUST_BEFORE, NEXT, OWN, PAST, PATIENT, Row, T, at, write_database

Life = Mapping[str, Sequence[Row]]

NOWHERE = 99
DAY = 24
BILLED = 30  # an admission that was over long before
EHRXQA: dict[str, list[Row]] = {
    "patients": [{"gender": "f", "dob": at(-500_000)}],
    "admissions": [
        {"hadm_id": PAST, "admittime": at(-2000), "dischtime": at(-72, -1)},
        {"hadm_id": OWN, "admittime": at(-20), "dischtime": at(30)},
        {"hadm_id": NEXT, "admittime": at(2000), "dischtime": at(2100)},
        {"hadm_id": BILLED, "admittime": at(-900), "dischtime": at(-800)},
    ],
    "icustays": [{"hadm_id": OWN, "stay_id": 7, "intime": at(-3), "outtime": at(9)}],
}
MEDMOD: dict[str, list[Row]] = {
    "stays": [
        {"hadm_id": OWN, "stay_id": 7, "intime": at(-20), "admittime": at(-21)},
        {"hadm_id": NEXT, "stay_id": 8, "intime": T, "admittime": at(-1)},
    ]
}
BASE = {"ehrxqa": EHRXQA, "medmod": MEDMOD}


class Opened(Protocol):
    def __call__(
        self, dataset: str, life: Life, policy: Policy = "strict", *, hadm_id: int | None = OWN
    ) -> PinnedRecord: ...


@pytest.fixture(scope="session")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("references")
    return {dataset: write_dataset_reference(folder / f"{dataset}.db", dataset) for dataset in DATASETS}


@pytest.fixture
def opened(tmp_path: Path, references: dict[str, Path]) -> Iterator[Opened]:
    """A record of a life that the test writes down beside that of `BASE`."""
    with ExitStack() as stack:

        def opened(dataset: str, life: Life, policy: Policy = "strict", *, hadm_id: int | None = OWN) -> PinnedRecord:
            folder = tmp_path / dataset
            whole = {table: [*BASE[dataset].get(table, ()), *life.get(table, ())] for table in {*BASE[dataset], *life}}
            write_database(folder, whole, dataset=dataset)
            pin = Pin(PATIENT, hadm_id, T, GROUP_OF[dataset], dataset)
            return stack.enter_context(
                PinnedRecord(pin, policy, databases=folder, reference=references[dataset], limits=UNLIMITED)
            )

        yield opened


def count(record: PinnedRecord, table: str) -> int:
    return int(record.query(f"SELECT count(*) FROM {table}").rows[0][0])


# Dataset, table, the row, whether it is seen under `strict`.
ONE_ROW: list[tuple[str, str, Row, bool]] = [
    ("ehrxqa", "admissions", {"hadm_id": 8, "admittime": JUST_BEFORE}, True),
    ("ehrxqa", "admissions", {"hadm_id": 8, "admittime": T}, False),
    ("ehrxqa", "chartevents", {"charttime": JUST_BEFORE}, True),
    ("ehrxqa", "chartevents", {"charttime": T}, False),
    ("ehrxqa", "cost", {"hadm_id": BILLED, "chargetime": at(-900)}, True),
    ("ehrxqa", "cost", {"hadm_id": OWN, "chargetime": at(-20)}, False),
    ("ehrxqa", "cost", {"hadm_id": None, "chargetime": at(-900)}, False),
    ("ehrxqa", "diagnoses_icd", {"hadm_id": PAST, "charttime": at(-2000)}, True),  # a second more than 72 h ago
    ("ehrxqa", "diagnoses_icd", {"hadm_id": OWN, "charttime": at(-20)}, False),  # EHRXQA dates it by admittime
    ("ehrxqa", "diagnoses_icd", {"hadm_id": NOWHERE, "charttime": at(-900)}, False),
    ("ehrxqa", "procedures_icd", {"hadm_id": BILLED, "charttime": None}, True),
    ("ehrxqa", "procedures_icd", {"hadm_id": BILLED, "charttime": at(-72)}, False),  # the bill waits for the last event
    ("ehrxqa", "procedures_icd", {"hadm_id": OWN, "charttime": at(-20)}, False),
    ("ehrxqa", "icustays", {"stay_id": 8, "intime": JUST_BEFORE}, True),
    ("ehrxqa", "icustays", {"stay_id": 8, "intime": T}, False),
    ("ehrxqa", "inputevents", {"starttime": JUST_BEFORE}, True),
    ("ehrxqa", "inputevents", {"starttime": T}, False),
    ("ehrxqa", "labevents", {"hadm_id": OWN, "charttime": at(-DAY, -1)}, True),
    ("ehrxqa", "labevents", {"hadm_id": OWN, "charttime": at(-DAY)}, False),
    ("ehrxqa", "labevents", {"hadm_id": NEXT, "charttime": at(-50)}, False),  # is kept for an admission to come
    ("ehrxqa", "labevents", {"hadm_id": NOWHERE, "charttime": at(-50)}, True),
    ("ehrxqa", "microbiologyevents", {"hadm_id": OWN, "charttime": at(-8 * DAY, -1)}, True),
    ("ehrxqa", "microbiologyevents", {"hadm_id": OWN, "charttime": at(-8 * DAY)}, False),
    ("ehrxqa", "microbiologyevents", {"hadm_id": NEXT, "charttime": at(-9 * DAY)}, False),
    ("ehrxqa", "outputevents", {"charttime": JUST_BEFORE}, True),
    ("ehrxqa", "outputevents", {"charttime": T}, False),
    ("ehrxqa", "prescriptions", {"hadm_id": OWN, "starttime": JUST_BEFORE, "stoptime": at(9)}, True),
    ("ehrxqa", "prescriptions", {"hadm_id": OWN, "starttime": T, "stoptime": at(-9)}, False),
    ("ehrxqa", "prescriptions", {"hadm_id": NEXT, "starttime": at(-1)}, False),
    ("ehrxqa", "tb_cxr", {"hadm_id": NEXT, "studydatetime": JUST_BEFORE}, True),
    ("ehrxqa", "tb_cxr", {"studydatetime": T}, False),  # the X-ray of the question itself
    ("ehrxqa", "transfers", {"hadm_id": OWN, "intime": JUST_BEFORE, "outtime": at(9)}, True),
    ("ehrxqa", "transfers", {"hadm_id": OWN, "intime": T}, False),
    ("ehrxqa", "transfers", {"hadm_id": NEXT, "eventtype": "ed", "intime": at(-1)}, False),
    ("medmod", "events", {"hadm_id": OWN, "itemid": 220_000, "charttime": JUST_BEFORE}, True),
    ("medmod", "events", {"hadm_id": OWN, "itemid": 220_000, "charttime": T}, False),
    ("medmod", "events", {"hadm_id": OWN, "itemid": 219_999, "charttime": JUST_BEFORE}, False),
    ("medmod", "events", {"hadm_id": OWN, "itemid": 50_971, "charttime": at(-DAY, -1)}, True),
    ("medmod", "events", {"hadm_id": OWN, "itemid": 50_971, "charttime": at(-DAY)}, False),
    ("medmod", "events", {"hadm_id": NEXT, "itemid": 50_971, "charttime": at(-50)}, False),  # an ICU stay to come
    ("medmod", "events", {"hadm_id": NEXT, "itemid": 220_045, "charttime": at(-50)}, False),
    ("medmod", "stays", {"hadm_id": 4, "stay_id": 9, "intime": JUST_BEFORE}, True),
    ("medmod", "stays", {"hadm_id": 4, "stay_id": 9, "intime": T}, False),
    ("medmod", "tb_cxr", {"studydatetime": JUST_BEFORE}, True),
    ("medmod", "tb_cxr", {"studydatetime": T}, False),
]


@pytest.mark.parametrize(("dataset", "table", "row", "seen"), ONE_ROW)
def test_a_row_is_seen_once_it_is_known(opened: Opened, dataset, table, row, seen):
    before = count(opened(dataset, {}), table)
    assert count(opened(dataset, {table: [row]}), table) == before + seen


def test_what_is_priced_is_no_secret_once_it_is_billed_and_no_cost_is_shown_before(opened: Opened):
    """A question without an admission of its own takes those that cover its moment for its own."""
    life = {"cost": [{"hadm_id": hadm_id, "chargetime": at(-900)} for hadm_id in (BILLED, OWN, NEXT)]}
    assert opened("ehrxqa", life, hadm_id=None).query("SELECT hadm_id FROM cost").rows == [(BILLED,)]
    assert opened("ehrxqa", life, hadm_id=BILLED).query("SELECT hadm_id FROM cost").rows == []


# Dataset, table, a row that is seen, the columns that read NULL in it.
MASKED: list[tuple[str, str, Row, tuple[str, ...]]] = [
    ("ehrxqa", "admissions", {"hadm_id": 8, "admittime": at(-99), "dischtime": at(-DAY), "discharge_location": "died"},
     ("dischtime", "discharge_location")),
    ("ehrxqa", "admissions", {"hadm_id": 8, "admittime": at(-99), "dischtime": at(-DAY, -1),
                              "discharge_location": "home"}, ()),
    ("ehrxqa", "icustays", {"stay_id": 8, "intime": at(-9), "outtime": T, "last_careunit": "micu"},
     ("outtime", "last_careunit")),
    ("ehrxqa", "icustays", {"stay_id": 8, "intime": at(-9), "outtime": JUST_BEFORE, "last_careunit": "micu"}, ()),
    ("ehrxqa", "inputevents", {"starttime": at(-36), "amount": 5.0}, ("amount",)),
    ("ehrxqa", "inputevents", {"starttime": at(-36, -1), "amount": 5.0}, ()),
    ("ehrxqa", "labevents", {"hadm_id": NOWHERE, "charttime": at(-50)}, ("hadm_id",)),
    ("ehrxqa", "labevents", {"hadm_id": OWN, "charttime": at(-50)}, ()),
    ("ehrxqa", "microbiologyevents", {"hadm_id": NOWHERE, "charttime": at(-500)}, ("hadm_id",)),
    ("ehrxqa", "prescriptions", {"hadm_id": OWN, "starttime": at(-5), "stoptime": T}, ("stoptime",)),
    ("ehrxqa", "prescriptions", {"hadm_id": OWN, "starttime": at(-5), "stoptime": JUST_BEFORE}, ()),
    ("ehrxqa", "tb_cxr", {"hadm_id": NEXT, "stay_id": NOWHERE, "studydatetime": at(-1)}, ("hadm_id", "stay_id")),
    ("ehrxqa", "tb_cxr", {"hadm_id": OWN, "stay_id": 7, "studydatetime": at(-1)}, ()),
    ("ehrxqa", "transfers", {"hadm_id": OWN, "intime": at(-5), "outtime": T}, ("outtime",)),
    ("ehrxqa", "transfers", {"hadm_id": NOWHERE, "intime": at(-5), "outtime": at(-4)}, ("hadm_id",)),
    ("medmod", "stays", {"hadm_id": 4, "stay_id": 9, "intime": at(-9), "admittime": T}, ("admittime",)),
    ("medmod", "stays", {"hadm_id": 4, "stay_id": 9, "intime": at(-9), "admittime": JUST_BEFORE}, ()),
    ("medmod", "events", {"hadm_id": NOWHERE, "stay_id": NOWHERE, "itemid": 220_045, "charttime": at(-1)},
     ("hadm_id", "stay_id")),
    ("medmod", "events", {"hadm_id": OWN, "stay_id": 7, "itemid": 220_045, "charttime": at(-1)}, ()),
    ("medmod", "tb_cxr", {"hadm_id": NEXT, "stay_id": 8, "studydatetime": at(-1)}, ("hadm_id", "stay_id")),
    ("medmod", "tb_cxr", {"hadm_id": OWN, "stay_id": 7, "studydatetime": at(-1)}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "table", "row", "masked"), MASKED)
def test_a_value_is_seen_once_it_is_known(opened: Opened, dataset, table, row, masked):
    record = opened(dataset, {table: [row]})
    last = record.latest_rows(table, 1_000)
    place = last.source_rows.index(len(BASE[dataset].get(table, ())) + 1)
    seen = dict(zip(last.columns, last.rows[place], strict=True))
    assert {name for name in row if seen[name] is None} == set(masked)


def test_codes_and_items_have_their_names(opened: Opened):
    of_ehrxqa = opened(
        "ehrxqa",
        {
            "labevents": [{"hadm_id": OWN, "charttime": at(-50), "itemid": 50801}],
            "diagnoses_icd": [{"hadm_id": BILLED, "icd_code": "4019"}, {"hadm_id": BILLED, "icd_code": "0389"}],
        },
    )
    assert of_ehrxqa.query("SELECT label FROM labevents").rows == [(NAMES[50801],)]
    assert of_ehrxqa.query("SELECT long_title FROM diagnoses_icd").rows == [("a title",), (None,)]
    of_medmod = opened("medmod", {"events": [{"hadm_id": OWN, "itemid": 220045, "charttime": at(-1)}]})
    assert of_medmod.query("SELECT itemid FROM events WHERE label = 'Heart Rate'").rows == [(220045,)]


TIMED = [
    (dataset, table)
    for dataset in DATASETS
    for table in CATALOGUES[dataset].patient_tables.values()
    if table.event_time is not None
]


@pytest.mark.parametrize(("dataset", "table"), TIMED, ids=[f"{dataset}-{table.name}" for dataset, table in TIMED])
def test_the_published_rule_cuts_by_the_first_time_and_looks_at_nothing_else(opened: Opened, dataset, table):
    """Whatever the other times say, and whosever the row is."""
    later = {column.name: at(9) for column in table.columns if column.type is ColumnType.DATETIME}
    rows = [{**later, table.event_time: time} for time in (JUST_BEFORE, T)]
    before = sum(row[table.event_time] < T for row in BASE[dataset].get(table.name, ()))
    record = opened(dataset, {table.name: rows}, "compat")
    assert record.time_column(table.name) == table.event_time
    assert count(record, table.name) == before + 1
    assert set(table.column_names) <= set(record.tables[table.name])


def test_under_the_published_rule_the_future_of_a_seen_row_is_in_sight_and_codes_of_the_own_admission_too(
    opened: Opened,
):
    record = opened("ehrxqa", {"diagnoses_icd": [{"hadm_id": OWN, "charttime": at(-20)}]}, "compat")
    assert record.query(f"SELECT dischtime FROM admissions WHERE hadm_id = {OWN}").rows == [("2150-06-11 18:00:00",)]
    assert count(record, "diagnoses_icd") == 1
    assert record.time_column("patients") is None and count(record, "patients") == 1


def test_under_the_published_rule_a_table_without_rows_is_not_there_and_under_strict_it_is_empty(opened: Opened):
    with pytest.raises(Refusal, match="no table cost"):
        count(opened("ehrxqa", {}, "compat"), "cost")
    assert count(opened("ehrxqa", {}), "cost") == 0
    assert set(opened("medmod", {}).tables) == {"events", "stays", "tb_cxr"}


def test_rows_without_the_time_that_cuts_them_are_left_out_under_the_published_rule(opened: Opened):
    procedures = [{"hadm_id": BILLED, "charttime": None}, {"hadm_id": BILLED, "charttime": at(-900)}]
    assert count(opened("ehrxqa", {"procedures_icd": procedures}, "compat"), "procedures_icd") == 1
    assert count(opened("ehrxqa", {"procedures_icd": procedures}), "procedures_icd") == 2


@pytest.mark.parametrize("name", ["dictionary", "source"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_nothing_behind_the_views_can_be_named(opened: Opened, dataset, name):
    table = {"dictionary": min(KINDS[dataset].dictionaries), "source": "events" if dataset == "medmod" else "labevents"}
    schema = {"dictionary": "ref", "source": "src"}[name]
    for statement in (f"SELECT * FROM {schema}.{table[name]}", f"SELECT count(*) FROM {schema}.{table[name]}"):
        with pytest.raises(Refusal):
            opened(dataset, {}).query(statement)


def test_a_database_of_another_dataset_or_patient_is_a_fault(tmp_path: Path, references):
    write_database(tmp_path, EHRXQA, dataset="ehrxqa")
    pin = Pin(PATIENT, None, T, GROUP_OF["medmod"], "medmod")
    with pytest.raises(DatabaseFault, match="tables and columns"):
        PinnedRecord(pin, "strict", databases=tmp_path, reference=references["medmod"])
    for dataset, table in (("ehrxqa", "patients"), ("medmod", "stays"), ("medmod", "tb_cxr")):
        write_database(tmp_path, {table: [{"subject_id": PATIENT + 1}]}, dataset=dataset)
        of_other = Pin(PATIENT, None, T, GROUP_OF[dataset], dataset)
        with pytest.raises(DatabaseFault, match="another patient"):
            PinnedRecord(of_other, "strict", databases=tmp_path, reference=references[dataset])


def test_a_reference_database_of_another_dataset_is_a_fault(tmp_path: Path, references):
    write_database(tmp_path, MEDMOD, dataset="medmod")
    pin = Pin(PATIENT, None, T, GROUP_OF["medmod"], "medmod")
    with pytest.raises(DatabaseFault, match="reference database lacks"):
        PinnedRecord(pin, "strict", databases=tmp_path, reference=references["ehrxqa"])


def test_each_dataset_has_versions_of_its_own():
    versions = {policy_version(policy, dataset) for policy in ("strict", "compat") for dataset in KINDS}
    assert len(versions) == 2 * len(KINDS) == 6


def test_the_latest_rows_are_the_latest_in_order_of_time_and_of_the_file(opened: Opened):
    hours = (-5, -9, -5, -7, -5, -3)
    life = {"chartevents": [{"charttime": at(h), "itemid": 220045 + n} for n, h in enumerate(hours)]}
    record = opened("ehrxqa", life)
    latest = record.latest_rows("chartevents", 3)
    assert (latest.source_rows, latest.visible) == ([3, 5, 6], 6)
    assert [row[latest.columns.index("itemid")] for row in latest.rows] == [220047, 220049, 220050]
    assert record.latest_rows("cost", 3).rows == []


# ------------------------------------------------------------------------------------- engine against naive oracle
def tables_that_differ(
    folder: Path, dataset: str, reference: Path, policy: Policy, hadm_id: int | None
) -> frozenset[str]:
    """The tables in which the record of the life in a folder differs from the oracle, either way."""
    rows = rows_from_database(folder / f"patient_{PATIENT}.db", CATALOGUES[dataset])
    oracle = {"strict": PLANTINGS[dataset].oracle, "compat": naive_compat}[policy]
    pin = Pin(PATIENT, hadm_id, T, GROUP_OF[dataset], dataset)
    with PinnedRecord(pin, policy, databases=folder, reference=reference, limits=UNLIMITED) as record:
        names = {"a title", *NAMES.values()}
        return difference(ServedByRecord(record), oracle.visible(rows, pin), oracle.columns(rows), names).tables


@pytest.mark.parametrize("policy", ["strict", "compat"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_on_random_lives_engine_and_oracle_agree(tmp_path, references, dataset, policy):
    for seed in range(12):
        write_database(tmp_path, random_dataset_life(dataset, seed), dataset=dataset)
        for hadm_id in (None, 2):
            assert not tables_that_differ(tmp_path, dataset, references[dataset], policy, hadm_id), seed


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["strict", "compat"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_on_many_random_lives_engine_and_oracle_agree(tmp_path, references, dataset, policy):
    for seed in range(1000, 1300):
        write_database(tmp_path, random_dataset_life(dataset, seed), dataset=dataset)
        for hadm_id in (None, 1, 2):
            assert not tables_that_differ(tmp_path, dataset, references[dataset], policy, hadm_id), seed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), hours=st.floats(-100, 100, allow_nan=False), dataset=st.sampled_from(DATASETS))
def test_no_row_is_known_before_its_time(tmp_path: Path, references, seed, hours, dataset):
    life = random_dataset_life(dataset, seed, rows=6)
    write_database(tmp_path, life, dataset=dataset)
    moment = T + timedelta(hours=round(hours, 3))
    pin = Pin(PATIENT, 2, moment, GROUP_OF[dataset], dataset)
    with PinnedRecord(pin, "strict", databases=tmp_path, reference=references[dataset]) as record:
        seen = record.timeline_rows()
    for table, rows in seen.items():
        order = POLICIES[dataset].rules[table].order
        for row in rows if isinstance(order, At) else ():
            ordered = life[table][row["source_row"] - 1][order.column]
            assert ordered is None or ordered < moment, table
