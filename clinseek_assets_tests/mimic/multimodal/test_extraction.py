"""What is extracted of the multimodal sources is the allow-list, whatever else a file has, and never an answer."""

import csv
import io
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinseek_assets.faults import SourceFault
from clinseek_assets.mimic.catalogue import CATALOGUES, CXR_TABLES, TABLES
from clinseek_assets.mimic.cell_types import typed_column
from clinseek_assets.mimic.extraction import extract_table
from clinseek_assets.mimic.multimodal.dataset_files import DatasetRoots, find_cxr_lists, find_ehrxqa_tables
from clinseek_assets.mimic.multimodal.study_paths import STUDY_PATHS
from clinseek_assets.mimic.source_files import SourceFile
from clinseek_assets_tests.mimic.multimodal.trees import (
    METADATA_COLUMNS,
    chexpert,
    csv_of,
    image,
    lay_cxr_lists,
    record_of,
    write,
)

EHRXQA = CATALOGUES["ehrxqa"].tables
# What EHRXQA's label table and patients' dates of death are called, and other columns that tell an answer.
ANSWERS = ("dod", "object", "relation", "attribute", "category", "ct_ratio", "mt_ratio", "studyorder", "deathtime")


def extract(table, text, folder, **options):
    path = write(Path(folder) / f"{table.name}.csv", text)
    return extract_table(SourceFile(table, path), {1, 3}, Path(folder) / "out" / f"{table.name}.parquet", **options)


@st.composite
def builds(draw):
    """A table of EHRXQA as some build wrote it: with more columns, fewer optional ones, in any order."""
    table = EHRXQA[draw(st.sampled_from(sorted(EHRXQA)))]
    kept = [name for name in table.column_names if name not in table.optional or draw(st.booleans())]
    more = draw(st.lists(st.sampled_from([*ANSWERS, "note", "Unnamed: 0"]), unique=True, max_size=4))
    records = []
    for number in range(draw(st.integers(0, 6))):
        own = {
            "subject_id": draw(st.sampled_from(["1", "2", "3", "3.0"])),
            "row_id": str(number),
            "itemid": str(number),
        }
        own |= {name: str(number) for name in ("icd_code", "study_id", "hadm_id", "stay_id", "transfer_id")}
        record = record_of(table, **{name: cell for name, cell in own.items() if name in table.column_names})
        records.append({**record, **dict.fromkeys(more, "LEAK")})
    return table, records, draw(st.permutations([*kept, *more]))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(builds())
def test_any_build_of_ehrxqa_yields_the_allow_list_and_nothing_else(build):
    table, records, header = build
    with TemporaryDirectory() as folder:
        derive = STUDY_PATHS if table.name == "tb_cxr" else None
        extracted = extract(
            table, csv_of(records, header) if records else ",".join(header) + "\n", folder, derive=derive
        )
        rows = pq.read_table(extracted.path)
    assert rows.column_names == [*table.column_names, "source_row"]
    wanted = [r for r in records if not table.of_patients or r["subject_id"] in ("1", "3", "3.0")]
    assert rows.num_rows == len(wanted)
    told = rows.to_pylist()
    assert "LEAK" not in str(told)
    for row in told:
        absent = set(table.column_names) - set(header) - {"image_path", "report_path"}
        assert all(row[name] is None for name in absent)
    if table.name == "tb_cxr":
        for row in told:
            study = f"p{row['subject_id']}/p{row['subject_id']}/s{row['study_id']}"
            assert row["image_path"] == f"mimic-cxr/2.0.0/files/{study}/text.jpg"
            assert row["report_path"] == f"mimic-cxr/2.0.0/mimic-cxr-reports/files/{study}.txt"


@settings(max_examples=25, deadline=None)
@given(st.permutations(METADATA_COLUMNS), st.lists(st.sampled_from(ANSWERS), unique=True, max_size=3))
def test_any_order_and_any_further_column_of_the_metadata_list(header, more):
    rows = [image("a", 1, 51), image("b", 2, 52), image("c", 1, 53)]
    with TemporaryDirectory() as folder:
        text = csv_of([{**row, **dict.fromkeys(more, "LEAK")} for row in rows], [*header, *more])
        extracted = extract(CXR_TABLES["metadata"], text, folder)
        table = pq.read_table(extracted.path)
    assert table.column_names == [*CXR_TABLES["metadata"].column_names, "source_row"]
    assert table["source_row"].to_pylist() == [1, 3]
    assert table["StudyTime"].to_pylist() == [133000.25, 133000.25]


def test_no_table_with_answers_is_found_at_all(tmp_path):
    for name in [*EHRXQA, "tb_cxr_plus", "tb_label", "object_attribute"]:
        write(tmp_path / "database" / "gold" / f"{name}.csv", "x\n")
    assert set(find_ehrxqa_tables(tmp_path).files) == set(EHRXQA)


