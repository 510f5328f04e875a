"""What doctor finds of each input: state, version, what is missing and what that costs."""

import gzip
import os
from pathlib import Path

import pytest

from clinseek_assets.locations.input import BROKEN, MISSING, PARTIAL, PRESENT
from clinseek_assets.locations.inputs import examine_inputs
from clinseek_assets.locations.settings import KEYS, examine_settings, load_settings
from clinseek_assets_tests.locations.folders import lay_module, lay_root


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def found(project, **environ):
    settings = load_settings({key: str(value) for key, value in environ.items()}, project)
    return {each.name: each for each in examine_inputs(settings)}


def test_with_nothing_named_all_is_missing_with_its_cost_and_source(project):
    inputs = found(project)
    assert {each.state for each in inputs.values()} == {MISSING}
    for each in inputs.values():
        assert each.costs
        assert each.source
        assert each.setting.split(" or ")[0] in KEYS


def test_a_whole_download_is_present_with_its_versions(project, tmp_path):
    files = tmp_path / "files"
    lay_root(files / "mimiciv/3.1", "hosp", "icu")
    lay_module(files / "mimic-iv-ed/2.2/ed", "ed")
    lay_module(files / "mimic-iv-note/2.2/note", "note")
    inputs = found(project, PHYSIONET_ROOT=tmp_path)
    for name, version, tables in (
        ("MIMIC-IV: hosp", "3.1", 22),
        ("MIMIC-IV: icu", "3.1", 9),
        ("MIMIC-IV-ED: ed", "2.2", 6),
        ("MIMIC-IV-Note: note", "2.2", 4),
    ):
        each = inputs[name]
        assert (each.state, each.found, each.expected) == (PRESENT, tables, tables)
        assert each.version.startswith(version)
        assert (each.notices, each.costs) == ((), "")


def test_an_older_version_is_told(project, tmp_path):
    lay_root(tmp_path / "mimiciv/2.2", "hosp")
    [notice] = found(project, PHYSIONET_ROOT=tmp_path)["MIMIC-IV: hosp"].notices
    assert "made from version 3.1, not 2.2" in notice


def test_without_a_version_in_the_path_a_small_table_s_rows_tell_it(project, tmp_path):
    folder = lay_module(tmp_path / "data", "ed")
    with gzip.open(folder / "edstays.csv.gz", "at") as stream:
        stream.write("1\n" * 425_087)
    assert found(project, MIMIC_IV_ED_ROOT=folder)["MIMIC-IV-ED: ed"].version == "2.2 (rows of edstays)"
    assert found(project, MIMIC_IV_ROOT=lay_root(tmp_path / "x", "hosp"))["MIMIC-IV: hosp"].version == "unknown"


def test_the_open_demo_is_told_apart(project, tmp_path):
    root = lay_root(tmp_path / "mimic-iv-demo-2.2", "hosp", "icu")
    (root / "demo_subject_id.csv").write_text("subject_id\n")
    each = found(project, MIMIC_IV_ROOT=root)["MIMIC-IV Clinical Database Demo: hosp"]
    assert each.version.startswith("2.2")
    assert "100 patients" in each.notices[0]


def test_a_missing_table_costs_the_subtasks_that_hang_on_it(project, tmp_path):
    lay_module(tmp_path / "data/hosp", "hosp", without=("omr", "d_hcpcs"))
    each = found(project, MIMIC_IV_ROOT=tmp_path / "data")["MIMIC-IV: hosp"]
    assert (each.state, each.found, each.lacking) == (PARTIAL, 20, ("d_hcpcs", "omr"))
    assert "one subtask can" in each.costs
    assert each.costs.endswith(": omr.")


def test_a_missing_module_names_its_subtasks(project, tmp_path):
    lay_module(tmp_path / "data/hosp", "hosp")
    costs = found(project, MIMIC_IV_ROOT=tmp_path / "data")["MIMIC-IV-ED: ed"].costs
    assert all(name in costs for name in ("ED_Hospitalization", "medrecon_atc", "pyxis", "diagnosis_ccs"))
    assert "labevents" not in costs


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is no gzip", "cannot be read as gzip"),
        (b"", "has no header"),
        (gzip.compress(b"subject_id,hadm_id\n")[:12], "cannot be read as gzip"),
        (gzip.compress(b"\xff\xfe\x00\n"), "not text in UTF-8"),
        (gzip.compress(b"10000032,1,2\n"), "has no header"),
        (gzip.compress(b"subject_id,chartdate,seq_num,result_name\n"), "lacks the column result_value"),
    ],
    ids=["not packed", "empty", "cut", "wrong encoding", "no header", "column missing"],
)
def test_a_file_that_cannot_be_used_is_named(project, tmp_path, content, reason):
    lay_module(tmp_path / "data/hosp", "hosp")
    (tmp_path / "data/hosp/omr.csv.gz").write_bytes(content)
    each = found(project, MIMIC_IV_ROOT=tmp_path / "data")["MIMIC-IV: hosp"]
    assert each.state == BROKEN
    [fault] = each.faults
    assert "omr.csv.gz" in fault
    assert reason in fault
    assert "10000032" not in fault


