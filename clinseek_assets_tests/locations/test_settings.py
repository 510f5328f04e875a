"""Settings: environment before clinseek.yaml, slips named, synthetic and real data never mixed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.benchmark.released_counts import FILE_NAME
from clinseek_assets.faults import SettingsFault
from clinseek_assets.locations.settings import (
    EXECUTORS,
    KEYS,
    VALUE_KEYS,
    examine_settings,
    load_settings,
    read_settings_file,
)
from clinseek_assets_tests.locations.folders import lay_module, lay_root


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def lay_synthetic(bundle):
    """What `clinseek synthesize` leaves: a release that says what it is, and its sources."""
    (bundle / "release").mkdir(parents=True)
    counts = {"release": "synthetic", "text": {"rows": 0, "patients": 0, "per_subtask": {}}}
    (bundle / "release" / FILE_NAME).write_text(json.dumps(counts))
    lay_root(bundle / "sources" / "mimic_iv", "hosp", "icu", "ed", "note")
    (bundle / "sources" / "ehr_bench").mkdir()
    (bundle / "sources" / "atc_classes.csv").write_text("ndc,name,atc_code,atc_name\n")
    return bundle


def test_with_nothing_named_and_nothing_made_all_is_absent_and_the_home_is_beside_the_readme(project):
    settings = load_settings({}, project)
    assert settings.home == project / ".clinseek"
    assert settings.release_root == project / ".clinseek" / "release"
    assert settings.mimic_roots == {}
    assert settings.models_file == project / "models.yaml"
    assert not settings.synthetic


def test_with_nothing_named_the_synthetic_data_in_the_home_is_used(project):
    home = lay_synthetic(project / ".clinseek")
    settings = load_settings({}, project)
    assert settings.synthetic
    assert settings.mimic_roots["note"] == home / "sources" / "mimic_iv" / "note"
    assert settings.ehr_bench_root == home / "sources" / "ehr_bench"
    assert settings.atc_classes == home / "sources" / "atc_classes.csv"


def test_a_synthetic_release_elsewhere_brings_its_own_sources(project, tmp_path):
    bundle = lay_synthetic(tmp_path / "made")
    settings = load_settings({"CLINSEEK_RELEASE_ROOT": str(bundle / "release")}, project)
    assert settings.synthetic
    assert settings.mimic_roots["hosp"] == bundle / "sources" / "mimic_iv" / "hosp"


def test_the_environment_wins_over_the_file_and_doctor_can_tell_which(project, tmp_path):
    mine, other = lay_root(tmp_path / "mine", "hosp"), lay_root(tmp_path / "other", "hosp")
    (project / "clinseek.yaml").write_text(f"mimic_iv_root: {other}\nEHR_BENCH_ROOT: {tmp_path}\n")
    settings = load_settings({"MIMIC_IV_ROOT": str(mine)}, project)
    assert settings.mimic_roots == {"hosp": mine / "hosp"}
    assert settings.ehr_bench_root == tmp_path
    assert settings.origins == {
        "MIMIC_IV_ROOT": "environment",
        "EHR_BENCH_ROOT": str(project / "clinseek.yaml"),
    }


def test_home_and_registry_are_no_inputs(project, tmp_path):
    (project / "models.yaml").write_text("models: []\n")
    environ = {"CLINSEEK_HOME": str(tmp_path / "home"), "CLINSEEK_MODELS": str(project / "models.yaml")}
    assert load_settings(environ, project).own_inputs == ()
    hosp = lay_module(tmp_path / "hosp", "hosp")
    assert load_settings({**environ, "MIMIC_IV_HOSP_ROOT": str(hosp)}, project).own_inputs == ("MIMIC_IV_HOSP_ROOT",)


def test_a_relative_path_in_the_file_is_meant_from_the_file(project, monkeypatch, tmp_path):
    lay_root(project / "data", "hosp")
    (project / "clinseek.yaml").write_text("mimic_iv_root: data\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings({}, project).mimic_roots == {"hosp": project / "data" / "hosp"}


def test_without_a_file_in_the_project_the_current_folder_s_is_read(project, monkeypatch, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "clinseek.yaml").write_text("clinseek_home: state\n")
    monkeypatch.chdir(elsewhere)
    settings = load_settings({}, project)
    assert settings.home == elsewhere / "state"
    assert settings.settings_file == elsewhere / "clinseek.yaml"


def test_an_empty_variable_counts_as_not_set(project):
    assert load_settings({"MIMIC_IV_ROOT": " ", "CLINSEEK_HOME": ""}, project).origins == {}


def test_a_module_s_own_root_goes_before_the_common_one_and_that_before_the_download(project, tmp_path):
    download, common, own = tmp_path / "download", tmp_path / "common", tmp_path / "own"
    lay_root(download / "files/mimiciv/3.1", "hosp", "icu")
    note = lay_module(download / "files/mimic-iv-note/2.2/note", "note")
    lay_root(common, "hosp", "icu")
    lay_module(own, "icu")
    environ = {"PHYSIONET_ROOT": str(download), "MIMIC_IV_ROOT": str(common), "MIMIC_IV_ICU_ROOT": str(own)}
    assert load_settings(environ, project).mimic_roots == {"hosp": common / "hosp", "icu": own, "note": note}


def test_one_download_folder_names_everything_in_it(project, tmp_path):
    root = tmp_path / "physionet.org"
    lay_root(root / "files/mimiciv/3.1", "hosp", "icu")
    for dataset in ("mimic-cxr/2.0.0", "mimic-cxr-jpg/2.0.0", "mimic-cxr-jpg/2.1.0", "ehrxqa/1.0.0"):
        (root / "files" / dataset).mkdir(parents=True)
    settings = load_settings({"PHYSIONET_ROOT": str(root)}, project)
    assert settings.mimic_cxr_root == root / "files/mimic-cxr/2.0.0"
    assert settings.mimic_cxr_jpg_root == root / "files/mimic-cxr-jpg/2.0.0"
    assert settings.ehrxqa_root == root / "files/ehrxqa/1.0.0"
    assert any("2.1.0 beside it" in notice for notice in settings.notices)


@pytest.mark.parametrize("flat", [True, False])
def test_the_manifest_lies_as_the_dataset_s_page_has_it_or_in_text(project, tmp_path, flat):
    path = tmp_path / "release" / ("." if flat else "text") / "ClinSeek-Bench_text.json"
    path.parent.mkdir(parents=True)
    path.write_text("[]")
    settings = load_settings({"CLINSEEK_RELEASE_ROOT": str(tmp_path / "release")}, project)
    assert settings.text_manifest == path.resolve()


@pytest.mark.parametrize(
    ("written", "line", "message"),
    [
        ("mimic_iv_rot: /data\n", 1, "Did you mean mimic_iv_root"),
        ("clinseek_home: state\nsomething: 1\n", 2, "is no setting"),
        ("clinseek_home: a\nCLINSEEK_HOME: b\n", 2, "second time"),
        ("clinseek_home: a\nmimic_iv_root: [a, b]\n", 2, "not one path"),
        ("clinseek_home: a\n? {a: b}\n: c\n", 2, "not a line `key: path`"),
        ("clinseek_home: 'a\n", 2, "not YAML"),
    ],
)
def test_a_slip_in_the_file_is_named_by_its_line(project, written, line, message):
    (project / "clinseek.yaml").write_text(written)
    with pytest.raises(SettingsFault, match=message) as caught:
        load_settings({}, project)
    assert f"line {line}" in str(caught.value)


def test_a_list_or_bytes_are_no_settings(project):
    file = project / "clinseek.yaml"
    file.write_text("- mimic_iv_root\n")
    with pytest.raises(SettingsFault, match="is not a list of settings"):
        load_settings({}, project)
    file.write_bytes(b"clinseek_home: \xff\xfe")
    with pytest.raises(SettingsFault, match="cannot be read"):
        load_settings({}, project)


def test_an_empty_file_and_a_key_without_value_say_nothing(project):
    (project / "clinseek.yaml").write_text("# nothing yet\nmimic_iv_root:\n")
    assert load_settings({}, project).mimic_roots == {}


def test_a_misspelled_variable_with_our_prefix_is_named(project):
    with pytest.raises(SettingsFault, match="Did you mean CLINSEEK_HOME"):
        load_settings({"CLINSEEK_HOMES": "x"}, project)
    load_settings({"CLINSEEK_DATA_ROOT_OF_ANOTHER_PROGRAM": "x", "MIMIC_ROOT": "x"}, project)


@pytest.mark.parametrize("key", [key for key in KEYS if key not in ("CLINSEEK_HOME", *VALUE_KEYS)])
def test_a_path_to_nothing_or_to_the_wrong_kind_of_thing_is_named(project, tmp_path, key):
    is_file = key in ("CLINSEEK_ATC_CLASSES", "CLINSEEK_CCS_ICD9_PROCEDURES", "CLINSEEK_MODELS")
    wrong = tmp_path / "wrong"
    with pytest.raises(SettingsFault, match=f"{key} names .*wrong, and there is nothing"):
        load_settings({key: str(wrong)}, project)
    wrong.mkdir() if is_file else wrong.touch()
    with pytest.raises(SettingsFault, match="instead of a"):
        load_settings({key: str(wrong)}, project)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_each_executor_may_be_named_in_the_file_and_the_environment_wins(project, executor):
    (project / "clinseek.yaml").write_text("clinseek_executor: celery\nclinseek_broker: redis://head:6379/0\n")
    assert load_settings({}, project).executor == "celery"
    assert load_settings({"CLINSEEK_EXECUTOR": executor}, project).executor == executor


def test_without_a_word_steps_are_executed_in_the_process_of_the_run(project):
    assert load_settings({}, project).executor == "in_process"


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"CLINSEEK_EXECUTOR": "dask"}, "one of in_process, multiprocess, celery"),
        ({"CLINSEEK_EXECUTOR": "celery"}, "no broker is named"),
        ({"CLINSEEK_BROKER": "head:6379"}, "redis://HOST:6379/0"),
        ({"CLINSEEK_BROKER": "amqp://guest:hunter2@head//"}, "redis://HOST:6379/0"),
        ({"CLINSEEK_EXECUTER": "celery"}, "Did you mean CLINSEEK_EXECUTOR"),
    ],
)
def test_a_wrong_executor_or_broker_is_told_without_the_password(project, named, told):
    with pytest.raises(SettingsFault) as caught:
        load_settings(named, project)
    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_broker_s_password_shows_nowhere(project):
    settings = load_settings({"CLINSEEK_BROKER": "redis://:hunter2@head:6379/0"}, project)
    assert settings.broker.get_secret_value() == "redis://:hunter2@head:6379/0"
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()


def test_a_home_that_is_a_file_is_refused(project, tmp_path):
    (tmp_path / "home").touch()
    with pytest.raises(SettingsFault, match=r"CLINSEEK_HOME names .* a file instead of a folder"):
        load_settings({"CLINSEEK_HOME": str(tmp_path / "home")}, project)


@pytest.mark.parametrize("key", ["MIMIC_IV_ROOT", "MIMIC_IV_HOSP_ROOT", "PHYSIONET_ROOT"])
def test_a_source_folder_without_a_table_is_refused(project, tmp_path, key):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingsFault, match=f"{key} names"):
        load_settings({key: str(tmp_path / "empty")}, project)


def test_a_mistyped_source_does_not_call_in_the_synthetic_data(project):
    lay_synthetic(project / ".clinseek")
    settings, faults = examine_settings({"MIMIC_IV_ROOT": "/no/such/folder"}, project)
    assert faults
    assert settings.mimic_roots == {}


def test_a_synthetic_release_with_real_sources_is_refused(project, tmp_path):
    lay_synthetic(project / ".clinseek")
    with pytest.raises(SettingsFault, match="no patient would match"):
        load_settings({"MIMIC_IV_ROOT": str(lay_root(tmp_path / "real", "hosp"))}, project)


def test_the_official_release_with_synthetic_sources_is_refused(project, tmp_path):
    bundle = lay_synthetic(tmp_path / "made")
    (tmp_path / "official").mkdir()
    environ = {
        "CLINSEEK_RELEASE_ROOT": str(tmp_path / "official"),
        "MIMIC_IV_ROOT": str(bundle / "sources" / "mimic_iv"),
    }
    with pytest.raises(SettingsFault, match="no patient would match"):
        load_settings(environ, project)


def test_synthetic_sources_are_known_without_their_release(project, tmp_path):
    moved = lay_root(tmp_path / "moved" / "mimic_iv", "hosp").parent
    (moved / "SYNTHETIC.json").write_text("{}")
    (tmp_path / "official").mkdir()
    environ = {"CLINSEEK_RELEASE_ROOT": str(tmp_path / "official"), "MIMIC_IV_ROOT": str(moved / "mimic_iv")}
    with pytest.raises(SettingsFault, match="no patient would match"):
        load_settings(environ, project)


def test_real_and_synthetic_modules_are_not_mixed(project, tmp_path):
    bundle = lay_synthetic(tmp_path / "made")
    environ = {
        "MIMIC_IV_ROOT": str(bundle / "sources" / "mimic_iv"),
        "MIMIC_IV_ED_ROOT": str(lay_module(tmp_path / "ed", "ed")),
    }
    with pytest.raises(SettingsFault, match="Some modules"):
        load_settings(environ, project)


def test_a_manifest_built_from_synthetic_sources_goes_with_them(project, tmp_path):
    bundle = lay_synthetic(tmp_path / "made")
    built = tmp_path / "built"
    built.mkdir()
    counts = {"release": "built", "text": {"rows": 0, "patients": 0, "per_subtask": {}}}
    (built / FILE_NAME).write_text(json.dumps(counts))
    environ = {"CLINSEEK_RELEASE_ROOT": str(built), "MIMIC_IV_ROOT": str(bundle / "sources" / "mimic_iv")}
    settings = load_settings(environ, project)
    assert settings.release_root == built
    assert settings.atc_classes == bundle / "sources" / "atc_classes.csv"


def test_a_real_release_alone_leaves_the_synthetic_sources_aside_and_says_so(project, tmp_path):
    lay_synthetic(project / ".clinseek")
    (tmp_path / "official").mkdir()
    settings = load_settings({"CLINSEEK_RELEASE_ROOT": str(tmp_path / "official")}, project)
    assert settings.mimic_roots == {}
    assert any("not used" in notice for notice in settings.notices)


def test_all_faults_are_told_at_once_to_doctor(project):
    _, faults = examine_settings({"MIMIC_CXR_ROOT": "/no/a", "EHRXQA_ROOT": "/no/b"}, project)
    assert len(faults) == 2


@given(text=st.text(max_size=60))
def test_whatever_the_file_holds_it_is_read_or_refused_by_a_fault(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("settings") / "clinseek.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found = read_settings_file(path)
    except SettingsFault:
        return
    assert set(found) <= set(KEYS)


def test_a_store_is_a_url_or_a_folder_meant_from_where_it_is_named(project):
    assert load_settings({}, project).store is None
    assert load_settings({"CLINSEEK_STORE": "s3://bucket/a prefix/"}, project).store == "s3://bucket/a prefix"
    assert load_settings({"CLINSEEK_STORE": "shared"}, project).store == f"file://{project}/shared"
    (project / "clinseek.yaml").write_text("clinseek_store: ../shared\n")
    assert load_settings({}, project).store == f"file://{project.parent}/shared"


@pytest.mark.parametrize("url", ["mysql://somebody:hunter2@head/db", "head:5432", "postgresql://"])
def test_leases_are_a_postgres_url_and_are_not_shown(project, url):
    with pytest.raises(SettingsFault, match="CLINSEEK_LEASES is no URL of a Postgres server") as caught:
        load_settings({"CLINSEEK_LEASES": url}, project)
    assert "hunter2" not in str(caught.value)
    settings = load_settings({"CLINSEEK_LEASES": "postgresql://somebody:hunter2@head/db"}, project)
    assert "hunter2" not in repr(settings)
