"""Damaged manifests and counts: refused as written, or read exactly as written."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.released_counts import FILE_NAME, expected_counts
from clinseek_assets.faults import ManifestFault
from clinseek_assets_tests.mutations import expected_counts_cases, manifest_cases
from clinseek_assets_tests.mutations.outcomes import SECRET, SECRET_ID, Case, Refused


def assert_refusal(message: str, outcome: Refused) -> None:
    for part in outcome.says:
        assert part in message
    assert SECRET not in message
    assert str(SECRET_ID) not in message


@pytest.mark.parametrize("case", manifest_cases.CASES, ids=lambda case: case.name)
def test_a_damaged_manifest(case: Case, tmp_path: Path) -> None:
    undamaged, path = tmp_path / "undamaged.json", tmp_path / "manifest.json"
    undamaged.write_bytes(manifest_cases.UNDAMAGED)
    path.write_bytes(case.damage(manifest_cases.UNDAMAGED))
    assert path.read_bytes() != manifest_cases.UNDAMAGED
    if isinstance(case.outcome, Refused):
        with pytest.raises(ManifestFault) as caught:
            read_manifest(path)
        assert_refusal(str(caught.value), case.outcome)
    else:
        assert read_manifest(path) == case.outcome.expected(read_manifest(undamaged))


@pytest.mark.parametrize("case", expected_counts_cases.CASES, ids=lambda case: case.name)
def test_damaged_expected_counts(case: Case, tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(expected_counts_cases.UNDAMAGED)
    undamaged = expected_counts(tmp_path)
    path.write_bytes(case.damage(expected_counts_cases.UNDAMAGED))
    assert path.read_bytes() != expected_counts_cases.UNDAMAGED
    if isinstance(case.outcome, Refused):
        with pytest.raises(ManifestFault) as caught:
            expected_counts(tmp_path)
        assert_refusal(str(caught.value), case.outcome)
    else:
        assert expected_counts(tmp_path) == case.outcome.expected(undamaged)