def test_a_file_that_may_not_be_read_is_not_to_be_fetched_again(project, tmp_path, monkeypatch):
    lay_module(tmp_path / "data/hosp", "hosp", without=("omr",))
    omr = tmp_path / "data/hosp/omr.csv"
    omr.write_text("subject_id,chartdate,seq_num,result_name,result_value\n")
    opens = Path.open

    def refuses(path, *arguments, **further):
        if path == omr:
            raise PermissionError(13, "Permission denied", str(path))
        return opens(path, *arguments, **further)

    monkeypatch.setattr(Path, "open", refuses)
    [fault] = found(project, MIMIC_IV_ROOT=tmp_path / "data")["MIMIC-IV: hosp"].faults
    assert fault == f"{omr} cannot be opened (Permission denied)."


def test_a_release_root_that_is_not_there_is_told_once(project, tmp_path):
    settings, faults = examine_settings({"CLINSEEK_RELEASE_ROOT": str(tmp_path / "nowhere")}, project)
    release = examine_inputs(settings)[0]
    assert len(faults) == 1
    assert (release.state, release.path, release.faults) == (BROKEN, None, ())


def test_columns_in_another_order_or_case_are_well(project, tmp_path):
    lay_module(tmp_path / "data/hosp", "hosp", without=("omr",))
    (tmp_path / "data/hosp/omr.csv").write_text("RESULT_VALUE,result_name,seq_num,chartdate,subject_id,more\n")
    assert found(project, MIMIC_IV_ROOT=tmp_path / "data")["MIMIC-IV: hosp"].state == PRESENT


def test_a_table_there_twice_is_told(project, tmp_path):
    lay_module(tmp_path / "data/hosp", "hosp")
    (tmp_path / "data/hosp/omr.csv").write_text("subject_id,chartdate,seq_num,result_name,result_value\n")
    each = found(project, MIMIC_IV_ROOT=tmp_path / "data")["MIMIC-IV: hosp"]
    assert each.state == PRESENT
    assert "twice" in each.notices[0]


def test_a_release_root_without_its_manifest_is_broken(project, tmp_path):
    (tmp_path / "release").mkdir()
    name = "ClinSeek-Bench, text manifest"
    assert found(project, CLINSEEK_RELEASE_ROOT=tmp_path / "release")[name].state == BROKEN
    (tmp_path / "release" / "ClinSeek-Bench_text.json").write_text("[]")
    assert found(project, CLINSEEK_RELEASE_ROOT=tmp_path / "release")[name].state == PRESENT


def test_files_of_classes_are_read_through(project, tmp_path):
    atc, ccs = tmp_path / "atc.csv", tmp_path / "AppendixBSinglePR.txt"
    atc.write_text("ndc,name,atc_code,atc_name\n71015523,Lipitor,C10AA,HMG CoA reductase inhibitors\n")
    ccs.write_text("44   Coronary artery bypass graft (CABG)\n     3610 3612\n")
    named = {"CLINSEEK_ATC_CLASSES": atc, "CLINSEEK_CCS_ICD9_PROCEDURES": ccs}
    names = ("ATC classes by NDC", "CCS classes of ICD-9 procedures")
    assert [found(project, **named)[name].state for name in names] == [PRESENT, PRESENT]
    atc.write_text("ndc,name\n")
    ccs.write_text("nothing\n")
    inputs = found(project, **named)
    assert [inputs[name].state for name in names] == [BROKEN, BROKEN]
    assert "lacks the column atc_code" in inputs[names[0]].faults[0]


def test_the_real_demo(project):
    root = os.environ.get("MIMIC_DEMO_ROOT")
    if not root:
        pytest.skip("MIMIC_DEMO_ROOT is not set")
    inputs = found(project, MIMIC_IV_ROOT=root)
    demo = "MIMIC-IV Clinical Database Demo"
    assert [inputs[f"{demo}: {module}"].state for module in ("hosp", "icu")] == [PRESENT, PRESENT]
    assert inputs["MIMIC-IV-Note: note"].state == MISSING
