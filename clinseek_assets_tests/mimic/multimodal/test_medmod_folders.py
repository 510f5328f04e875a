"""MedMod's folders: the right patients, the right stays, nothing of an outcome, and no patient named in a message."""

from datetime import datetime

import pyarrow.parquet as pq
import pytest

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import CATALOGUES
from clinseek_assets.mimic.multimodal.dataset_files import find_medmod_subjects
from clinseek_assets.mimic.multimodal.medmod_folders import extract_subject_files, find_subject_files, stays_named
from clinseek_assets_tests.mimic.multimodal.trees import a_question, csv_of, event, lay_subject, stay, write

EVENTS, STAYS = (CATALOGUES["medmod"].tables[name] for name in ("events", "stays"))
PATIENT, OTHER, THIRD = 19990001, 19990002, 19990003


def extracted(table, root, stays, folder):
    found = find_subject_files(table, find_medmod_subjects(root), stays)
    result = extract_subject_files(found, stays, folder / f"{table.name}.parquet")
    return pq.read_table(result.path), result


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "medmod"
    lay_subject(
        root,
        PATIENT,
        [stay(PATIENT, 1, 11), stay(PATIENT, 2, 12)],
        [event(PATIENT, 1, 11), event(PATIENT, 2, 12), event(PATIENT, 1, 11, valuenum="", value="x, y")],
    )
    lay_subject(root, OTHER, [stay(OTHER, 3, 13)], [{**event(OTHER, 3, 13), "stay_id": ""}], part="train")
    lay_subject(root, THIRD, [stay(THIRD, 4, 14)], [event(THIRD, 4, 14)], part="train")
    lay_subject(root, THIRD, [stay(THIRD, 5, 15)], [event(THIRD, 5, 15)], part="test")
    return root


def test_only_the_stays_that_questions_name_are_kept_and_all_where_none_is(tree, tmp_path):
    rows, result = extracted(EVENTS, tree, {PATIENT: frozenset({11}), OTHER: frozenset()}, tmp_path)
    assert rows.column_names == [*EVENTS.column_names, "source_row"]
    assert [(row["subject_id"], row["stay_id"], row["source_row"]) for row in rows.to_pylist()] == [
        (PATIENT, 11, 1),
        (PATIENT, 11, 3),
        (OTHER, None, 1),
    ]
    assert rows["valuenum"].to_pylist() == [88.0, None, 88.0]
    assert rows["value"].to_pylist()[1] == "x, y"
    assert (result.rows, result.patients, result.reused) == (3, 2, False)
    rows, _ = extracted(STAYS, tree, {PATIENT: frozenset({11, 12}), OTHER: frozenset()}, tmp_path)
    assert rows["stay_id"].to_pylist() == [11, 12, 13]


def test_no_outcome_of_a_stay_is_read(tree, tmp_path):
    rows, result = extracted(STAYS, tree, {PATIENT: frozenset({11})}, tmp_path)
    assert rows.column_names == [*STAYS.column_names, "source_row"]
    assert not set(rows.column_names) & {"outtime", "los", "dischtime", "deathtime", "dod", "mortality"}
    (row,) = rows.to_pylist()
    assert row["race"] is None and row["ethnicity"] == "1" and row["intime"] == datetime(2150, 6, 1, 10)
    assert any("no column race" in notice and "(1 files)" in notice for notice in result.notices)
    assert "SECRET" not in str(rows.to_pydict())


def test_test_comes_before_train(tree, tmp_path):
    rows, _ = extracted(STAYS, tree, {THIRD: frozenset()}, tmp_path)
    assert rows["stay_id"].to_pylist() == [15]


def test_patients_without_a_folder_are_counted_and_not_named(tree, tmp_path):
    missing = [19995555, 19995556]
    with pytest.raises(SourceFault) as raised:
        extracted(STAYS, tree, dict.fromkeys([PATIENT, *missing], frozenset()), tmp_path)
    assert "2 of 3 patients" in str(raised.value)
    assert not any(str(subject) in str(raised.value) for subject in (PATIENT, *missing))
    assert not (tmp_path / "stays.parquet").exists()


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: text.replace("220045", "heart"), "record 1, column itemid: the cell is not a whole number"),
        (lambda text: text.replace("11:00:00", "25:00:00"), "record 1, column charttime: the cell is not a time"),
        (lambda text: text.replace("itemid", "item"), "the header lacks the column itemid"),
        (lambda text: text[:-1], "the last record has no line end"),
        (lambda text: text + "1,2\n", "record 4 has 2 fields where the header has 7"),
        (lambda text: text.replace(f"\n{PATIENT}", f"\n{OTHER}", 1), "record 1 is of another patient"),
        (lambda text: "", "the file is empty"),
    ],
)
def test_damage_is_named_by_record_and_the_patient_is_not(tree, tmp_path, damage, told):
    folder = tree / "data_full" / "root" / "test" / str(PATIENT)
    text = (folder / "events.csv").read_text()
    write(folder / "events.csv", damage(text))
    with pytest.raises(SourceFault) as raised:
        extracted(EVENTS, tree, {PATIENT: frozenset({11}), THIRD: frozenset()}, tmp_path)
    assert told in str(raised.value) and "patient 1 of 2 by subject_id" in str(raised.value)
    assert str(PATIENT) not in str(raised.value)
    assert not (tmp_path / "events.parquet").exists()


def test_a_second_run_reads_nothing_until_a_file_or_a_stay_changes(tree, tmp_path):
    stays = {PATIENT: frozenset({11})}
    assert not extracted(EVENTS, tree, stays, tmp_path)[1].reused
    assert extracted(EVENTS, tree, stays, tmp_path)[1].reused
    assert not extracted(EVENTS, tree, {PATIENT: frozenset({12})}, tmp_path)[1].reused
    folder = tree / "data_full" / "root" / "test" / str(PATIENT)
    write(folder / "events.csv", csv_of([event(PATIENT, 2, 12)] * 5))
    rows, result = extracted(EVENTS, tree, {PATIENT: frozenset({12})}, tmp_path)
    assert not result.reused and rows.num_rows == 5
    assert any("4 record(s) have the same cells" in notice for notice in result.notices)


def test_compressed_files_are_read_as_well(tree, tmp_path):
    folder = tree / "data_full" / "root" / "test" / str(PATIENT)
    write(folder / "events.csv.gz", (folder / "events.csv").read_text())
    (folder / "events.csv").unlink()
    assert extracted(EVENTS, tree, {PATIENT: frozenset()}, tmp_path)[0].num_rows == 3


def test_stays_are_those_of_all_questions_of_a_patient():
    questions = [
        a_question("medmod_decompensation_test_11_25.0", PATIENT, stay_id=11),
        a_question("medmod_phenotyping_test_12_41.25", PATIENT, stay_id=12),
        a_question("medmod_radiology_test_51", PATIENT, stay_id=None),
        a_question("medmod_radiology_test_52", OTHER, stay_id=None),
    ]
    assert stays_named(questions) == {PATIENT: {11, 12}, OTHER: set()}