def test_whole_numbers_as_pandas_writes_them(tmp_path):
    table = EHRXQA["labevents"]
    records = [
        record_of(table, subject_id="1.0", hadm_id=cell, row_id=str(n)) for n, cell in enumerate(["29990001.0", ""])
    ]
    rows = pq.read_table(extract(table, csv_of(records), tmp_path).path).to_pylist()
    assert [row["hadm_id"] for row in rows] == [29990001, None]
    with pytest.raises(SourceFault, match="record 1, column hadm_id: the cell is not a whole number"):
        extract(table, csv_of([record_of(table, subject_id="1", hadm_id="29990001.5")]), tmp_path)


def test_rows_are_sorted_by_patient_and_record(tmp_path):
    table = EHRXQA["admissions"]
    records = [record_of(table, subject_id=s, row_id=str(n), hadm_id=str(n)) for n, s in enumerate("31213")]
    rows = pq.read_table(extract(table, csv_of(records), tmp_path).path).to_pylist()
    assert [(row["subject_id"], row["source_row"]) for row in rows] == [(1, 2), (1, 4), (3, 1), (3, 5)]


def test_a_row_id_that_stands_twice_is_a_fault_and_equal_rows_without_one_are_kept(tmp_path):
    table = EHRXQA["labevents"]
    record = record_of(table, subject_id="1", row_id="7")
    with pytest.raises(
        SourceFault, match=r"record 2 has the row_id of an earlier record.*EHRXQA has no such duplicates"
    ):
        extract(table, csv_of([record, record]), tmp_path)
    without = [name for name in table.column_names if name != "row_id"]
    extracted = extract(table, csv_of([record, record], without), tmp_path)
    assert extracted.rows == 2
    assert "no column row_id" in extracted.notices[0] and "1 record(s) have the same cells" in extracted.notices[1]


@pytest.mark.parametrize("cell", ["", "a/b", "../x", "a b"])
def test_an_image_that_has_no_name_is_a_fault(tmp_path, cell):
    record = record_of(EHRXQA["tb_cxr"], subject_id="1", image_id=cell)
    with pytest.raises(SourceFault, match="record 1, column image_id"):
        extract(EHRXQA["tb_cxr"], csv_of([record]), tmp_path, derive=STUDY_PATHS)


def test_a_second_run_reads_nothing_and_another_rule_of_paths_reads_again(tmp_path):
    text = csv_of([record_of(EHRXQA["tb_cxr"], subject_id="1")])
    assert not extract(EHRXQA["tb_cxr"], text, tmp_path).reused
    source = SourceFile(EHRXQA["tb_cxr"], tmp_path / "tb_cxr.csv")
    destination = tmp_path / "out" / "tb_cxr.parquet"
    assert extract_table(source, {1, 3}, destination).reused
    assert not extract_table(source, {1, 3}, destination, derive=STUDY_PATHS).reused
    assert extract_table(source, {1, 3}, destination, derive=STUDY_PATHS).reused


def test_the_lists_of_the_images_are_read_as_published(tmp_path):
    root = lay_cxr_lists(
        tmp_path / "jpg",
        [image("a-1", 1, 51), image("b-2", 2, 52)],
        [chexpert(1, 51, Edema=1.0, No_Finding=-1.0), chexpert(2, 52)],
    )
    sources = find_cxr_lists(DatasetRoots(mimic_cxr_jpg=root)).files
    for name, source in sources.items():
        extracted = extract_table(source, {1}, tmp_path / f"{name}.parquet")
        assert (extracted.rows, extracted.patients) == (1, 1)
    row = next(csv.DictReader(io.StringIO(csv_of([chexpert(1, 51, Edema=1.0, No_Finding=-1.0)]))))
    (kept,) = pq.read_table(tmp_path / "chexpert.parquet").to_pylist()
    assert kept["Edema"] == float(row["Edema"]) and kept["No Finding"] == -1.0 and kept["Fracture"] is None


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(-(2**53) + 1, 2**53 - 1), min_size=1, max_size=5), st.sampled_from(["", ".0", ".00"]))
def test_any_whole_number_is_read_exactly_however_it_ends(numbers, ending):
    column = EHRXQA["labevents"].column("hadm_id")
    cells = pa.array([f"{number}{ending}" for number in numbers])
    read = typed_column(EHRXQA["labevents"], column, cells, pa.array(range(1, len(numbers) + 1)), "file")
    assert read.to_pylist() == numbers


@pytest.mark.parametrize("cell", ["1.5", "1e3", "nan", "inf", "0x10", "9007199254740993.0", " 1.0", "1.0.0", "."])
def test_what_is_no_whole_number_is_a_fault(cell):
    table = EHRXQA["labevents"]
    with pytest.raises(SourceFault, match="record 8, column hadm_id: the cell is not a whole number"):
        typed_column(table, table.column("hadm_id"), pa.array(["7.0", cell]), pa.array([7, 8]), "file")


def test_mimic_iv_s_own_files_are_read_as_strictly_as_before():
    table = TABLES["labevents"]
    with pytest.raises(SourceFault, match="not a whole number"):
        typed_column(table, table.column("hadm_id"), pa.array(["7.0"]), pa.array([1]), "file")
