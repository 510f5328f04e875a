"""Databases of EHRXQA's and MedMod's patients: the allow-list and nothing else, whatever the source files hold."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.benchmark.vocabularies import CHEXPERT_LABELS, PHENOTYPES
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets.records.dataset_references import build_ehrxqa_reference, build_medmod_reference
from clinseek_assets.records.patient_databases import build_patient_databases, database_path
from clinseek_assets.records.pinned.kinds import KINDS
from clinseek_assets_tests.mimic.multimodal.trees import csv_of, record_of, write
from clinseek_assets_tests.records.extracted import extracted
from clinseek_assets_tests.records.pinned.dataset_lives import DATASETS

PATIENT = 19990001
CANARY = "CANARY-7731"
# Columns of the sources that tell an answer, by dataset, and tables that do nothing else.
ANSWERS = {
    "ehrxqa": ("dod", "object", "relation", "attribute", "category", "ct_ratio", "mt_ratio", "deathtime"),
    "medmod": (
        *("outtime", "los", "dischtime", "deathtime", "dod", "mortality", "mortality_inunit"),
        *("mortality_inhospital", "y_true", "period_length"),
    ),
}
ANSWERING_TABLES = ("tb_cxr_plus", "diagnoses", "phenotype_labels", "all_diagnoses", "chexpert", "listfile")


def source_of(folder: Path, dataset: str, name: str, header: list[str], more: list[str]) -> Path:
    """One extracted table, whose source file has these columns, those of `more` with a canary in them."""
    table = CATALOGUES[dataset].tables[name]
    record = record_of(table, subject_id=str(PATIENT), row_id="1", study_id="51", image_id="ab")
    text = csv_of([{**record, **dict.fromkeys(more, CANARY)}], header)
    file = write(folder / f"{name}.csv", text)
    return extract_table(SourceFile(table, file), {PATIENT}, folder / f"{name}.parquet").path


def dumped(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return "\n".join(database.iterdump())


@st.composite
def builds(draw):
    """A dataset, one of its tables as some build wrote it, and an answering table beside it."""
    dataset = draw(st.sampled_from(DATASETS))
    name = draw(st.sampled_from(sorted(CATALOGUES[dataset].patient_tables)))
    table = CATALOGUES[dataset].patient_tables[name]
    more = draw(st.lists(st.sampled_from([*ANSWERS[dataset], *CHEXPERT_LABELS, *PHENOTYPES]), unique=True, max_size=5))
    more = [column for column in more if column not in table.column_names]
    kept = [column for column in table.column_names if column not in table.optional or draw(st.booleans())]
    return dataset, name, draw(st.permutations([*kept, *more])), more, draw(st.sampled_from(ANSWERING_TABLES))


@settings(max_examples=25, deadline=None)
@given(builds())
def test_no_answer_reaches_a_database_whatever_the_source_files_hold(build):
    dataset, name, header, more, answering = build
    catalogue = CATALOGUES[dataset]
    with TemporaryDirectory() as at:
        folder = Path(at)
        parquet = source_of(folder, dataset, name, header, more)
        built = build_patient_databases(
            {name: parquet, answering: parquet}, [PATIENT], folder / "db", catalogue=catalogue
        )
        assert built.written == 1
        path = database_path(folder / "db", PATIENT)
        with closing(sqlite3.connect(path)) as database:
            tables = [table for (table,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            columns = {
                table: tuple(column[1] for column in database.execute(f'PRAGMA table_info("{table}")'))
                for table in tables
            }
            rows = {table: database.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}
        assert columns == {table.name: table.column_names for table in catalogue.patient_tables.values()}
        assert rows == {table: int(table == name) for table in tables}
        assert CANARY not in dumped(path)


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_allow_list_names_what_tells_an_answer(dataset):
    named = {column.casefold() for table in CATALOGUES[dataset].tables.values() for column in table.column_names}
    answers = {*ANSWERS[dataset], *CHEXPERT_LABELS, *PHENOTYPES}
    assert not {word.casefold() for word in answers} & named
    assert not set(CATALOGUES[dataset].tables) & set(ANSWERING_TABLES)


@pytest.mark.parametrize("dataset", DATASETS)
def test_values_are_typed_and_indexed_and_the_source_s_record_number_is_kept(tmp_path, dataset):
    name = {"ehrxqa": "labevents", "medmod": "events"}[dataset]
    table = CATALOGUES[dataset].tables[name]
    records = [record_of(table, subject_id=str(PATIENT), row_id=str(at), valuenum=str(at)) for at in (10, 2, 6)]
    file = write(tmp_path / f"{name}.csv", csv_of(records))
    parquet = extract_table(SourceFile(table, file), {PATIENT}, tmp_path / f"{name}.parquet").path
    build_patient_databases({name: parquet}, [PATIENT], tmp_path / "db", catalogue=CATALOGUES[dataset])
    with closing(sqlite3.connect(database_path(tmp_path / "db", PATIENT))) as database:
        over = database.execute(f"SELECT rowid, valuenum FROM {name} WHERE valuenum > 5 ORDER BY valuenum").fetchall()
        plan = database.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {name} WHERE itemid = 7").fetchall()
    assert over == [(3, 6.0), (1, 10.0)]
    assert f"{name}_by_itemid_charttime" in plan[0][3]


def test_databases_of_both_datasets_are_up_to_date_the_second_time(tmp_path):
    for dataset, name in (("ehrxqa", "tb_cxr"), ("medmod", "stays")):
        folder = tmp_path / dataset
        parquet = source_of(folder, dataset, name, list(CATALOGUES[dataset].tables[name].column_names), [])
        made = [
            build_patient_databases({name: parquet}, [PATIENT, 7], folder / "db", catalogue=CATALOGUES[dataset])
            for _ in range(2)
        ]
        assert [(one.written, one.up_to_date, one.without_rows) for one in made] == [(1, 0, 1), (0, 1, 1)]
        assert made[0].fingerprint == made[1].fingerprint


# --------------------------------------------------------------------------------------------------- dictionaries
def asked(path: Path, statement: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(statement).fetchall()


def test_ehrxqa_s_own_dictionaries_are_its_reference_database(tmp_path):
    tables = {}
    for name, cells in {
        "d_items": {"itemid": "220045", "label": "heart rate"},
        "d_icd_diagnoses": {"icd_code": "0389", "long_title": "septicemia"},
    }.items():
        table = CATALOGUES["ehrxqa"].tables[name]
        file = write(tmp_path / f"{name}.csv", csv_of([record_of(table, **cells)]))
        tables[name] = extract_table(SourceFile(table, file), None, tmp_path / f"{name}.parquet").path
    path = tmp_path / "reference.db"
    built = build_ehrxqa_reference(tables, path)
    assert asked(path, "SELECT itemid, label, typeof(itemid) FROM d_items") == [(220045, "heart rate", "integer")]
    assert asked(path, "SELECT icd_code, long_title FROM d_icd_diagnoses") == [("0389", "septicemia")]
    assert built.rows == {"d_items": 1, "d_icd_diagnoses": 1, "d_icd_procedures": 0, "d_labitems": 0}
    assert set(built.missing) == {"d_icd_procedures", "d_labitems"}
    assert set(built.rows) >= KINDS["ehrxqa"].dictionaries
    assert build_ehrxqa_reference(tables, path).up_to_date
    del tables["d_items"]
    assert not build_ehrxqa_reference(tables, path).up_to_date


def test_medmod_s_items_are_those_of_the_icu_and_of_the_laboratory(tmp_path):
    names = ("d_items", "d_labitems")
    tables = {
        name: path
        for name, path in extracted(
            tmp_path,
            {
                "d_items": [{"itemid": "220045", "label": "Heart Rate"}],
                "d_labitems": [{"itemid": "50971", "label": "Potassium"}],
            },
        ).items()
        if name in names
    }
    path = tmp_path / "reference.db"
    built = build_medmod_reference(tables, path)
    assert asked(path, "SELECT * FROM items ORDER BY itemid") == [
        (50971, "Potassium", "d_labitems"),
        (220045, "Heart Rate", "d_items"),
    ]
    assert built.missing == {} and build_medmod_reference(tables, path).up_to_date
    assert set(build_medmod_reference({}, tmp_path / "none.db").missing) == set(names)
    assert asked(tmp_path / "none.db", "SELECT count(*) FROM items") == [(0,)]
