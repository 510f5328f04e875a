"""On a synthetic release, end to end: everybody answers all six groups in all arms, and looking at pixels pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import pandas as pd
import pytest

from clinseek_assets.benchmark.groups import EHRXQA, GROUPS, MEDMOD
from clinseek_assets.benchmark.multimodal.manifest_file import read_multimodal_manifest
from clinseek_assets.benchmark.questions import Question
from clinseek_assets.contexts.multimodal import multimodal_contexts, multimodal_strict_contexts
from clinseek_assets.imaging.paths import ImageFiles
from clinseek_assets.imaging.pictures import PictureShelf
from clinseek_assets.models.agent.dataset_tools import DatasetTools
from clinseek_assets.models.agent.image_tool_source import WithImageTools
from clinseek_assets.models.answer_book import AnswerBook
from clinseek_assets.models.baselines import PARTICIPANTS
from clinseek_assets.models.curated_arm import answer_curated
from clinseek_assets.models.journal import Journal
from clinseek_assets.models.registry import Model
from clinseek_assets.models.seeking_arm import answer_seeking
from clinseek_assets.records.pinned.pin import Policy
from clinseek_assets.records.pinned.record_files import RecordFiles
from clinseek_assets.storage import fingerprint
from clinseek_assets.synthetic.release import synthesize
from clinseek_assets_tests.models.cases import keeping_in
from clinseek_assets_tests.release.built import build, settings_of

pytestmark = pytest.mark.slow
FLOORS = [name for name, participant in PARTICIPANTS.items() if participant.kind == "floor"]
X_RAYS = ("finding_presence", "finding_enumeration", "change_comparison")
POLAR = {"1": "yes", "0": "no"}
MARGIN = 0.1


@dataclass(frozen=True)
class Release:
    questions: list[Question]
    contexts: Mapping[str, pd.DataFrame]
    files: Mapping[str, RecordFiles]
    shelf: PictureShelf
    images: ImageFiles

    def curated(self, model: Model, arm: str, folder: Path) -> pd.DataFrame:
        keeping = keeping_in(folder)
        return answer_curated(
            model, self.questions, self.contexts[arm], arm=arm, keeping=keeping, priors=None, pictures=self.shelf
        )

    def sought(self, model: Model, policy: Policy, folder: Path) -> pd.DataFrame:
        tools = WithImageTools(DatasetTools(policy, self.files), self.shelf, self.images, seeing=model.vision)
        return answer_seeking(
            model,
            self.questions,
            arm="seeking",
            tools=tools,
            keeping=keeping_in(folder),
            priors=None,
            pictures=self.shelf,
        )

    def f1(self, predictions: pd.DataFrame, *groups: str) -> float:
        """The mean over the questions of these groups, or of all: set F1 on lower-cased names, polar gold as words."""
        scored = zip(self.questions, predictions["answer"], strict=True)
        return mean(_f1(answer, asked.gold) for asked, answer in scored if not groups or asked.task in groups)


def _f1(answer: list[str], gold: tuple[str, ...]) -> float:
    given, wanted = {name.casefold() for name in answer}, {POLAR.get(name, name).casefold() for name in gold}
    return 2 * len(given & wanted) / (len(given) + len(wanted))


def baseline(name: str, *, vision: bool = True) -> Model:
    return Model(name=name, dialect="baseline", model_id=name, enabled=True, vision=vision)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    folder = tmp_path_factory.mktemp("release")
    synthesize("small", folder, seed=1)
    settings = settings_of(folder)
    build(settings)
    layout = settings.layout
    questions = read_multimodal_manifest(settings.multimodal_manifest)
    files = {
        dataset: RecordFiles(layout.patient_databases(dataset), layout.dataset_reference(dataset))
        for dataset in (EHRXQA, MEDMOD)
    }
    links = pd.concat([pd.read_parquet(layout.links("image_links", group)) for group in GROUPS])
    contexts = {
        "curated": multimodal_contexts(questions, files),
        "curated_strict": multimodal_strict_contexts(questions, files),
    }
    shelf = PictureShelf(links, folder / "copies")
    return Release(questions, contexts, files, shelf, ImageFiles([settings.mimic_cxr_jpg_root]))


@pytest.mark.parametrize("arm", ["curated", "curated_strict"])
def test_everybody_answers_every_question_over_its_context(arm: str, release: Release, tmp_path: Path) -> None:
    f1 = {}
    for name in PARTICIPANTS:
        frame = release.curated(baseline(name), arm, tmp_path)
        assert set(frame["outcome"]) == {"finished"} and frame["identity"].is_unique
        assert set(frame["subtask"]) == set(GROUPS) and frame["answer"].map(len).min() > 0
        f1[name] = release.f1(frame)
    assert f1["evidence_counts"] > max(f1[name] for name in FLOORS) + MARGIN, f1


@pytest.mark.parametrize("policy", ["strict", "compat"])
def test_everybody_answers_every_question_by_seeking(policy: Policy, release: Release, tmp_path: Path) -> None:
    f1 = {}
    for name in PARTICIPANTS:
        frame = release.sought(baseline(name), policy, tmp_path / name)
        assert set(frame["outcome"]) == {"finished"} and frame["identity"].is_unique
        with Journal(keeping_in(tmp_path / name).journal) as journal:
            book = AnswerBook(journal)
            steps = [step for asked in release.questions for step in book.steps((fingerprint.of_text(asked.qid), 1))]
        assert not [step for step in steps if step.problem]  # no call went wrong
        f1[name] = release.f1(frame)
        pd.testing.assert_frame_equal(release.sought(baseline(name), policy, tmp_path / name), frame)
    assert f1["evidence_counts"] > max(f1[name] for name in FLOORS) + MARGIN, f1


def test_looking_at_pixels_pays(release: Release, tmp_path: Path) -> None:
    seeing = release.curated(baseline("evidence_counts"), "curated", tmp_path)
    unseeing = release.curated(baseline("evidence_counts", vision=False), "curated", tmp_path)
    assert release.f1(seeing, *X_RAYS) > release.f1(unseeing, *X_RAYS) + MARGIN
    others = [group for group in GROUPS if group not in X_RAYS]
    assert release.f1(seeing, *others) == release.f1(unseeing, *others)
