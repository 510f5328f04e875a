"""The catalogue of damages itself: large enough, mostly errors, and each case told apart."""

from __future__ import annotations

from collections import Counter

from clinseek_assets_tests.mutations import expected_counts_cases, manifest_cases, results_cases, source_cases
from clinseek_assets_tests.mutations.outcomes import Refused

MANIFESTS_AND_SOURCES = [
    *(("manifest", case.name, case.outcome) for case in manifest_cases.CASES),
    *(("expected counts", case.name, case.outcome) for case in expected_counts_cases.CASES),
    *((case.table, case.name, case.outcome) for case in source_cases.CASES),
]
RESULTS = [("results", case.name, case.outcome) for case in results_cases.CASES]


def test_at_least_200_damages_of_which_120_are_errors() -> None:
    assert len(MANIFESTS_AND_SOURCES) >= 200
    assert sum(isinstance(outcome, Refused) for _, _, outcome in MANIFESTS_AND_SOURCES) >= 120


def test_each_damage_has_a_name_of_its_own() -> None:
    times = Counter((kind, name) for kind, name, _ in [*MANIFESTS_AND_SOURCES, *RESULTS])
    assert max(times.values()) == 1


def test_every_refusal_says_something() -> None:
    for _, name, outcome in [*MANIFESTS_AND_SOURCES, *RESULTS]:
        if isinstance(outcome, Refused):
            assert outcome.says and all(outcome.says), name
