"""`run_sql_query`: what the record answers and refuses, in pages."""

from __future__ import annotations

import pytest

from clinseek_assets.records.pinned.limits import Limits
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets_tests.records.pinned.lives import BASE, at
from clinseek_assets_tests.records.tools.test_pages import pages

EVENTS = [
    {"charttime": at(-number - 1), "storetime": at(-1), "itemid": 220045, "valuenum": number / 2}
    for number in range(1_500)
]
LIFE = {**BASE, "chartevents": EVENTS}


def ask(call, statement, **options):
    return call(LIFE, **options)("run_sql_query", sql_query=statement)


def test_numbers_compare_as_numbers_and_missing_is_null(call):
    reply = ask(
        call, "SELECT count(*) AS n, max(valuenum) AS most FROM chartevents WHERE valuenum > 9 AND warning IS NULL"
    )
    assert parse_table(reply.text) == [{"n": "1481", "most": "749.5"}]


def test_labels_are_there_to_be_read(call):
    reply = ask(call, "SELECT label, count(*) AS n FROM chartevents GROUP BY label")
    assert parse_table(reply.text) == [{"label": "Heart Rate", "n": "1500"}]


def test_the_rows_that_were_taken_come_in_pages_and_the_cut_is_told_on_each(call):
    tool = call(LIFE)
    statement = "SELECT valuenum FROM chartevents ORDER BY valuenum"
    texts = list(pages(tool, "run_sql_query", sql_query=statement))
    assert len(texts) == 10
    assert all("LIMIT 1000 OFFSET 1000" in text for text in texts)
    rest = list(pages(tool, "run_sql_query", sql_query=f"{statement} LIMIT 1000 OFFSET 1000"))
    assert not any("OFFSET" in text for text in rest)
    found = [float(row["valuenum"]) for text in (*texts, *rest) for row in parse_table(text)]
    assert found == [number / 2 for number in range(1_500)]


def test_no_rows_is_no_error(call):
    reply = ask(call, "SELECT itemid, label FROM chartevents WHERE itemid = 1")
    assert reply.problem is None and "no rows" in reply.text and "itemid, label" in reply.text


def test_columns_of_one_name_are_told_apart(call):
    reply = ask(call, "SELECT a.subject_id, b.subject_id FROM patients a, patients b")
    assert parse_table(reply.text) == [{"subject_id": "10000032", "subject_id (2)": "10000032"}]


@pytest.mark.parametrize(
    ("statement", "problem", "told"),
    [
        ("SELECT sodium FROM chartevents", "refused", "The columns of chartevents are"),
        ("SELECT * FROM labs", "refused", "The tables are"),
        ("SELECT * FROM src.patients", "not_found", "without a schema"),
        ("SELEC 1", "refused", "SELECT, WITH or VALUES"),
        ("DROP TABLE patients", "refused", "only be read"),
        ("SELECT 1; SELECT 2", "refused", "one statement"),
        ("SELECT load_extension('x')", "refused", "load_extension"),
        ("SELECT * FROM labevents_candidates", "refused", "no table labevents_candidates"),
        ("SELECT dod FROM patients", "refused", "no column dod"),
    ],
)
def test_what_is_refused_is_told_in_words(call, statement, problem, told):
    reply = ask(call, statement)
    assert reply.problem == problem and told in reply.text


def test_a_statement_past_its_deadline_is_told(call):
    endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    reply = ask(call, endless, limits=Limits(seconds=0.05))
    assert reply.problem == "deadline" and "0.05 s" in reply.text


def test_a_tool_past_its_deadline_is_told_too(call):
    tool = call(LIFE, limits=Limits(seconds=0.0))
    assert tool("get_records_by_keyword", table_name="chartevents", keyword="x").problem == "deadline"
