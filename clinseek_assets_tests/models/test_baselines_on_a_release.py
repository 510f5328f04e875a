"""On a synthetic release, end to end: reading the evidence beats every constant, and needs the evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from clinseek_assets.benchmark.manifest_file import read_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import find_source_files
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets.models.priors import CandidatePriors, candidate_priors
from clinseek_assets.records.reference_tables import build_reference_tables
from clinseek_assets.scoring.score_predictions import score_predictions
from clinseek_assets.storage import fingerprint
from clinseek_assets.synthetic.release import synthesize
from clinseek_assets_tests.models.cases import baseline

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

    def answers(self, name: str, contexts: pd.DataFrame, folder: Path) -> pd.DataFrame:
        return answer_curated(baseline(name), self.questions, contexts, journal=folder / "j", priors=self.priors)


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
    build_reference_tables(tables, folder / "reference_table.db", atc_classes=folder / "sources/atc_classes.csv")
    contexts = pd.DataFrame({"qid": [q.qid for q in questions], "context": [q.input for q in questions]})
    contexts["context_sha256"] = [fingerprint.of_text(context) for context in contexts["context"]]
    return Release(questions, contexts, candidate_priors(tables, folder / "reference_table.db"))


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
