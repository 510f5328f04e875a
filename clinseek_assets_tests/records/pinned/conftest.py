"""Records over hand-made lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets_tests.records.pinned.lives import OWN, PATIENT, T, write_database, write_reference

REFERENCE: dict[str, list[tuple[Any, ...]]] = {
    "d_labitems": [(50801, "Alveolar-arterial Gradient", "Blood", "Blood Gas"), (50802, None, "Blood", "Blood Gas")],
    "d_items": [(220045, "Heart Rate", "HR", "chartevents", "Vitals", "bpm", "Numeric", None, None)],
    "d_icd_diagnoses": [("4019", 9, "Hypertension NOS"), ("4019", 10, "Not that one")],
    "d_icd_procedures": [("3612", 9, "Bypass of two arteries")],
    "d_hcpcs": [("A0428", None, "Ambulance service", "Ambulance")],
    "d_ccs_diagnoses": [("4019", 9, "Hypertension NOS", "98", "Essential hypertension")],
    "d_ccs_procedures": [("3612", 9, "Bypass of two arteries", "44", "Coronary artery bypass graft")],
    "d_atc_prescriptions": [
        ("00012345678", "Aspirin", "B01AC06", "second in the alphabet"),
        ("00012345678", "Aspirin", "N02BA01", "after it"),
    ],
}


class Opened(Protocol):
    def __call__(
        self,
        life: Mapping[str, Sequence[Mapping[str, Any]]],
        policy: Policy = "strict",
        *,
        hadm_id: int | None = OWN,
        subtask: str = "Inpatient_Mortality",
        limits: Limits = Limits(),  # noqa: B008
    ) -> PinnedRecord: ...


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reference(tmp_path_factory.mktemp("reference") / "reference.db", REFERENCE)


@pytest.fixture
def opened(tmp_path: Path, reference: Path) -> Iterator[Opened]:
    """A record of a life that the test writes down; closed when the test is over."""
    with ExitStack() as stack:

        def opened(
            life: Mapping[str, Sequence[Mapping[str, Any]]],
            policy: Policy = "strict",
            *,
            hadm_id: int | None = OWN,
            subtask: str = "Inpatient_Mortality",
            limits: Limits = Limits(),  # noqa: B008
        ) -> PinnedRecord:
            write_database(tmp_path, life)
            pin = Pin(PATIENT, hadm_id, T, subtask)
            return stack.enter_context(
                PinnedRecord(pin, policy, databases=tmp_path, reference=reference, limits=limits)
            )

        yield opened
