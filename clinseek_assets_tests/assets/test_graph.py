"""The graph as a whole: what is in it, what a run makes, and what a second run leaves alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dagster as dg
import pandas
import pytest

from clinseek_assets.assets.artifact import Artifact
from clinseek_assets.assets.dataset_tables import DATASET_TABLES
from clinseek_assets.automation.rebuild import rebuild
from clinseek_assets.build import build, build_defs
from clinseek_assets.faults import Fault
from clinseek_assets.locations.settings import Settings, load_settings
from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.partitions import grid_key
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.instance import open_instance
from clinseek_assets_tests.conftest import FEW, Graph, open_graph, settings_over, with_dbt

ARMS = ("curated", "curated_strict", "seeking", "seeking_compat")
SPLITS = ("text", "multimodal")
NAMED = {
    "manifests": {"text_manifest", "multimodal_manifest", "subtasks"},
    "patient_databases": {
        "text_patient_databases",
        "reference_tables",
        "candidate_tables",
        "table_descriptions",
        "candidate_priors",
        *(
            f"{dataset}_{what}"
            for dataset in ("ehrxqa", "medmod")
            for what in ("patient_databases", "reference_tables")
        ),
    },
    "contexts": {f"{split}_{what}" for split in SPLITS for what in ("contexts", "strict_contexts")},
    "image_links": {"image_links", "report_links"},
    "predictions": {"models", *(f"{split}_{arm}_predictions" for split in SPLITS for arm in ARMS)},
    "scores": {
        *(f"{split}_{what}" for split in SPLITS for what in ("model_scores", "intervals", "contrasts")),
        *(f"{split}_{arm}_scores" for split in SPLITS for arm in ARMS),
    },
    "marts": {
        *(f"{split}_{what}" for split in SPLITS for what in ("figures", "leaderboard")),
        *(f"published_{split}_scores" for split in SPLITS),
        *("subtask_scores", "coverage", "paired_deltas", "published_comparison"),
    },
    "reports": {"leaderboard_report", "campaign_record", "release_validation", "leak_audit", "multimodal_leak_audit"},
}
# What no asset makes: beside these, a file for each source table.
RELEASED = {
    "campaign_settings",
    *("released/text_manifest", "released/multimodal_manifest"),
    *(f"files/{name}" for name in ("ehr_bench", "code_classes", "xrays", "radiology_reports")),
}
DATASETS = ("mimic_iv", "mimic_cxr", "ehrxqa", "medmod")
ASSETS = len(DATASET_TABLES) + len(TABLES) + sum(map(len, NAMED.values())) - 1  # the registry is not made


def specs(definitions: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}


def written(home: Path) -> dict[str, int]:
    """Every artifact with its time of writing."""
    return {
        str(path.relative_to(home)): path.stat().st_mtime_ns for path in (home / "assets").rglob("*") if path.is_file()
    }


def test_the_keys_do_not_change_unexpectedly(tiny_release, tmp_path):
    found = specs(build_defs(settings_over(tiny_release, tmp_path)))
    tables = {f"mimic_iv/{table.module}/{table.name}" for table in TABLES.values()}
    assert len(tables) == 41 and len(DATASET_TABLES) == 24
    files = {f"files/{name}" for name in (*tables, *DATASET_TABLES)}
    assert set(found) == tables.union(DATASET_TABLES, RELEASED, files, *NAMED.values())


def test_every_asset_explains_itself(tiny_release, tmp_path):
    for key, spec in specs(build_defs(settings_over(tiny_release, tmp_path))).items():
        groups = {"files": "source_files", "released": "source_files", **dict.fromkeys(DATASETS, "source_tables")}
        first = key.split("/")[0] if "/" in key else ""
        named = {**NAMED, "source_files": RELEASED}
        group = groups.get(first) or next(g for g, keys in named.items() if key in keys)
        assert spec.group_name == group
        assert spec.owners, key
        assert spec.kinds, key
        assert spec.description and len(spec.description.split()) > 4, key


def test_without_data_the_graph_loads_and_says_what_to_do(tiny_release, tmp_path):
    named = {"CLINSEEK_HOME": str(tmp_path / "home"), "CLINSEEK_MODELS": str(tiny_release / "models.yaml")}
    settings = with_dbt(load_settings(named, project_root=tmp_path))
    location = build(settings)
    dg.Definitions.validate_loadable(location.definitions)
    sources = {source.name for source in location.graph.sources}
    assert "models" in sources and sources > RELEASED
    assert len(specs(location.definitions)) == ASSETS + len(sources)
    with open_instance(settings.layout) as instance, pytest.raises(Fault, match="make demo"):
        rebuild(location, instance)


@pytest.mark.slow
def test_a_missing_module_means_fewer_assets_and_a_leaderboard_all_the_same(tiny_release, tmp_path):
    settings = without_ed_and_notes(tiny_release, tmp_path / "home")
    with open_graph(settings) as graph:
        rebuilt = graph.bring_up_to_date()
    assert dg.AssetKey("leaderboard_report") in rebuilt.worked
    assert (settings.layout.reports / "leaderboard.html").is_file()


def test_a_missing_module_means_fewer_assets_and_a_reason(tiny_release, tmp_path):
    graph = build(without_ed_and_notes(tiny_release, tmp_path / "home")).graph
    absent = {spec.key.to_user_string(): spec for spec in graph.absent}
    assert set(absent) == {
        f"mimic_iv/{table.module}/{table.name}" for table in TABLES.values() if table.module in ("ed", "note")
    }
    assert "ed" in absent["mimic_iv/ed/triage"].metadata["missing"]
    assert not {key.to_user_string() for key in graph.keys} & set(absent)


def without_ed_and_notes(release: Path, home: Path) -> Settings:
    """Settings of someone who has MIMIC-IV alone."""
    sources = release / "sources" / "mimic_iv"
    named = {
        "CLINSEEK_HOME": str(home),
        "CLINSEEK_RELEASE_ROOT": str(release / "release"),
        "CLINSEEK_MODELS": str(release / "models.yaml"),
        "MIMIC_IV_HOSP_ROOT": str(sources / "hosp"),
        "MIMIC_IV_ICU_ROOT": str(sources / "icu"),
    }
    return with_dbt(load_settings(named))


def test_a_run_makes_every_artifact_where_the_contract_says(finished_home):
    assets = finished_home / "assets"
    model = "floor__always_no"
    for path in (
        "manifests/text_manifest.parquet",
        "source_tables/mimic_iv/hosp/labevents.parquet",
        "patient_databases/reference_table.db",
        f"predictions/text/curated/{model}/{FEW[0]}.parquet",
        f"predictions/text/seeking/{model}/{FEW[0]}.parquet",
        f"predictions/text/seeking_compat/{model}/{FEW[0]}.parquet",
        f"predictions/text/curated_strict/{model}/{FEW[0]}.parquet",
        f"scores/text/by_model/{model}.parquet",
        "marts/text_leaderboard.parquet",
        "marts/published_comparison.parquet",
        "reports/leaderboard.html",
        "reports/campaign/campaign.md",
        "reports/release_validation.json",
        "reports/leak_audit.json",
    ):
        assert (assets / path).is_file(), path
    assert list((assets / "patient_databases" / "text").glob("patient_*.db"))
    assert json.loads((assets / "reports" / "release_validation.json").read_text())["ok"]


def test_a_second_run_does_no_work_and_starts_no_run(finished: Graph):
    before, runs = written(finished.settings.home), finished.instance.get_runs_count()
    rebuilt = finished.bring_up_to_date()
    assert (rebuilt.worked, rebuilt.assets) == (set(), ASSETS)
    assert written(finished.settings.home) == before
    assert finished.instance.get_runs_count() == runs


def test_materializing_what_is_up_to_date_writes_nothing(finished: Graph):
    before = written(finished.settings.home / "assets" / "contexts")
    location = finished.location
    result = location.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        asset_selection=[dg.AssetKey("text_manifest")], instance=finished.instance
    )
    assert result.success
    assert written(finished.settings.home / "assets" / "contexts") == before
    assert finished.bring_up_to_date().worked == set()


def test_a_lost_instance_is_told_again_and_no_file_is_written(finished_home, tiny_release, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(finished_home, home, ignore=shutil.ignore_patterns("dagster"))
    receipts = {path: time for path, time in written(home).items() if "receipts" not in path}
    with open_graph(settings_over(tiny_release, home)) as graph:
        graph.bring_up_to_date(until="contexts")
        known = graph.instance.get_materialized_partitions(dg.AssetKey("text_contexts"))
    assert set(known) == set(FEW)
    again = {path: time for path, time in written(home).items() if "receipts" not in path}
    assert again == receipts


@pytest.mark.slow
def test_a_changed_question_redoes_its_own_subtask_only(copied_release, finished_home, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(finished_home, home)
    manifest = copied_release / "release" / "text" / "ClinSeek-Bench_text.json"
    rows = json.loads(manifest.read_text())
    changed = next(row for row in rows if row["task"] == "labevents")
    changed["candidates"] = [*changed["candidates"], "A test that was not there before"]
    manifest.write_text(json.dumps(rows))
    settings = settings_over(copied_release, home)
    before = written(home)
    with open_graph(settings) as graph:
        graph.bring_up_to_date()
    scores = {path for path, time in written(home).items() if path.startswith("assets/scores/text/curated/")}
    redone = {path for path in scores if written(home)[path] != before.get(path)}
    assert {Path(path).stem for path in redone} == {"labevents"}
    assert len(redone) == 2  # two models


@pytest.mark.parametrize("arm", ARMS)
def test_the_leaderboard_is_the_mean_over_questions(finished_home, arm):
    scores = pandas.concat(
        pandas.read_parquet(path) for path in (finished_home / "assets" / "scores" / "text" / arm).rglob("*.parquet")
    )
    figures = pandas.read_parquet(finished_home / "assets" / "marts" / "text_figures.parquet")
    figures = figures[figures["arm"] == arm]
    for (model, mode), rows in scores.groupby(["model", "mode"]):
        shown = figures[(figures["model"] == model) & (figures["mode"] == mode)].set_index("column")
        assert shown.loc["overall", "f1"] == pytest.approx(rows["f1"].mean())
        for task_type, part in rows.groupby("task_type"):
            assert shown.loc[task_type, "f1"] == pytest.approx(part["f1"].mean())
            assert shown.loc[task_type, "n"] == part["qid"].nunique()


def test_a_delta_is_of_arms_that_may_see_the_same(finished_home):
    marts, scores = finished_home / "assets" / "marts", finished_home / "assets" / "scores" / "text"
    board = pandas.read_parquet(marts / "text_leaderboard.parquet").set_index(["policy", "mode", "model"])
    for policy, seeking, given in (
        ("strict", "seeking", "curated_strict"),
        ("published", "seeking_compat", "curated"),
    ):
        arms = [
            pandas.concat(pandas.read_parquet(path) for path in (scores / arm / "evidence_counts").glob("*.parquet"))
            for arm in (seeking, given)
        ]
        both = arms[0].merge(arms[1], on=["qid", "mode"], suffixes=("_seeking", "_given"))
        strict = both[(both["mode"] == "strict") & both["scored_seeking"] & both["scored_given"]]
        delta = (strict["f1_seeking"] - strict["f1_given"]).mean()
        assert board.loc[(policy, "strict", "evidence_counts"), "overall_delta"] == pytest.approx(delta)


def test_the_published_comparison_holds_the_card_s_figures(finished_home):
    marts = finished_home / "assets" / "marts"
    published = pandas.read_parquet(marts / "published_comparison.parquet")
    published = published[published["split"] == "text"]
    assert len(published) == 12 * 2 * 3
    cell = published.set_index(["model", "column", "setting"])["published"]
    assert cell["Claude Opus 4.6", "overall", "seeking"] == 63.2
    assert cell["GLM-4.7", "decision_making", "curated"] == 38.6
    assert pandas.isna(cell["EHR-R1-8B", "risk_prediction", "seeking"])


def test_nobody_has_a_rank_before_98_percent_are_answered(finished_home):
    board = pandas.read_parquet(finished_home / "assets" / "marts" / "text_leaderboard.parquet")
    assert set(board["kind"]) == {"floor", "evidence"}
    assert (board["curated_coverage"] < 0.98).all()  # the tests run some of the subtasks
    assert board[["curated_rank", "seeking_rank"]].isna().all().all()


def test_a_partition_s_record_carries_its_versions(finished: Graph):
    key = dg.AssetKey("text_curated_scores")
    partition = grid_key("evidence_counts", "labevents")
    (record,) = finished.instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=key, asset_partitions=[partition]), limit=1
    ).records
    tags = record.asset_materialization.tags
    receipt = finished.location.home.receipts.read("text_curated_scores", partition)
    assert receipt is not None
    assert tags["dagster/data_version"] == receipt.content
    assert tags["dagster/code_version"]
    assert {"dagster/input_data_version/text_curated_predictions", "dagster/partition/model"} <= set(tags)


def has_something(artifact: Artifact, home: Home) -> bool:
    """Whether it can be made at all: this release has no multimodal split."""
    return any(artifact.ready(home, partition) for partition in artifact.partitions)


def test_nothing_is_shown_as_stale_after_a_run(finished: Graph):
    from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
    from dagster._core.loader import LoadingContextForTest

    graph = finished.location.definitions.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(finished.instance, graph, LoadingContextForTest(finished.instance))
    wrong = {}
    location = finished.location
    made = {*FEW, *location.home.models}
    for key in (key for one in location.graph.artifacts if has_something(one, location.home) for key in one.keys):
        partitions_def = graph.get(key).partitions_def
        keys = partitions_def.get_partition_keys() if partitions_def else [None]
        for partition in [key for key in keys if key is None or key.split("|")[-1] in made][:3]:
            status = resolver.get_status(key, partition)
            if status is not StaleStatus.FRESH:
                wrong[key.to_user_string(), partition] = [
                    (cause.reason, cause.dependency and cause.dependency.to_user_string())  # type: ignore[attr-defined]
                    for cause in resolver.get_stale_causes(key, partition)
                ]
    assert not wrong
