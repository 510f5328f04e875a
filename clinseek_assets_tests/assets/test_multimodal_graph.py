"""The multimodal split through the graph: from a synthetic release and its sources to the leaderboard."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pandas
import pytest
from PIL import Image

from clinseek_assets.assets.campaign_settings import CAMPAIGN_SETTINGS
from clinseek_assets.assets.observed import observe
from clinseek_assets.assets.splits import MULTIMODAL
from clinseek_assets.automation.rebuild import Rebuilt, rebuild
from clinseek_assets.automation.wanted import Wanted
from clinseek_assets.build import build
from clinseek_assets.locations.settings import Settings
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.synthetic.canaries import CANARY_PATTERN
from clinseek_assets_tests.assets.test_manners import texts_of
from clinseek_assets_tests.automation.page import name_environment, staleness
from clinseek_assets_tests.conftest import Graph, multimodal_settings, open_graph

ARMS = ("curated", "curated_strict", "seeking", "seeking_compat")
MODELS = ("floor__always_no", "evidence_counts")


@pytest.fixture(scope="session")
def home_there(multimodal_release: Path, multimodal_home: Path) -> Home:
    """The finished home, not to be changed."""
    return Home.of(multimodal_settings(multimodal_release, multimodal_home))


@pytest.fixture
def seen(multimodal_release: Path, multimodal_home: Path, tmp_path: Path) -> Iterator[Graph]:
    """A copy of the finished home, to be changed at will."""
    home, models = tmp_path / "home", tmp_path / "models.yaml"
    shutil.copytree(multimodal_home, home)
    shutil.copy(multimodal_release / "models.yaml", models)
    with open_graph(multimodal_settings(multimodal_release, home, models)) as graph:
        yield graph


def again(graph: Graph) -> Rebuilt:
    return rebuild(graph.location, graph.instance, wanted=Wanted(splits={"multimodal"}))


def predictions(home: Path, arm: str, model: str) -> pandas.DataFrame:
    folder = home / "assets" / "predictions" / "multimodal" / arm / model
    return pandas.concat(pandas.read_parquet(path) for path in sorted(folder.glob("*.parquet")))


def test_every_question_is_answered_in_every_arm(multimodal_home: Path, home_there: Home) -> None:
    asked = {question.qid for question in home_there.multimodal_questions()}
    assert len(asked) == 48
    for arm in ARMS:
        for model in MODELS:
            answered = predictions(multimodal_home, arm, model)
            assert set(answered["qid"]) == asked
            assert set(answered["outcome"]) == {"finished"}


def test_artifacts_lie_where_the_contract_says(multimodal_home: Path) -> None:
    assets = multimodal_home / "assets"
    for path in (
        "manifests/multimodal_manifest.parquet",
        "source_tables/ehrxqa/tb_cxr.parquet",
        "source_tables/medmod/events.parquet",
        "source_tables/mimic_cxr/metadata.parquet",
        "image_links/image_links/phenotype.parquet",
        "contexts/multimodal/curated_strict/mortality_24h.parquet",
        "predictions/multimodal/seeking/evidence_counts/finding_presence.parquet",
        "marts/multimodal_leaderboard.parquet",
        "reports/multimodal_leak_audit.json",
    ):
        assert (assets / path).is_file(), path
    for dataset in ("ehrxqa", "medmod"):
        assert list((assets / "patient_databases" / dataset).glob("patient_*.db"))


def test_who_looks_at_pixels_beats_who_does_not(multimodal_home: Path) -> None:
    board = pandas.read_parquet(multimodal_home / "assets" / "marts" / "multimodal_figures.parquet")
    overall = board[(board["column"] == "overall") & (board["mode"] == "strict")].set_index(["model", "arm"])["f1"]
    for arm in ARMS:
        assert overall["evidence_counts", arm] > overall["floor/always_no", arm] + 0.1


def test_overall_is_the_mean_over_all_rows(multimodal_home: Path) -> None:
    marts, scores = multimodal_home / "assets" / "marts", multimodal_home / "assets" / "scores" / "multimodal"
    board = pandas.read_parquet(marts / "multimodal_figures.parquet")
    board = board[board["mode"] == "strict"].set_index(["model", "arm", "column"])["f1"]
    for arm in ARMS:
        rows = pandas.concat(pandas.read_parquet(path) for path in (scores / arm / "evidence_counts").glob("*.parquet"))
        rows = rows[rows["mode"] == "strict"]
        assert board["evidence_counts", arm, "overall"] == pytest.approx(rows["f1"].mean())
        for group, part in rows.groupby("subtask"):
            assert board["evidence_counts", arm, group] == pytest.approx(part["f1"].mean())


def test_the_audit_compares_all_and_passes(multimodal_home: Path) -> None:
    report = json.loads((multimodal_home / "assets" / "reports" / "multimodal_leak_audit.json").read_text())
    assert report["ok"] and sum(group["questions"] for group in report["groups"].values()) == 48
    assert report["rows_compared"]["strict"] < report["rows_compared"]["compat"]
    assert sum(controls["planted"] for controls in report["controls"].values()) > 40


def test_a_second_run_does_no_work(seen: Graph) -> None:
    assert again(seen).worked == set()


def bring(settings: Settings, instance: dg.DagsterInstance, group: str) -> None:
    """Bring one group's links and answers up to date, and nothing else."""
    location = build(settings)
    titles = ("X-rays", "multimodal predictions, curated arm", "multimodal predictions, seeking arm")
    stages = tuple(stage for stage in location.graph.stages if stage.title.startswith(titles))
    graph = replace(location.graph, stages=stages)
    rebuild(replace(location, graph=graph), instance, wanted=Wanted(subtasks={group}, splits={"multimodal"}))


