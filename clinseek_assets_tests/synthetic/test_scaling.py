"""Scaled source tables: the release's rows as they were, other patients beside them, in MIMIC's order, no id twice."""

import gzip
import io
from pathlib import Path

import numpy
import polars
import pytest

from clinseek_assets.faults import Fault, SettingsFault
from clinseek_assets.mimic.catalogue import PATIENT_TABLES, TABLES
from clinseek_assets.synthetic.scaling import NUMBERS, TEXTS, population, write_scaled
from clinseek_assets.synthetic.sources import path_in

TIMES = 3
FEW = 40

Frames = dict[str, tuple[polars.DataFrame, polars.DataFrame]]


def cells(path: Path) -> polars.DataFrame:
    with gzip.open(path) as stream:
        return polars.read_csv(io.BytesIO(stream.read()), infer_schema=False)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """Table -> its cells in a release of few patients, and in the same release scaled."""
    from clinseek_assets.synthetic.sources import write_sources

    root = tmp_path_factory.mktemp("scaling")
    write_sources(root, patients=FEW, seed=7)
    own = cells(root / "mimic_iv" / "hosp" / "patients.csv.gz")["subject_id"].cast(int).to_list()
    people = population(own, TIMES)
    found = {}
    for name, table in PATIENT_TABLES.items():
        source, destination = path_in(root / "mimic_iv", table), path_in(root / "scaled", table)
        write_scaled(source, table, people, own, destination)
        assert records(source) <= records(destination), name  # the very bytes, quotes included
        found[name] = (cells(source), cells(destination))
    return found


def records(path: Path) -> set[bytes]:
    with gzip.open(path) as stream:
        return set(stream.read().split(b"\n"))


def own_and_others(frames: Frames, name: str) -> tuple[polars.DataFrame, polars.DataFrame]:
    own = frames["patients"][0]["subject_id"].implode()
    scaled = frames[name][1]
    return scaled.filter(polars.col("subject_id").is_in(own)), scaled.filter(~polars.col("subject_id").is_in(own))


@pytest.mark.parametrize("name", PATIENT_TABLES)
def test_the_release_s_rows_are_what_they_were_and_in_their_order(name, frames):
    own, others = own_and_others(frames, name)
    assert own.equals(frames[name][0])
    assert others.height == (TIMES - 1) * own.height > 0


@pytest.mark.parametrize("name", PATIENT_TABLES)
def test_rows_are_in_order_of_their_patients_and_keys_are_unique(name, frames):
    scaled = frames[name][1]
    assert scaled["subject_id"].cast(int).is_sorted()
    key = list(TABLES[name].key)
    assert scaled.select(key).n_unique() == TIMES * frames[name][0].select(key).n_unique()


@pytest.mark.parametrize("name", PATIENT_TABLES)
def test_no_id_of_the_release_s_own_is_another_patient_s(name, frames):
    own, others = own_and_others(frames, name)
    for column in {"subject_id", *NUMBERS, *TEXTS} & set(own.columns):
        assert not set(own[column].drop_nulls()) & set(others[column].drop_nulls()), column
        assert own[column].null_count() * (TIMES - 1) == others[column].null_count(), column
    names = set(own["subject_id"])
    for column in others.columns:
        begins = others[column].drop_nulls().str.extract(r"^(1\d{7})(?:-|$)", 1).drop_nulls()
        assert not set(begins) & names, column


@pytest.mark.parametrize("name", PATIENT_TABLES)
def test_every_other_column_has_the_distribution_that_it_had(name, frames):
    own, others = own_and_others(frames, name)
    for column in set(own.columns) - {"subject_id", *NUMBERS, *TEXTS}:
        once = own[column].value_counts().sort(column)
        again = others[column].value_counts().sort(column)
        assert again.with_columns(polars.col("count") // (TIMES - 1)).equals(once), column


@pytest.mark.parametrize(
    ("name", "column", "parent"),
    [
        ("labevents", "hadm_id", "admissions"),
        ("emar_detail", "emar_id", "emar"),
        ("prescriptions", "pharmacy_id", "pharmacy"),
        ("emar", "poe_id", "poe"),
        ("chartevents", "stay_id", "icustays"),
        ("triage", "stay_id", "edstays"),
        ("ingredientevents", "orderid", "inputevents"),
        ("radiology_detail", "note_id", "radiology"),
    ],
)
def test_ids_still_join_within_a_patient(name, column, parent, frames):
    pairs = ["subject_id", column]
    rows = frames[name][1].select(pairs).drop_nulls().unique()
    assert rows.join(frames[parent][1].select(pairs).unique(), on=pairs, how="anti").is_empty()


@pytest.mark.parametrize(("patients", "times"), [(40, 1), (40, 100), (2000, 100), (7, 33), (1, 5)])
def test_a_population_has_each_patient_as_often_as_the_scale_says(patients, times):
    own = [10_000_000 + 53 * place + place * 17 % 53 for place in range(patients)]
    people = population(own, times)
    assert len(set(people.subjects.tolist())) == len(people.subjects) == patients * times
    assert (numpy.diff(people.subjects) > 0).all()
    assert people.subjects[0] >= 10_000_000 and people.subjects[-1] < 20_000_000
    assert people.subjects[people.copies == 0].tolist() == own
    assert people.originals[people.copies == 0].tolist() == list(range(patients))
    pairs = set(zip(people.originals.tolist(), people.copies.tolist(), strict=True))
    assert pairs == {(original, copy) for original in range(patients) for copy in range(times)}


def test_the_release_s_patients_are_spread_over_the_files():
    own = list(range(10_000_000, 10_000_000 + 53 * 200, 53))
    places = numpy.flatnonzero(population(own, 20).copies == 0)
    assert numpy.diff(places).max() <= 2 * 20


def test_more_patients_than_ids_are_refused():
    with pytest.raises(SettingsFault, match="scale of at most 100,000"):
        population(list(range(10_000_000, 10_000_100)), 100_001)


def test_a_file_that_the_generator_did_not_write_is_refused_and_nothing_is_left(tmp_path):
    table = TABLES["services"]
    source = tmp_path / "services.csv.gz"
    text = "subject_id,hadm_id,transfertime,prev_service,curr_service\n2,1,2150-01-01 00:00:00,,MED\n1,1,,,MED\n"
    source.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(Fault, match="cannot be scaled"):
        write_scaled(source, table, population([1, 2], 2), [1, 2], tmp_path / "out" / "services.csv.gz")
    assert not list(tmp_path.glob("out/*"))
