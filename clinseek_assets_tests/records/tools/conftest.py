"""The EHR tools over hand-made lives, with small vocabularies beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from clinseek_assets.records import candidate_tables, sqlite_tables
from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.sqlite_tables import SqliteTable
from clinseek_assets.records.table_descriptions import DESCRIPTIONS_FILE, build_table_descriptions
from clinseek_assets.records.tools.candidates import open_candidates
from clinseek_assets.records.tools.catalogue import PATIENT, TOOLS
from clinseek_assets.records.tools.descriptions import read_descriptions
from clinseek_assets.records.tools.ehr_tools import USUAL_CHARACTERS, EhrTools
from clinseek_assets.records.tools.meanings import Meanings
from clinseek_assets.records.tools.specs import ToolReply
from clinseek_assets_tests.records.pinned.conftest import REFERENCE
from clinseek_assets_tests.records.pinned.lives import OWN, T, write_database, write_reference
from clinseek_assets_tests.records.pinned.lives import PATIENT as SUBJECT

Life = Mapping[str, Sequence[Mapping[str, Any]]]

DIAGNOSES = [
    ("486", 9, "Pneumonia, organism unspecified", "122", "Pneumonia"),
    ("J189", 10, "Pneumonia, unspecified organism", "122", "Pneumonia"),
    ("4800", 9, "Pneumonia due to adenovirus", "122", "Pneumonia"),
    ("4280", 9, "Congestive heart failure, unspecified", "108", "Congestive heart failure; nonhypertensive"),
    ("I509", 10, "Heart failure, unspecified", "108", "Congestive heart failure; nonhypertensive"),
    ("4019", 9, "Unspecified essential hypertension", "98", "Essential hypertension"),
    ("I10", 10, "Essential (primary) hypertension", "98", "Essential hypertension"),
    ("25000", 9, "Diabetes mellitus without mention of complication, type II", "49", "Diabetes mellitus"),
    ("E119", 10, "Type 2 diabetes mellitus without complications", "49", "Diabetes mellitus"),
    ("5849", 9, "Acute kidney failure, unspecified", "157", "Acute and unspecified renal failure"),
    ("N179", 10, "Acute kidney failure, unspecified", "157", "Acute and unspecified renal failure"),
]
LAB_TESTS = [
    (50983, "Sodium", "Blood", "Chemistry"),
    (50971, "Potassium", "Blood", "Chemistry"),
    (51100, "Sodium, Urine", "Urine", "Chemistry"),
    (51200, "50% Glucose_x", "Blood", "Chemistry"),
]


class Called(Protocol):
    """A call of a tool by its name without prefix; the pinned patient is given where the tool takes one."""

    def __call__(self, name: str, **arguments: Any) -> ToolReply: ...


def caller(tools: EhrTools) -> Called:
    with_patient = {tool.name for tool in TOOLS if PATIENT in tool.parameters}

    def call(name: str, **arguments: Any) -> ToolReply:
        full = f"ehr.{name}"
        return tools.call(full, {**({"subject_id": str(SUBJECT)} if full in with_patient else {}), **arguments})

    return call


class Tools(Protocol):
    """The tools over a life that a test writes down."""

    def __call__(
        self,
        life: Life,
        policy: Policy = "strict",
        *,
        limits: Limits = Limits(),  # noqa: B008
        characters: int = USUAL_CHARACTERS,
        semantic: Meanings | None = None,
    ) -> EhrTools: ...


@pytest.fixture(scope="session")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reference database, candidate tables and descriptions."""
    folder = tmp_path_factory.mktemp("beside")
    write_reference(folder / "reference.db", REFERENCE)
    tables = {each.name: each.columns for each in candidate_tables.FROM_REFERENCE}
    rows: dict[str, Sequence[tuple[Any, ...]]] = {
        "diagnoses_ccs_candidates": DIAGNOSES,
        "labevents_candidates": LAB_TESTS,
    }
    written = [SqliteTable(name, columns, rows.get(name, ()), (("candidate",),)) for name, columns in tables.items()]
    units = [(f"Unit {number}",) for number in range(230)]
    written.append(SqliteTable("transfers_candidates", {"candidate": "TEXT"}, units, (("candidate",),)))
    sqlite_tables.write_tables(folder / "candidates.db", written, "0" * 64)
    build_table_descriptions(folder)
    return folder


@pytest.fixture
def tools(tmp_path: Path, beside: Path) -> Iterator[Tools]:
    """Opens tools over a life; all are closed when the test is over."""
    with ExitStack() as stack:
        yield opener(tmp_path, beside, stack)


def opener(folder: Path, beside: Path, stack: ExitStack) -> Tools:
    def opened(
        life: Life,
        policy: Policy = "strict",
        *,
        limits: Limits = Limits(),  # noqa: B008
        characters: int = USUAL_CHARACTERS,
        semantic: Meanings | None = None,
    ) -> EhrTools:
        write_database(folder, life)
        pin = Pin(SUBJECT, OWN, T, "Inpatient_Mortality")
        record = stack.enter_context(
            PinnedRecord(pin, policy, databases=folder, reference=beside / "reference.db", limits=limits)
        )
        return EhrTools(
            record,
            candidates=open_candidates(beside / "candidates.db"),
            descriptions=read_descriptions(beside / DESCRIPTIONS_FILE),
            semantic=semantic,
            characters=characters,
        )

    return opened


@pytest.fixture
def call(tools: Tools) -> Callable[..., Called]:
    """Opens tools over a life and gives what calls them."""
    return lambda life, policy="strict", **options: caller(tools(life, policy, **options))
