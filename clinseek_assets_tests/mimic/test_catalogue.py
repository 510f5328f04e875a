"""The catalogue against what MIMIC's documentation fixes."""

import pytest

from clinseek_assets.mimic.catalogue import DICTIONARIES, MODULES, PATIENT_TABLES, TABLES
from clinseek_assets.mimic.tables import ColumnType, columns


def test_it_holds_the_41_tables_of_four_modules():
    per_module = {module: sum(table.module == module for table in TABLES.values()) for module in MODULES}
    assert per_module == {"ed": 6, "hosp": 22, "icu": 9, "note": 4}
    assert len(PATIENT_TABLES) == 34
    assert sorted(DICTIONARIES) == [
        "caregiver", "d_hcpcs", "d_icd_diagnoses", "d_icd_procedures", "d_items", "d_labitems", "provider",
    ]  # fmt: skip


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_what_an_entry_names_is_among_its_columns(table):
    named = {*table.key, *(name for group in table.indexes for name in group)}
    named |= {name for label in table.labels for name in label.columns}
    named |= {table.event_time} if table.event_time else set()
    assert named <= set(table.column_names)
    for label in table.labels:
        assert label.title in TABLES[label.dictionary].column_names
        assert not TABLES[label.dictionary].of_patients


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_ids_have_one_type_everywhere(table):
    for column in table.columns:
        if column.name in ("subject_id", "hadm_id", "stay_id", "itemid"):
            assert column.type is ColumnType.INTEGER
        if column.name in ("ndc", "gsn", "icd_code", "poe_id", "emar_id", "note_id"):
            assert column.type is ColumnType.TEXT, "codes keep their leading zeros"


def test_a_block_is_read_line_by_line():
    first, second = columns("""
        hadm_id  integer!  the hospital stay
        ndc      text
    """)
    assert (first.name, first.type, first.required, first.description) == (
        "hadm_id", ColumnType.INTEGER, True, "the hospital stay",
    )  # fmt: skip
    assert (second.required, second.description) == (False, "")
