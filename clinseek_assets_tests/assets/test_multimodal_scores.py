"""The score assets of the multimodal split, with a judge that is at first not there."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pandas
import pytest

from clinseek_assets.assets.arms import ARMS_OF
from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.scores import arm_scores, intervals, model_scores
from clinseek_assets.assets.splits import MULTIMODAL
from clinseek_assets.benchmark.multimodal.manifest_frame import multimodal_frame
from clinseek_assets.partitions import grid_key, model_partitions
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import LoggedProgress
from clinseek_assets.storage.parquet import write_frame
from clinseek_assets.storage.receipts import Receipt
from clinseek_assets_tests.assets.multimodal_scores import answers, multimodal_questions
from clinseek_assets_tests.conftest import settings_over
from clinseek_assets_tests.models.loopback import chat, failing, serving

REGISTRY = """\
models: [{name: m, dialect: baseline, model_id: evidence_counts, enabled: true}]
endpoints:
  - name: j
    kind: judge
    url: %s
    model_id: served-model
    attestation: {location: local, retention: none, training: false, human_review: false, date: 2026-01-01}
"""
GROUP = "change_comparison"
ARM = ARMS_OF["multimodal"]["seeking"]
KEY = grid_key("m", GROUP)


def home_with_predictions(release: Path, folder: Path, judge: str) -> Home:
    """A home with the predictions of one group, and with a judge."""
    (folder / "models.yaml").write_text(REGISTRY % judge)
    home = Home.of(settings_over(release, folder / "home", CLINSEEK_MODELS=str(folder / "models.yaml")))
    questions = multimodal_questions(3)
    write_frame(home.multimodal_manifest_file, multimodal_frame(questions))
    asked = [question for question in questions if question.task == GROUP]
    path = home.layout.predictions("multimodal", "seeking", "m", GROUP)
    content = write_frame(path, answers(asked, "m", "seeking", 5, missing=0.0))
    home.receipts.write(ARM.predictions, KEY, Receipt("inputs", content))
    return home


def make(artifact: Artifact, home: Home, key: str | None = None) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [artifact.definition],
            partition_key=key,
            instance=instance,
            resources={"home": home, "progress": LoggedProgress()},
        )


def compat(home: Home) -> pandas.DataFrame:
    frame = pandas.read_parquet(home.layout.scores("multimodal", "seeking", "m", GROUP))
    return frame[frame["mode"] == "compat"]


def test_an_unreachable_judge_lowers_coverage_and_is_asked_again(tiny_release: Path, tmp_path: Path) -> None:
    with serving(failing(400)) as down, serving(chat('{"match": false, "reason": "other"}')) as up:
        home = home_with_predictions(tiny_release, tmp_path, down.url)
        scores = arm_scores(ARM, MULTIMODAL.grid(["m"]))
        assert make(scores, home, KEY).success
        left_open = int((compat(home)["decided_by"] == "nobody").sum())
        assert 0 < left_open < len(compat(home))
        assert not compat(home).loc[compat(home)["decided_by"] == "nobody", "scored"].any()
        assert scores.current(home, KEY) is None  # asked again the next time
        strict = pandas.read_parquet(home.layout.scores("multimodal", "seeking", "m", GROUP)).query("mode == 'strict'")
        assert strict["scored"].all()

        home = home_with_predictions(tiny_release, tmp_path, up.url)
        assert make(scores, home, KEY).success
        assert compat(home)["decided_by"].value_counts()["judge"] == left_open
        assert compat(home)["scored"].all()
        assert scores.current(home, KEY) is not None
        asked = len(up.requests)
        home.receipts.forget(ARM.scores, KEY)
        assert make(scores, home, KEY).success
        assert len(up.requests) == asked > 0


def test_scores_are_gathered_and_estimated_by_group(tiny_release: Path, tmp_path: Path) -> None:
    with serving(chat('{"match": true, "reason": "same"}')) as judge:
        home = home_with_predictions(tiny_release, tmp_path, judge.url)
        for artifact, key in (
            (arm_scores(ARM, MULTIMODAL.grid(["m"])), KEY),
            (model_scores(MULTIMODAL, model_partitions(["m"])), "m"),
            (intervals(MULTIMODAL), None),
        ):
            assert make(artifact, home, key).success
    found = pandas.read_parquet(home.intervals("multimodal"))
    assert set(found["column"]) == {GROUP, "overall"}
    of_rule = compat(home)
    shown = found[(found["mode"] == "compat") & (found["column"] == GROUP)].iloc[0]
    assert (shown["f1"], shown["n"]) == (pytest.approx(of_rule["f1"].mean()), len(of_rule))
