"""MedMod's built data: headers, stays, labels by its rules, and folders of whoever is asked about."""

import csv

import pandas
import pytest

from clinseek_assets.benchmark.groups import MEDMOD
from clinseek_assets.benchmark.vocabularies import PHENOTYPES
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets_tests.synthetic.multimodal.conftest import SIZE

STAYS = (
    "subject_id,hadm_id,stay_id,last_careunit,intime,outtime,los,admittime,dischtime,deathtime,ethnicity,gender,"
    "anchor_age,dod,age,mortality_inunit,mortality,mortality_inhospital"
)
DATES = ["intime", "outtime", "admittime", "dischtime", "deathtime", "dod"]


def header(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return next(csv.reader(stream))


@pytest.fixture(scope="module")
def folders(written):
    root = written.medmod / "data_full" / "root"
    return {int(path.name): path for part in ("test", "train") for path in (root / part).iterdir()}


@pytest.fixture(scope="module")
def stays(written):
    return pandas.read_csv(written.medmod / "data_full" / "root" / "all_stays.csv", parse_dates=DATES)


def test_whoever_is_asked_about_has_a_folder_and_some_others(rows, folders):
    asked = {int(row["subject_id"]) for row in rows if row["source_benchmark"] == MEDMOD}
    assert asked < set(folders) and len(folders) == SIZE.patients[MEDMOD] + SIZE.bystanders


def test_folders_hold_what_medmod_writes(folders):
    allowed = CATALOGUES["medmod"].tables
    for folder in folders.values():
        assert ",".join(header(folder / "stays.csv")) == STAYS
        events = header(folder / "events.csv")
        assert tuple(events) == allowed["events"].column_names
        assert header(folder / "diagnoses.csv")[-2:] == ["HCUP_CCS_2015", "USE_IN_BENCHMARK"]
        number = len(pandas.read_csv(folder / "stays.csv"))
        for episode in range(1, number + 1):
            assert header(folder / f"episode{episode}.csv")[0] == "Icustay"
            assert header(folder / f"episode{episode}_timeseries.csv")[:2] == ["Hours", "Capillary refill rate"]


def test_the_allow_list_of_stays_is_in_the_files(folders):
    table = CATALOGUES["medmod"].tables["stays"]
    needed = {column.name for column in table.columns if column.name not in table.optional}
    assert needed <= set(STAYS.split(","))


def test_one_stay_an_admission_and_its_events_only(stays, folders):
    assert not stays["hadm_id"].duplicated().any() and not stays["stay_id"].duplicated().any()
    forms = set()
    for subject_id, folder in folders.items():
        events = pandas.read_csv(folder / "events.csv", dtype=str, keep_default_na=False)
        mine = stays[stays["subject_id"] == subject_id]
        pairs = set(zip(mine["hadm_id"], mine["stay_id"], strict=True))
        ids = events[["hadm_id", "stay_id"]].drop_duplicates()
        forms |= set(ids["hadm_id"].str.contains(".", regex=False))
        found = {(int(float(hadm)), int(float(stay))) for hadm, stay in ids.itertuples(index=False)}
        assert found <= pairs and set(events["subject_id"]) == {str(subject_id)}
    assert forms == {True, False}  # as pandas leaves them: decimal where a cell was empty


def test_mortality_is_by_medmod_s_rule(stays):
    by_day = stays["dod"].between(stays["admittime"], stays["dischtime"])
    by_time = stays["deathtime"].between(stays["admittime"], stays["dischtime"])
    assert (stays["mortality"] == (by_day | by_time).astype(int)).all()
    assert (stays["mortality_inhospital"] == stays["mortality"]).all()
    in_unit = stays["dod"].between(stays["intime"], stays["outtime"])
    in_unit |= stays["deathtime"].between(stays["intime"], stays["outtime"])
    assert (stays["mortality_inunit"] == in_unit.astype(int)).all()


def all_lists(written, name):
    files = sorted((written.medmod / "mml-ssl-full" / name).glob("*_listfile.csv"))
    assert [path.name for path in files] == ["test_listfile.csv", "train_listfile.csv", "validate_listfile.csv"]
    return pandas.concat([pandas.read_csv(path) for path in files])


def test_decompensation_is_asked_every_hour_and_answered_by_the_time_of_death(written, stays):
    listed = all_lists(written, "decompensation").merge(stays, on="stay_id")
    assert (listed["period_length"] > 4).all() and (listed["period_length"] % 1 == 0).all()
    assert (listed["period_length"] <= 24 * listed["los"] + 1e-6).all()
    lived = (listed["deathtime"] - listed["intime"]).dt.total_seconds() / 3600
    expected = (listed["mortality"] == 1) & (lived - listed["period_length"] < 24)
    assert (listed["y_true"] == expected.astype(int)).all()
    assert set(listed["y_true"]) == {0, 1}


def test_in_hospital_mortality_is_asked_of_stays_of_two_days(written, stays):
    listed = all_lists(written, "in-hospital-mortality")
    assert set(listed["period_length"]) == {0}
    assert set(listed["stay_id"]) == set(stays[24 * stays["los"] >= 48]["stay_id"])
    labels = listed.merge(stays, on="stay_id")
    assert (labels["y_true"] == labels["mortality"]).all()


def test_phenotypes_are_the_groups_of_the_diagnoses(written, stays, folders):
    listed = all_lists(written, "phenotyping").set_index("stay_id")
    assert list(listed.columns) == ["stay", "period_length", *sorted(PHENOTYPES)]
    assert set(listed.index) == set(stays["stay_id"])
    for folder in folders.values():
        diagnoses = pandas.read_csv(folder / "diagnoses.csv", dtype={"icd_code": str})
        used = diagnoses[diagnoses["USE_IN_BENCHMARK"] == 1]
        assert set(used["HCUP_CCS_2015"]) <= set(PHENOTYPES)
        for stay_id in diagnoses["stay_id"].unique():
            groups = set(used[used["stay_id"] == stay_id]["HCUP_CCS_2015"])
            assert groups == {name for name in PHENOTYPES if listed.loc[stay_id, name] == 1}


def test_label_tables_lie_beside_the_folders(written, stays):
    root = written.medmod / "data_full" / "root"
    assert header(root / "phenotype_labels.csv") == sorted(PHENOTYPES)
    assert len(pandas.read_csv(root / "phenotype_labels.csv")) == len(stays)
    assert header(root / "all_diagnoses.csv")[-1] == "stay_id"
    split = pandas.read_csv(written.medmod / "mimic-cxr-ehr-split.csv")
    assert set(split.columns) == {"dicom_id", "study_id", "subject_id", "split"}
    assert set(split["subject_id"]) == set(stays["subject_id"])


def test_charts_and_results_bear_on_death(written, stays, folders):
    """The hearts of the dying beat faster: what a model of the record can find at all."""
    rates = {0: [], 1: []}
    for folder in folders.values():
        for episode in sorted(folder.glob("episode?_timeseries.csv")):
            died = pandas.read_csv(folder / episode.name.replace("_timeseries", ""))["Mortality"][0]
            rates[int(died)].append(pandas.read_csv(episode)["Heart Rate"].mean())
    means = {died: pandas.Series(values).mean() for died, values in rates.items()}
    assert means[1] > means[0] + 8
