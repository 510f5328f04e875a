"""Every column says what it means, and says the same of the same thing."""

import re

import pytest

from clinseek_assets.mimic.catalogue import TABLES


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_is_described(table):
    for column in table.columns:
        assert len(column.description) >= 5, f"{table.name}.{column.name}"
        assert not column.description.endswith((".", " ")) or column.description.endswith("...")
        assert column.description.lower() != column.name.replace("_", " ")


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tables_and_columns_that_a_description_names_exist(table):
    names = set(TABLES) | set(table.column_names)
    for column in table.columns:
        for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", column.description):
            if word not in ("exam_name", "exam_code", "parent_note_id"):  # values of field_name
                assert word in names, f"{table.name}.{column.name} speaks of {word}"


def test_units_that_the_documentation_fixes():
    for name in ("triage", "vitalsign"):
        table = TABLES[name]
        for column, unit in {"temperature": "Fahrenheit", "sbp": "mmHg", "dbp": "mmHg", "o2sat": "percent"}.items():
            assert unit in table.column(column).description
    assert "days" in TABLES["icustays"].column("los").description
    assert "kg" in TABLES["inputevents"].column("patientweight").description
    assert "91" in TABLES["patients"].column("anchor_age").description
