"""The marts of both splits over scores that are known, dbt's own tests among them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pandas
import pytest
from click.testing import CliRunner

from clinseek_assets.benchmark.groups import GROUPS
from clinseek_assets.benchmark.subtasks import SUBTASKS
from clinseek_assets.cli import clinseek
from clinseek_assets.commands.leaderboard_table import NOT_TOLD_APART
from clinseek_assets.faults import ResultsFault
from clinseek_assets.handbook.marts import described as described_marts
from clinseek_assets.resources.home import Home
from clinseek_assets.scoring.leaderboard import BOARDS
from clinseek_assets.scoring.report.material import read_material
from clinseek_assets.scoring.report.page import draw, page
from clinseek_assets_tests.assets.multimodal_scores import build_marts, mart, write_multimodal, write_shown, write_text
from clinseek_assets_tests.conftest import once, settings_over

MODELS = """\
models:
  - {name: always_no, dialect: baseline, model_id: always_no, enabled: true}
  - {name: Kimi K2.5, dialect: baseline, model_id: evidence_counts, enabled: true}
  - {name: often down, dialect: baseline, model_id: evidence_counts, enabled: true}
"""
COLUMNS = (*GROUPS, "overall")
CONTRASTS = {
    "seeking-curated_strict": ("seeking", "curated_strict"),
    "seeking_compat-curated": ("seeking_compat", "curated"),
    "curated-curated_strict": ("curated", "curated_strict"),
    "seeking_compat-seeking": ("seeking_compat", "seeking"),
}
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
            write_shown(home, "text", list(SUBTASKS))
            write_shown(home, "multimodal", list(GROUPS), kept_back=["phenotype"])
            build_marts(home)
    return folder / "home"


@pytest.fixture
def scores(both: Path) -> pandas.DataFrame:
    """All multimodal scores."""
    return pandas.concat(
        pandas.read_parquet(path) for path in (both / "assets" / "scores" / "multimodal" / "by_model").glob("*.parquet")
    )


BUILT = [
    each for each in described_marts() if each["name"] not in ("published_text_scores", "published_multimodal_scores")
]


@pytest.mark.parametrize("described", [pytest.param(each, id=each["name"]) for each in BUILT])
def test_every_column_is_described(both: Path, described: dict[str, Any]) -> None:
    told = {column["name"]: column.get("description") for column in described["columns"]}
    assert set(told) == set(mart(both, described["name"]).columns)
    assert all(told.values())


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


@pytest.mark.parametrize("model", ["Kimi K2.5", "often down"])
def test_paired_deltas_are_over_the_questions_that_both_arms_answered(
    both: Path, scores: pandas.DataFrame, model: str
) -> None:
    key = ["split", "model", "mode", "contrast", "column", "weighting"]
    deltas = mart(both, "paired_deltas").set_index(key).sort_index()
    assert deltas.index.is_unique
    for mode, (contrast, arms) in product(("strict", "compat"), CONTRASTS.items()):
        of_model = scores[(scores["model"] == model) & (scores["mode"] == mode)]
        first, second = (of_model[of_model["arm"] == arm].set_index("qid") for arm in arms)
        for column in COLUMNS:
            d = (of_column(first, column)["f1"] - of_column(second, column)["f1"]).dropna()
            row = deltas.loc[("multimodal", model, mode, contrast, column, "micro")]
            assert (row["delta"], row["n"]) == (pytest.approx(d.mean()), len(d))
            assert row["first_f1"] == pytest.approx(of_column(first, column).loc[d.index, "f1"].mean())
            assert row["low"] <= row["delta"] <= row["high"]
            asked = of_column(first, column)
            assert row["first_coverage"] == pytest.approx(asked["scored"].mean())
            assert row["first_if_missing_right"] == pytest.approx(asked["f1"].fillna(1).mean())
            assert row["first_if_missing_wrong"] == pytest.approx(asked["f1"].fillna(0).mean())
        d = (first["f1"] - second["f1"]).dropna()
        macro = deltas.loc[("multimodal", model, mode, contrast, "overall", "macro")]
        assert macro["delta"] == pytest.approx(d.groupby(first["subtask"]).mean().mean())


def test_text_deltas_are_told_by_subtask_category_task_type_and_overall(both: Path) -> None:
    deltas = mart(both, "paired_deltas")
    text = deltas[(deltas["split"] == "text") & (deltas["model"] == "Kimi K2.5")]
    scores = pandas.read_parquet(both / "assets" / "scores" / "text" / "by_model" / "Kimi K2.5.parquet")
    asked = set(scores["subtask"])
    categories = {SUBTASKS[name].category for name in asked}
    expected = asked | categories | {"risk_prediction", "decision_making", "overall"}
    for _, rows in text.groupby(["mode", "contrast"]):
        assert set(rows["column"]) == expected
    f1 = scores[scores["mode"] == "strict"].pivot(index=["qid", "subtask"], columns="arm", values="f1")
    coded = [name for name, subtask in SUBTASKS.items() if subtask.category == "Diagnosis_coding"]
    d = (f1["seeking"] - f1["curated_strict"])[f1.index.get_level_values("subtask").isin(coded)]
    headline = text[(text["contrast"] == "seeking-curated_strict") & (text["mode"] == "strict")]
    micro = headline[(headline["weighting"] == "micro")].set_index("column")
    assert micro.loc["Diagnosis_coding", "delta"] == pytest.approx(d.mean())
    assert micro.loc["Diagnosis_coding", "subtasks"] == len(coded)
    in_the_family = micro.index.isin(["risk_prediction", "decision_making", "overall"])
    assert (micro["p_holm"].notna() == in_the_family).all()
    assert (micro["p_bh"].notna() == micro.index.isin(list(SUBTASKS))).all()
    corrected = micro["p_holm"].fillna(micro["p_bh"])
    assert (micro["tied"].dropna().astype(bool) == (corrected.dropna() >= 0.05)).all()
    assert micro["tied"].isna().equals(corrected.isna())


def test_floor_rows_are_not_tested(both: Path) -> None:
    deltas = mart(both, "paired_deltas")
    floor = deltas[deltas["kind"] == "floor"]
    assert len(floor) and floor[["p_holm", "p_bh", "tied"]].isna().all().all()
    others = deltas[(deltas["kind"] != "floor") & (deltas["split"] == "multimodal") & (deltas["column"] == "overall")]
    for _, rows in others[others["weighting"] == "micro"].groupby(["mode", "contrast"]):
        assert len(rows) == 2  # a family of two models
        assert rows["p_holm"].min() == pytest.approx(min(1, 2 * rows["p"].min()))


def test_what_only_one_policy_of_time_shows_stands_beside_its_effect(both: Path) -> None:
    deltas = mart(both, "paired_deltas")
    shown = deltas[(deltas["model"] == "Kimi K2.5") & (deltas["mode"] == "strict") & (deltas["weighting"] == "micro")]
    shown = shown.set_index(["split", "contrast", "column"]).sort_index()
    told = ["rows_published_only", "values_published_only", "rows_strict_only"]
    third = list(GROUPS)[2]
    assert shown.loc[("multimodal", "curated-curated_strict", third), told].tolist() == [3, 30, 3]
    assert shown.loc[("multimodal", "seeking_compat-seeking", third), told].tolist() == [300, 3000, 7]
    assert shown.loc[("multimodal", "curated-curated_strict", "overall"), told].tolist() == [21, 210, 18]
    for kept_back in ("phenotype", "overall"):
        assert shown.loc[("multimodal", "seeking_compat-seeking", kept_back), told].isna().all()
    places = {name: place for place, name in enumerate(SUBTASKS, start=1)}
    coded = [places[name] for name, subtask in SUBTASKS.items() if subtask.category == "Diagnosis_coding"]
    row = shown.loc[("text", "seeking_compat-seeking", "Diagnosis_coding"), told]
    assert row.tolist() == [100 * sum(coded), 1000 * sum(coded), 7 * len(coded)]
    assert shown.loc[shown["differs_in"] == "seeker", told].isna().all().all()


def test_yes_no_subtasks_tell_how_each_answer_is_found(both: Path) -> None:
    figures = mart(both, "subtask_scores")
    text = figures[(figures["split"] == "text") & (figures["mode"] == "strict") & (figures["arm"] == "seeking")]
    text = text.set_index(["model", "subtask"])
    questions = pandas.read_parquet(both / "assets" / "manifests" / "text_manifest.parquet").set_index("qid")
    scores = pandas.read_parquet(both / "assets" / "scores" / "text" / "by_model" / "Kimi K2.5.parquet")
    scores = scores[(scores["mode"] == "strict") & (scores["arm"] == "seeking")].set_index("qid")
    scores["gold"] = questions["gold"].map(lambda names: names[0])
    for subtask, rows in scores.groupby("subtask"):
        row = text.loc[("Kimi K2.5", subtask)]
        for suffix, kept in (("", rows), ("_undecided", rows[~rows["decided"].fillna(False).astype(bool)])):
            for name, answer in (("sensitivity", "yes"), ("specificity", "no")):
                right = kept.loc[kept["gold"] == answer, "exact_match"]
                assert row[name + suffix] == pytest.approx(right.mean(), nan_ok=True)
            expected = (row["sensitivity" + suffix] + row["specificity" + suffix]) / 2
            assert row["balanced_accuracy" + suffix] == pytest.approx(expected, nan_ok=True)
    risks = text[text["task_type"] == "risk_prediction"]
    assert risks["balanced_accuracy"].notna().all()
    assert (risks["balanced_accuracy"] != risks["balanced_accuracy_undecided"]).any()
    assert (risks.loc["always_no", "yes_questions"] >= 3).all()
    decisions = text[text["task_type"] == "decision_making"]
    assert decisions[["sensitivity", "specificity", "balanced_accuracy"]].isna().all().all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "change", "test"),
    [
        ("delta", lambda value: value * abs(value), "deltas_are_differences_of_means"),
        ("delta", lambda value: value * abs(value), "deltas_add_up"),
        ("p_bh", lambda value: value * 0.9, "deltas_are_within_their_ranges"),
        ("column", lambda name: name.replace("overall", "all_in_all"), "deltas_of_every_pair_of_arms"),
        ("low", lambda value: value + 1.5, "deltas_are_within_their_ranges"),
        ("p", lambda value: value + 1, "is_a_fraction_paired_deltas_p"),
    ],
)
def test_wrong_differences_do_not_pass_dbt_s_tests(
    both: Path, tiny_release: Path, tmp_path: Path, column: str, change: Callable[[Any], Any], test: str
) -> None:
    shutil.copytree(both, tmp_path / "home")
    shutil.copy(both.parent / "models.yaml", tmp_path)
    home = home_at(tiny_release, tmp_path)
    path = home.contrasts("multimodal")
    frame = pandas.read_parquet(path)
    frame[column] = frame[column].map(change)
    frame.to_parquet(path)
    with pytest.raises(AssertionError, match=f"Failure in test {test}"):
        build_marts(home)


def leaderboard(home: Path, *arguments: str):
    return CliRunner(env={"CLINSEEK_HOME": str(home)}).invoke(clinseek, ["leaderboard", *arguments])


def test_the_multimodal_leaderboard_as_json_has_the_contract_s_shape(both: Path) -> None:
    told = json.loads(leaderboard(both, "--split", "multimodal", "--json").stdout)
    assert (told["split"], told["mode"]) == ("multimodal", "strict")
    assert {(row["column"], row["contrast"]) for row in told["contrasts"]} == set(product(COLUMNS, CONTRASTS))
    assert len(told["contrasts"]) == 3 * len(COLUMNS) * len(CONTRASTS)
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
    assert NOT_TOLD_APART in shown
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


@pytest.mark.slow
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
