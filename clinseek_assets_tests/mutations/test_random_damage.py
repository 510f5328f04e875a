"""Any damage at all, anywhere in a file, ends in a reading or in a refusal, never in another error."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.faults import ManifestFault, ResultsFault, SourceFault
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.scoring.finish_call import finish_answer
from clinseek_assets.scoring.results_file import read_results
from clinseek_assets.scoring.rules import RULES
from clinseek_assets.scoring.score_files import score_results
from clinseek_assets_tests.mutations import manifest_cases, results_cases, source_cases
from clinseek_assets_tests.mutations.outcomes import SECRET, SECRET_ID

TELLING = [
    b"",
    b"\n",
    b"\r",
    b'"',
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\",
    b"\\u",
    b"\0",
    b"\xff",
    b"null",
    b"1e999",
    b"-",
]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 40), st.one_of(st.sampled_from(TELLING), st.binary(max_size=4))),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    for where, removed, put in edits:
        place = int(where * len(content))
        content = content[:place] + put + content[place + removed :]
    return content


def assert_no_secret(message: str) -> None:
    assert SECRET not in message
    assert str(SECRET_ID) not in message


everywhere = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@everywhere
@given(st.sampled_from([manifest_cases.UNDAMAGED, manifest_cases.as_lines(manifest_cases.ROWS)]), EDITS)
def test_manifests(content: bytes, edits) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.json"
        path.write_bytes(damaged(content, edits))
        try:
            questions = read_manifest(path)
        except ManifestFault as fault:
            assert_no_secret(str(fault))
        else:
            assert len({question.qid for question in questions}) == len(questions) > 0


@everywhere
@given(EDITS)
def test_results(edits) -> None:
    with tempfile.TemporaryDirectory() as folder:
        manifest, results = Path(folder) / "manifest.json", Path(folder) / "results.jsonl"
        manifest.write_bytes(manifest_cases.UNDAMAGED)
        results.write_bytes(damaged(results_cases.UNDAMAGED, edits))
        questions = read_manifest(manifest)
        try:
            read = read_results({results: ""}, questions, finish_answer)
        except ResultsFault as fault:
            assert_no_secret(str(fault))
        else:
            for rule in RULES.values():
                overall = score_results(read, questions, rule).summary["overall"]
                assert overall["f1"] is None or 0 <= overall["f1"] <= 1


@pytest.mark.parametrize("table", ["labevents", "discharge"])
@everywhere
@given(edits=EDITS)
def test_sources(table: str, edits) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"{table}.csv").write_bytes(damaged(source_cases.FILES[table].encode(), edits))
        destination = Path(folder) / "out" / f"{table}.parquet"
        inventory = find_source_files({"hosp": Path(folder), "note": Path(folder)})
        try:
            extraction = extract_table(inventory.files[table], source_cases.COHORT, destination)
        except SourceFault as fault:
            assert_no_secret(str(fault))
            assert not destination.parent.exists() or not list(destination.parent.iterdir())
        else:
            assert extraction.rows <= 6
            assert_no_secret(" ".join(extraction.notices))
