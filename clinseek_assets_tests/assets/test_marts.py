"""The marts of both splits over scores that are known, dbt's own tests among them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.cli import clinseek
from clinseek_assets.faults import ResultsFault
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.leaderboard import BOARDS
from clinseek_assets.scoring.report.material import read_material
from clinseek_assets.scoring.report.page import draw, page
from clinseek_assets_tests.assets.multimodal_scores import build_marts, mart, write_multimodal, write_text
from clinseek_assets_tests.conftest import once, settings_over

MODELS = """\
models:
  - {name: always_no, dialect: baseline, model_id: always_no, enabled: true}
  - {name: Kimi K2.5, dialect: baseline, model_id: evidence_counts, enabled: true}
  - {name: often down, dialect: baseline, model_id: evidence_counts, enabled: true}
"""
COLUMNS = (*GROUPS, "overall")
POLICIES = {"strict": ("seeking", "curated_strict"), "published": ("seeking_compat", "curated")}


def home_at(release: Path, folder: Path) -> Home:
    (folder / "models.yaml").write_text(MODELS)
    return Home.of(settings_over(release, folder / "home", CLINSEEK_MODELS=str(folder / "models.yaml")))


@pytest.fixture(scope="session")
def both(shared: Path, tiny_release: Path) -> Path:
    """The home of both splits; not to be changed."""
    folder = shared / "marts_of_both"
    with once(folder) as to_do:
        if to_do:
            folder.mkdir()
            home = home_at(tiny_release, folder)
            write_text(home)
            write_multimodal(home, {"often down": 0.3})
            build_marts(home)
    return folder / "home"


@pytest.fixture
def scores(both: Path) -> pandas.DataFrame:
    """All multimodal scores."""
    return pandas.concat(
        pandas.read_parquet(path) for path in (both / "assets" / "scores" / "multimodal" / "by_model").glob("*.parquet")
    )


def of_column(frame: pandas.DataFrame, column: str) -> pandas.DataFrame:
    return frame if column == "overall" else frame[frame["subtask"] == column]


def test_the_multimodal_leaderboard_is_made_of_means_over_questions(both: Path, scores: pandas.DataFrame) -> None:
    board = mart(both, "multimodal_leaderboard").set_index(["model", "mode", "policy"])
    assert len(board) == 3 * 2 * 2
    for (model, mode, policy), row in board.iterrows():
        arms = {
            setting: scores[(scores["model"] == model) & (scores["mode"] == mode) & (scores["arm"] == arm)]
            for setting, arm in zip(("seeking", "curated"), POLICIES[policy], strict=True)
        }
        for column in COLUMNS:
            cells = {setting: of_column(frame, column) for setting, frame in arms.items()}
            for setting, cell in cells.items():
                assert row[f"{column}_{setting}"] == pytest.approx(cell["f1"].mean())
            pair = cells["seeking"].merge(cells["curated"], on="qid", suffixes=("_s", "_c"))
            assert row[f"{column}_delta"] == pytest.approx((pair["f1_s"] - pair["f1_c"]).mean())
        for setting, frame in arms.items():
            right, missing = frame["f1"].sum(), (~frame["scored"]).sum()
            assert row[f"{setting}_coverage"] == pytest.approx(1 - missing / len(frame))
            assert row[f"overall_{setting}_if_missing_wrong"] == pytest.approx(right / len(frame))
            assert row[f"overall_{setting}_if_missing_right"] == pytest.approx((right + missing) / len(frame))
            assert row[f"overall_{setting}_macro"] == pytest.approx(frame.groupby("subtask")["f1"].mean().mean())


def test_nobody_has_a_rank_below_98_percent_and_floor_rows_never(both: Path) -> None:
    board = mart(both, "multimodal_leaderboard")
    strict = board[(board["mode"] == "strict") & (board["policy"] == "strict")].set_index("model")
    assert strict.loc["Kimi K2.5", "seeking_rank"] == 1
    assert strict.loc["often down", "seeking_coverage"] < 0.98
    assert strict["seeking_rank"].isna().to_dict() == {"Kimi K2.5": False, "often down": True, "always_no": True}
    assert strict.loc["always_no", "kind"] == "floor"


def test_the_share_of_yes_stands_beside_the_figures(both: Path) -> None:
    questions = pandas.read_parquet(both / "assets" / "manifests" / "multimodal_manifest.parquet")
    board = mart(both, "multimodal_leaderboard")
    for group in ("mortality_24h", "inpatient_mortality", "finding_presence"):
        gold = questions.loc[questions["task"] == group, "gold"].map(lambda names: names[0])
        expected = gold.isin(["yes", "1"]).sum() / gold.isin(["yes", "no", "0", "1"]).sum()
        assert board[f"{group}_yes_prevalence"].tolist() == pytest.approx([expected] * len(board))
    assert board["phenotype_yes_prevalence"].isna().all()


def test_intervals_are_clustered_by_patient_and_hold_their_figures(both: Path) -> None:
    figures = mart(both, "multimodal_figures")
    assert set(figures["column"]) == set(COLUMNS)
    assert (figures["patients"] <= 17).all()
    assert figures["f1"].between(figures["low"] - 1e-12, figures["high"] + 1e-12).all()
    assert (figures["high"] > figures["low"]).any()


def test_what_is_told_of_both_splits(both: Path) -> None:
    subtasks, covered = mart(both, "subtask_scores"), mart(both, "coverage")
    assert set(subtasks.loc[subtasks["split"] == "multimodal", "subtask"]) == set(GROUPS)
    assert subtasks.loc[subtasks["split"] == "text", "subtask"].nunique() > len(GROUPS)
    assert covered.groupby("split")["column"].agg(set).to_dict() == {
        "text": {"risk_prediction", "decision_making", "overall"},
        "multimodal": set(COLUMNS),
    }


def test_ours_stands_beside_the_published_figures(both: Path, scores: pandas.DataFrame) -> None:
    compared = mart(both, "published_comparison")
    assert compared.groupby("split").size().to_dict() == {"text": 72, "multimodal": 84}
    found = compared[compared["split"] == "multimodal"].set_index(["model", "column", "setting"])
    assert found.loc[("Claude Opus 4.6", "finding_presence", "seeking"), "published"] == 78.3
    assert found.loc[("Gemma-4-26B-A4B-it", "phenotype", "curated"), "published"] == 0.0
    of_kimi = scores[(scores["model"] == "Kimi K2.5") & (scores["mode"] == "compat")]
    ours = found.loc[("Kimi K2.5", "overall", "seeking")]
    assert ours["ours"] == pytest.approx(100 * of_kimi[of_kimi["arm"] == "seeking_compat"]["f1"].mean())
    assert ours["difference"] == pytest.approx(ours["ours"] - 46.9)
    assert found["ours"].notna().sum() == 2 * len(COLUMNS)


def test_the_text_leaderboard_is_its_own(both: Path) -> None:
    board = mart(both, "text_leaderboard")
    scores = pandas.read_parquet(both / "assets" / "scores" / "text" / "by_model" / "Kimi K2.5.parquet")
    row = board[(board["model"] == "Kimi K2.5") & (board["mode"] == "strict") & (board["policy"] == "strict")].iloc[0]
    seeking = scores[(scores["arm"] == "seeking") & (scores["mode"] == "strict")]
    assert row["overall_seeking"] == pytest.approx(seeking["f1"].mean())
    assert row["risk_seeking"] == pytest.approx(seeking[seeking["task_type"] == "risk_prediction"]["f1"].mean())


def leaderboard(home: Path, *arguments: str):
    return CliRunner(env={"CLINSEEK_HOME": str(home)}).invoke(clinseek, ["leaderboard", *arguments])


def test_the_multimodal_leaderboard_as_json_has_the_contract_s_shape(both: Path) -> None:
    told = json.loads(leaderboard(both, "--split", "multimodal", "--json").stdout)
    assert (told["split"], told["mode"], told["contrasts"]) == ("multimodal", "strict", [])
    assert {row["column"] for row in told["rows"]} == set(COLUMNS)
    for row in told["rows"]:
        assert set(row) == {"model", "column", "arm", "f1", "low", "high", "n", "coverage"}
        assert 0 <= row["low"] <= row["f1"] <= row["high"] <= 1


def test_the_multimodal_leaderboard_for_people(both: Path) -> None:
    shown = leaderboard(both, "--split", "multimodal").stdout
    for told in (
        "Kimi K2.5",
        "CXR",
        "enumeration",
        "comparison",
        "(24 h)",
        "(CCS",
        "Overall",
        "floor",
        "«yes»",
        "Δ",
    ):
        assert told in shown, told
    assert "strict policy of time" in shown and "published rule of time" in shown


def report_of(home: Home) -> str:
    materials = [read_material(home.layout, board, home.intervals(split), 1) for split, board in BOARDS.items()]
    return page(materials, {material.board.split: draw(material) for material in materials}, "synthetic")


def test_the_page_shows_both_tables(both: Path, tiny_release: Path) -> None:
    home = Home.of(settings_over(tiny_release, both))
    html = report_of(home)
    for told in ("Text split", "Multimodal split", "CXR change comparison", "Decision Making", "«yes» where asked"):
        assert told in html, told
    assert html.count("<svg") > 10
    assert "19990001" not in html


def test_a_home_without_multimodal_rows_builds_all_the_same(tiny_release: Path, tmp_path: Path) -> None:
    home = home_at(tiny_release, tmp_path)
    write_text(home)
    build_marts(home)
    assert mart(home.settings.home, "multimodal_leaderboard").empty
    assert len(mart(home.settings.home, "text_leaderboard"))
    assert len(mart(home.settings.home, "published_comparison")) == 156
    told = leaderboard(home.settings.home, "--split", "multimodal")
    assert isinstance(told.exception, ResultsFault)
    assert "--split multimodal" in str(told.exception)
    html = report_of(home)
    assert "No model was run in this split." in html