def test_an_image_that_breaks_leaves_its_questions_unasked_until_it_is_whole_again(seen: Graph) -> None:
    """The image's own file of the shared release is left alone: another root is looked through first."""
    group = "phenotype"
    links = pandas.read_parquet(seen.settings.layout.links("image_links", group))
    own_root = seen.settings.home / "jpgs"
    source = Path(links.loc[0, "path"])
    other = own_root / source.relative_to(seen.settings.mimic_cxr_jpg_root or source)
    other.parent.mkdir(parents=True)
    other.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    broken = multimodal_settings(
        seen.settings.release_root.parent, seen.settings.home, seen.settings.models_file
    ).model_copy(update={"mimic_cxr_jpg_root": own_root, "mimic_cxr_root": seen.settings.mimic_cxr_jpg_root})
    bring(broken, seen.instance, group)
    relinked = pandas.read_parquet(seen.settings.layout.links("image_links", group))
    affected = set(relinked.loc[relinked["released_path"] == links.loc[0, "released_path"], "qid"])
    assert set(relinked.loc[relinked["qid"].isin(affected), "status"]) == {"truncated"}
    for arm in ("curated", "seeking"):
        answered = predictions(seen.settings.home, arm, "evidence_counts").set_index("qid")["outcome"]
        assert set(answered[answered == "not_run"].index) == affected
        assert set(answered[~answered.index.isin(affected)]) == {"finished"}
        blind = predictions(seen.settings.home, arm, "floor__always_no")
        assert set(blind["outcome"]) == {"finished"}  # who is shown no picture loses nothing
    bring(seen.settings, seen.instance, group)
    assert set(predictions(seen.settings.home, "curated", "evidence_counts")["outcome"]) == {"finished"}


def test_no_answer_of_the_sources_is_in_a_database(multimodal_home: Path) -> None:
    forbidden = {"dod", "deathtime", "mortality", "mortality_inunit", "mortality_inhospital", "los", "relation"}
    for dataset in ("ehrxqa", "medmod"):
        for path in (multimodal_home / "assets" / "patient_databases" / dataset).glob("patient_*.db"):
            with closing(sqlite3.connect(path)) as database:
                tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
                columns = {row[1] for name in tables for row in database.execute(f'PRAGMA table_info("{name}")')}
            assert "tb_cxr_plus" not in tables and "diagnoses" not in tables and not columns & forbidden
            if dataset == "medmod":
                assert not columns & {"outtime", "dischtime"}


