"""On a synthetic release, end to end: reading the evidence beats every constant, and needs the evidence; so does
reading what was known at the moment, and so does seeking it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.sources import curate
from clinseek_assets.contexts.strict import strict_contexts, told_too_early
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.baselines.seekers import MOST_CALLS, seeker
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets.models.priors import CandidatePriors, candidate_priors
from clinseek_assets.records.patient_databases import build_patient_databases
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.record import PinnedRecord
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets.storage import fingerprint
from clinseek_assets.synthetic.release import synthesize
from clinseek_assets.timeline.dictionaries import Dictionaries
from clinseek_assets_tests.models.baselines.some_tools import SomeTools, sought
from clinseek_assets_tests.models.cases import baseline, keeping_in

pytestmark = pytest.mark.slow
READERS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "evidence"]
FLOORS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "floor"]
MARGIN = 0.03
SECOND_HEADING = re.compile(r"\n## .*", re.DOTALL)


@dataclass(frozen=True)
class Release:
    questions: list[Question]
    contexts: pd.DataFrame
    priors: CandidatePriors
    databases: Path
    reference: Path

    def answers(self, name: str, contexts: pd.DataFrame, folder: Path) -> pd.DataFrame:
        return answer_curated(baseline(name), self.questions, contexts, keeping=keeping_in(folder), priors=self.priors)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The questions of the small profile that carry their context, and the frequencies in their patients' tables."""
    folder = tmp_path_factory.mktemp("release")
    synthesize("small", folder, seed=1)
    questions = [asked for asked in read_manifest(folder / "release/text/ClinSeek-Bench_text.json") if asked.input]
    inventory = find_source_files(
        {module: folder / "sources/mimic_iv" / module for module in ("hosp", "icu", "ed", "note")}
    )
    tables = {name: folder / "tables" / f"{name}.parquet" for name in inventory.files}
    cohort = {asked.subject_id for asked in questions}
    for name, source in inventory.files.items():
        extract_table(source, cohort, tables[name])
    reference = folder / "reference_table.db"
    build_reference_tables(tables, reference, atc_classes=folder / "sources/atc_classes.csv")
    build_patient_databases(tables, cohort, folder / "databases")
    contexts = pd.DataFrame({"qid": [q.qid for q in questions], "context": [q.input for q in questions]})
    contexts["context_sha256"] = [fingerprint.of_text(context) for context in contexts["context"]]
    return Release(questions, contexts, candidate_priors(tables, reference), folder / "databases", reference)


def overall(release: Release, predictions: pd.DataFrame) -> float:
    scores = score_predictions(predictions, release.questions)
    return float(scores[scores["mode"] == "strict"]["f1"].mean())


def test_reading_the_evidence_beats_the_best_constant(release: Release, tmp_path: Path) -> None:
    f1 = {name: overall(release, release.answers(name, release.contexts, tmp_path)) for name in PARTICIPANTS}
    best_constant = max(f1[name] for name in FLOORS)
    assert all(f1[name] >= best_constant + MARGIN for name in READERS), f1


@pytest.mark.parametrize("name", READERS)
def test_without_the_evidence_the_answers_change_and_the_margin_is_gone(
    name: str, release: Release, tmp_path: Path
) -> None:
    bare = release.contexts.assign(
        context=[SECOND_HEADING.sub("", text, count=1) for text in release.contexts["context"]]
    )
    with_evidence = release.answers(name, release.contexts, tmp_path)
    without = release.answers(name, bare, tmp_path)
    changed = [set(a) != set(b) for a, b in zip(with_evidence["answer"], without["answer"], strict=True)]
    assert sum(changed) > len(changed) / 3
    assert overall(release, without) < overall(release, with_evidence) - MARGIN


def test_what_was_known_at_the_moment_beats_the_best_constant(release: Release, tmp_path: Path) -> None:
    published = curate(
        release.questions,
        databases=release.databases,
        dictionaries=Dictionaries.load(release.reference),
        ehr_bench_root=None,
    )
    strict = strict_contexts(release.questions, published, databases=release.databases, reference=release.reference)
    assert told_too_early(strict, release.questions) == 0
    assert (strict["rows_strict_only"] <= 1).all()  # an older discharge note in the place of a later one
    assert strict["rows_curated_only"].sum() > 0 and strict["values_curated_only"].sum() > 0
    f1 = {name: overall(release, release.answers(name, strict, tmp_path)) for name in PARTICIPANTS}
    best_constant = max(f1[name] for name in FLOORS)
    assert all(f1[name] >= best_constant + MARGIN for name in READERS), f1


@pytest.mark.parametrize("policy", ["strict", "compat"])
def test_seeking_the_evidence_beats_the_best_constant(release: Release, policy: Policy) -> None:
    f1 = {name: overall(release, sought_answers(release, name, policy)) for name in PARTICIPANTS}
    best_constant = max(f1[name] for name in FLOORS)
    assert all(f1[name] >= best_constant + MARGIN for name in READERS), f1


def sought_answers(release: Release, name: str, policy: Policy) -> pd.DataFrame:
    """The answers that a participant finds with tools; no call may go wrong."""
    caller = seeker(name, release.questions, release.priors)
    rows = []
    for question in release.questions:
        pin = Pin.of(question)
        with PinnedRecord(pin, policy, databases=release.databases, reference=release.reference) as record:
            found = sought(caller, question, SomeTools(record))
        assert not found.failed and len(found.called) <= MOST_CALLS
        rows.append({"qid": question.qid, "outcome": "finished", "answer": list(found.answers)})
    shown = release.answers("always_no", release.contexts, release.databases)
    return shown.drop(columns=["outcome", "answer"]).merge(pd.DataFrame(rows), on="qid")[list(shown.columns)]
