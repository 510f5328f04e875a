"""The assets of the multimodal source tables over a small release and its sources, as a run of the graph makes them."""

import json
import shutil
from collections.abc import Collection
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from clinseek_assets.assets import dataset_tables, manifests
from clinseek_assets.checks import dataset_tables as checks
from clinseek_assets.faults import SourceFault
from clinseek_assets.locations.settings import load_settings
from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES
from clinseek_assets.resources.home import Home
from clinseek_assets.resources.progress import LoggedProgress
from clinseek_assets_tests.mimic.multimodal.bundle import ASKED, OTHER, STAY, lay_bundle, lay_release, rows

NAMES = [
    *(f"mimic_cxr/{name}" for name in CXR_TABLES),
    *(f"ehrxqa/{name}" for name in CATALOGUES["ehrxqa"].tables),
    *("medmod/stays", "medmod/events", "medmod/tb_cxr"),
]
COMPARED = ("mimic_cxr/metadata", "mimic_cxr/chexpert", "ehrxqa/tb_cxr", "medmod/stays", "medmod/tb_cxr")


class Ran:
    """One run of the multimodal manifest and all of its source tables, or some."""

    def __init__(self, named: dict[str, str], folder: Path, only: Collection[str] = ()) -> None:
        settings = load_settings({**named, "CLINSEEK_HOME": str(folder / "home")})
        self.home = Home.of(settings)
        offered = dataset_tables.artifacts(self.home.datasets)
        made = [artifact for artifact in offered if not only or artifact.name in only]
        self.artifacts = {artifact.name: artifact for artifact in (*manifests.MULTIMODAL_ARTIFACTS, *made)}
        self.result = dg.materialize(
            [artifact.definition for artifact in self.artifacts.values()],
            resources={"home": self.home, "progress": LoggedProgress()},
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
        found = self.result.get_asset_check_evaluations()
        self.checks = {(each.asset_key.to_user_string(), each.check_name): each for each in found}

    def check(self, asset: str, name: str) -> dg.AssetCheckEvaluation:
        return self.checks[asset, name]

    def rows(self, name: str) -> list[dict]:
        return pq.read_table(self.home.layout.dataset_table(*name.split("/"))).to_pylist()

    def failures(self) -> str:
        return "\n".join(str(event.event_specific_data) for event in self.result.all_events if event.is_failure)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    root = tmp_path_factory.mktemp("bundle")
    return root, lay_bundle(root)


@pytest.fixture(scope="module")
def ran(bundle, tmp_path_factory):
    return Ran(bundle[1], tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copied(bundle, tmp_path):
    """The sources once more, to be damaged."""
    root, named = bundle
    shutil.copytree(root, tmp_path / "copy")
    return {key: path.replace(str(root), str(tmp_path / "copy")) for key, path in named.items()}


def test_every_table_is_made_and_every_check_passes(ran):
    assert ran.result.success, ran.failures()
    assert [name for name in ran.artifacts if name != "multimodal_manifest"] == NAMES
    failed = [key for key, check in ran.checks.items() if not check.passed and key[0] != "multimodal_manifest"]
    assert not failed
    assert all(ran.artifacts[name].current(ran.home) for name in NAMES)


def test_only_the_patients_and_the_stays_that_are_asked_about_are_kept(ran):
    assert {row["subject_id"] for row in ran.rows("mimic_cxr/metadata")} == {ASKED, OTHER}
    for name, table in CATALOGUES["ehrxqa"].tables.items():
        if table.of_patients:
            assert {row["subject_id"] for row in ran.rows(f"ehrxqa/{name}")} == {ASKED}
    for name in ("events", "stays"):
        assert [(row["subject_id"], row["stay_id"]) for row in ran.rows(f"medmod/{name}")] == [(OTHER, STAY)]


def test_x_rays_have_their_paths_whatever_is_on_disk(ran):
    (first, second) = ran.rows("ehrxqa/tb_cxr")
    assert first["image_path"] == f"mimic-cxr/2.0.0/files/p19/p{ASKED}/s51/aaaa-51.jpg"
    assert second["report_path"] == f"mimic-cxr/2.0.0/mimic-cxr-reports/files/p19/p{ASKED}/s52.txt"
    linked = [(row["study_id"], str(row["studydatetime"]), row["stay_id"]) for row in ran.rows("medmod/tb_cxr")]
    assert linked == [
        (61, "2150-06-01 13:30:00", STAY),
        (61, "2150-06-01 13:30:00", None),
        (62, "2150-06-03 13:30:00", STAY),
    ]


def test_the_manifest_agrees_with_its_sources_and_counts_are_shown(ran):
    agreement = ran.check("medmod/tb_cxr", "agreement")
    told = {name: value.value for name, value in agreement.metadata.items()}
    assert told["agree on label"] == "2 of 2" and told["agree on CheXpert labels"] == "1 of 1"
    assert told["agree on part of image"] == "3 of 3"
    assert told["agree on latest AP study"] == "2 of 2" and told["first rows that differ"] == []
    assert ran.check("ehrxqa/tb_cxr", "agreement").metadata["agree on answer"].value == "2 of 2"
    shown = json.dumps([str(check.metadata) + str(check.description) for check in ran.checks.values()])
    for value in (ASKED, OTHER, STAY, "edema", "aaaa-51", "Fracture"):
        assert str(value) not in shown


def test_a_second_run_makes_nothing_anew(bundle, ran, tmp_path_factory):
    parquet = ran.home.layout.dataset_table("medmod", "events")
    before = parquet.stat().st_mtime_ns
    again = Ran(bundle[1], ran.home.settings.home.parent)
    assert again.result.success and parquet.stat().st_mtime_ns == before


def changed(named, **change):
    """A manifest whose rows 1 and 3 say something else than the sources."""
    altered = rows()
    for place in (0, 2):
        altered[place] |= change
    lay_release(Path(named["CLINSEEK_RELEASE_ROOT"]).parent, altered)


def test_disagreement_is_an_error_and_holds_nothing_up(copied, tmp_path):
    changed(copied, ground_truth=[{"name": "no"}])
    ran = Ran(copied, tmp_path, COMPARED)
    assert ran.result.success and ran.artifacts["ehrxqa/tb_cxr"].current(ran.home)
    for asset, what in (("ehrxqa/tb_cxr", "answer: 1 of 2 differ"), ("medmod/tb_cxr", "label: 1 of 2 differ")):
        check = ran.check(asset, "agreement")
        assert not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
        assert check.description == what
    assert ran.check("medmod/tb_cxr", "agreement").metadata["first rows that differ"].value == [3]


def test_on_the_official_release_a_disagreement_is_a_warning(copied, tmp_path):
    changed(copied, ground_truth=[{"name": "no"}])
    ran = Ran(copied, tmp_path, COMPARED)
    # Without a file of its own counts a release is held for the official one.
    (Path(copied["CLINSEEK_RELEASE_ROOT"]) / "expected_counts.json").unlink()
    for verdict in (checks.ehrxqa_result(ran.home), checks.medmod_result(ran.home)):
        assert not verdict.passed and verdict.severity is dg.AssetCheckSeverity.WARN


def test_what_cannot_be_compared_does_not_count_as_agreed(copied, tmp_path):
    (Path(copied["EHRXQA_ROOT"]) / "ehrxqa" / "dataset" / "test.json").unlink()
    shutil.rmtree(Path(copied["MEDMOD_ROOT"]) / "mml-ssl-full" / "phenotyping")
    ran = Ran(copied, tmp_path, COMPARED)
    assert ran.result.success
    assert "test.json of EHRXQA is not there" in ran.check("ehrxqa/tb_cxr", "agreement").description
    told = ran.check("medmod/tb_cxr", "agreement").description
    assert told == "not compared, since the list file of phenotyping, test is not there"


def test_patients_who_are_not_in_the_list_stop_what_follows(copied, tmp_path):
    altered = rows()
    altered[1] |= {"subject_id": 19995555}
    lay_release(Path(copied["CLINSEEK_RELEASE_ROOT"]).parent, altered)
    ran = Ran(copied, tmp_path, COMPARED)
    assert not ran.result.success
    check = ran.check("mimic_cxr/metadata", "patients_listed")
    assert not check.passed and check.blocking
    assert "1 of 3 patients" in check.description and "19995555" not in check.description
    assert not ran.home.layout.dataset_table("medmod", "tb_cxr").exists()
    assert ran.home.receipts.read("mimic_cxr/metadata") is None


def test_versions_that_do_not_match_are_a_warning(copied, tmp_path):
    newer = tmp_path / "mimic-cxr" / "2.1.0"
    shutil.copytree(copied["MIMIC_CXR_ROOT"], newer)
    older = tmp_path / "mimic-cxr-jpg" / "2.0.0"
    shutil.copytree(copied["MIMIC_CXR_JPG_ROOT"], older)
    ran = Ran(
        {**copied, "MIMIC_CXR_ROOT": str(newer), "MIMIC_CXR_JPG_ROOT": str(older)}, tmp_path, ["mimic_cxr/metadata"]
    )
    check = ran.check("mimic_cxr/metadata", "versions")
    assert ran.result.success and not check.passed and check.severity is dg.AssetCheckSeverity.WARN
    assert "MIMIC-CXR is of version 2.1.0 and MIMIC-CXR-JPG of version 2.0.0" in check.description


def test_a_damaged_source_fails_its_own_table_with_its_reason(copied, tmp_path):
    events = Path(copied["MEDMOD_ROOT"]) / "data_full" / "root" / "test" / str(OTHER) / "events.csv"
    events.write_text(events.read_text().replace("220045", "heart"))
    (Path(copied["EHRXQA_ROOT"]) / "ehrxqa" / "database" / "gold" / "cost.csv").write_text("row_id\n")
    ran = Ran(copied, tmp_path, ["ehrxqa/cost", "ehrxqa/labevents", "medmod/events"])
    assert not ran.result.success
    told = ran.failures()
    assert "events.csv of patient 1 of 1 by subject_id" in told and "column itemid: the cell is not" in told
    assert "ehrxqa/cost (cost.csv): the header lacks the columns subject_id" in told
    assert str(OTHER) not in told
    assert ran.artifacts["ehrxqa/labevents"].current(ran.home)


def test_what_is_missing_is_shown_with_its_reason(copied, tmp_path):
    for path in Path(copied["MIMIC_CXR_JPG_ROOT"]).glob("*-metadata.csv.gz"):
        path.unlink()
    shutil.rmtree(Path(copied["MEDMOD_ROOT"]) / "data_full")
    (Path(copied["EHRXQA_ROOT"]) / "ehrxqa" / "database" / "gold" / "cost.csv").unlink()
    home = Home.of(load_settings({**copied, "CLINSEEK_HOME": str(tmp_path / "home")}))
    absent = {spec.key.to_user_string(): spec for spec in dataset_tables.absent(home.datasets)}
    assert set(absent) == {"mimic_cxr/metadata", "ehrxqa/cost", "medmod/stays", "medmod/events", "medmod/tb_cxr"}
    assert "cost.csv.gz" in absent["ehrxqa/cost"].description
    assert "data_full/root" in str(absent["medmod/stays"].metadata["missing"])
    made = {artifact.name for artifact in dataset_tables.artifacts(home.datasets)}
    assert made == set(NAMES) - set(absent)


def test_with_nothing_named_all_tables_are_offered_and_none_is_ready(tmp_path):
    home = Home.of(load_settings({"CLINSEEK_HOME": str(tmp_path / "home")}))
    offered = dataset_tables.artifacts(home.datasets)
    assert [artifact.name for artifact in offered] == NAMES and not dataset_tables.absent(home.datasets)
    assert not any(artifact.behind(home) for artifact in offered)


def test_without_its_source_a_table_says_what_to_name(tmp_path):
    bare = Home.of(load_settings({"CLINSEEK_HOME": str(tmp_path / "home")}))
    for name in ("ehrxqa/cost", "medmod/events"):
        each = dataset_tables.DATASET_TABLES[name]
        find = dataset_tables.source_of if name.startswith("ehrxqa") else dataset_tables.files_of
        with pytest.raises(SourceFault, match=r"MIMIC_CXR_JPG_ROOT, EHRXQA_ROOT and MEDMOD_ROOT"):
            find(bare, each)
