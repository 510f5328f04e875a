"""`clinseek show` on a question with chest X-rays: what was asked, and which pictures an answer had seen."""

from pathlib import Path

from click.testing import CliRunner

from clinseek_assets.benchmark.multimodal.grouping import inner_question
from clinseek_assets.cli import clinseek
from clinseek_assets.resources.home import Home
from clinseek_assets_tests.conftest import multimodal_settings


def test_the_inner_question_and_every_arm_are_shown(multimodal_release: Path, multimodal_home: Path) -> None:
    home = Home.of(multimodal_settings(multimodal_release, multimodal_home))
    question = next(question for question in home.multimodal_questions() if question.dataset == "ehrxqa")
    environment = {
        "CLINSEEK_HOME": str(multimodal_home),
        "CLINSEEK_RELEASE_ROOT": str(multimodal_release / "release"),
        "CLINSEEK_MODELS": str(multimodal_release / "models.yaml"),
        "COLUMNS": "400",
    }
    ran = CliRunner(env=environment).invoke(clinseek, ["show", question.qid, "--model", "evidence_counts"])
    assert ran.exit_code == 0, ran.output
    assert inner_question(question.question or "").split("\n")[0] in ran.stdout
    for arm in ("curated", "curated_strict", "seeking", "seeking_compat"):
        assert arm in ran.stdout
