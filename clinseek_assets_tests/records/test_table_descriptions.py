"""Descriptions and links in the form that the published reader takes: a JSON object a line, no blank line."""

import json

from clinseek_assets.mimic.catalogue import TABLES
from clinseek_assets.records.candidate_tables import MEANINGS
from clinseek_assets.records.derived_columns import DERIVED_COLUMNS
from clinseek_assets.records.table_descriptions import build_table_descriptions


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]


def test_every_table_and_column_of_the_databases_is_described(tmp_path):
    described, _ = build_table_descriptions(tmp_path / "table_description")
    assert described.name == "shorten_description.json"
    tables = {line["file_name"]: line for line in lines(described)}
    assert set(tables) == set(TABLES) | set(MEANINGS)
    for name, table in TABLES.items():
        columns = [column["column_name"] for column in tables[name]["columns"]]
        assert columns == [*table.column_names, *([DERIVED_COLUMNS[name].name] if name in DERIVED_COLUMNS else [])]
        assert tables[name]["class"] == table.module
    for line in tables.values():
        assert set(line) == {"file_name", "class", "description", "columns"}
        assert all(column["description"] for column in line["columns"])


def test_a_link_can_be_joined_as_the_published_reader_joins(tmp_path):
    _, linked = build_table_descriptions(tmp_path)
    assert linked.name == "link_information.json"
    found = lines(linked)
    assert {"table_name": "labevents", "link_table": "d_labitems", "link_column": "itemid"} in found
    assert {"table_name": "chartevents", "link_table": "d_items", "link_column": "itemid"} in found
    for link in found:
        assert link["link_column"] in TABLES[link["table_name"]].column_names
        assert TABLES[link["link_table"]].key == (link["link_column"],), "else the join would multiply rows"


def test_files_that_say_the_same_stay_as_they_are_and_damaged_ones_are_mended(tmp_path):
    files = build_table_descriptions(tmp_path)
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in files]
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in build_table_descriptions(tmp_path)] == before
    files[0].write_text("{")
    build_table_descriptions(tmp_path)
    assert files[0].read_bytes() == before[0][0]