def test_no_patient_note_or_path_is_told(multimodal_home: Path, home_there: Home) -> None:
    questions = home_there.multimodal_questions()
    told = texts_of(multimodal_home / "dagster")
    told += (multimodal_home / "assets" / "reports" / "multimodal_leak_audit.json").read_text()
    ids = {str(question.subject_id) for question in questions}
    assert "multimodal_curated_predictions" in told  # the positive control
    assert not CANARY_PATTERN.search(told)
    assert not ids & set(re.findall(r"\d+", told))
    assert not any(question.qid in told for question in questions)


def test_copies_of_images_are_their_owner_s_alone(multimodal_home: Path) -> None:
    copies = list((multimodal_home / "prepared_images").glob("*.jpg"))
    assert copies
    for path in copies:
        assert path.stat().st_mode & 0o077 == 0
        with Image.open(path) as image:
            assert max(image.size) <= 1568 and not image.getexif()


def test_the_page_says_that_switching_reports_on_or_off_makes_contexts_and_seeking_stale(seen: Graph, monkeypatch):
    name_environment(monkeypatch, seen.settings)
    asked = {
        "multimodal_contexts": ["finding_presence"],
        "multimodal_strict_contexts": ["finding_presence"],
        "multimodal_seeking_predictions": [grid_key("floor/always_no", "finding_presence")],
        "multimodal_curated_predictions": [grid_key("floor/always_no", "finding_presence")],
    }
    assert {state for of in staleness(seen.instance, asked).values() for state, _ in of.values()} == {"FRESH"}
    models = seen.settings.models_file
    models.write_text(models.read_text() + "campaign:\n  reports: true\n")
    observe(CAMPAIGN_SETTINGS, CAMPAIGN_SETTINGS.look(Home.of(seen.settings)), seen.instance)
    found = staleness(seen.instance, asked)
    cause = ("STALE", {("DATA", "campaign_settings")})
    (untouched,) = found.pop("multimodal_curated_predictions").values()  # its contexts are what it is made from
    assert untouched == ("FRESH", set())
    assert [state for of in found.values() for state in of.values()] == [cause] * 3


@pytest.mark.slow
def test_reports_are_shown_in_all_arms_or_in_none(seen: Graph) -> None:
    group = "finding_presence"
    contexts = seen.settings.layout.contexts("multimodal", "curated", group)
    assert not CANARY_PATTERN.search("".join(pandas.read_parquet(contexts)["context"]))
    models = seen.settings.models_file
    models.write_text(models.read_text() + "campaign:\n  reports: true\n")
    location = build(seen.settings)
    rebuild(location, seen.instance, wanted=Wanted(subtasks={group}, splits={"multimodal"}))
    shown = {
        arm: pandas.read_parquet(seen.settings.layout.contexts("multimodal", arm, group)).set_index("qid")["context"]
        for arm in ("curated", "curated_strict")
    }
    reports = pandas.read_parquet(seen.settings.layout.links("report_links", group))
    assert len(reports)
    for frame in shown.values():
        for qid in reports["qid"].unique():
            assert CANARY_PATTERN.search(frame[qid])
    keys = [arm.inputs(location.home, group) for arm in arms_seeking()]
    assert all(location.home.receipts.content("report_links", group) in inputs for inputs in keys)


def arms_seeking():
    from clinseek_assets.assets.arms import ARMS_OF

    return [ARMS_OF[MULTIMODAL.name][name] for name in ("seeking", "seeking_compat")]


def test_both_grids_are_on_the_page(home_there: Home) -> None:
    graph = build(home_there.settings).definitions.resolve_asset_graph()
    partitions = graph.get(dg.AssetKey("multimodal_seeking_predictions")).partitions_def
    assert partitions is not None
    assert len(partitions.get_partition_keys()) == 6 * 2
