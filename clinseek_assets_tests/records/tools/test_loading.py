"""Patient and moment are those of the question: what a model says of them is checked, never obeyed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clinseek_assets.records.tools.catalogue import PATIENT, TOOLS
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets_tests.records.pinned.lives import BASE, T, at
from clinseek_assets_tests.records.pinned.lives import PATIENT as SUBJECT

LIFE = {**BASE, "labevents": [{"itemid": 50801, "charttime": at(-5), "storetime": at(-4)} for _ in range(1204)]}


def test_load_ehr_lists_the_tables_with_their_visible_rows(call):
    life = {**LIFE, "chartevents": [{"charttime": at(5), "storetime": at(5)}]}
    reply = call(life)("load_ehr", timestamp=str(T))
    assert reply.problem is None
    rows = {row["table"]: (row["visible_rows"], row["time_column"]) for row in parse_table(reply.text)}
    assert rows == {"patients": ("1", None), "admissions": ("2", "admittime"), "labevents": ("1204", "charttime")}
    assert "chartevents" in reply.text.split("Without any row so far:")[1].split("\n")[0]
    assert "| transfers_candidates | 230 |" in reply.text


@pytest.mark.parametrize(
    "form", [str(T), T.isoformat(), f"{T.isoformat()}Z", f" {T} ", f"{T}.000", "2150-06-10 12:00", f"{T}+00:00"]
)
def test_the_moment_may_be_written_in_any_usual_form(call, form):
    assert call(BASE)("load_ehr", timestamp=form).problem is None


@pytest.mark.parametrize("moment", [T + timedelta(seconds=1), T - timedelta(seconds=1), T.date(), "2999-01-01"])
def test_another_moment_is_refused_and_the_pinned_one_is_told(call, moment):
    tool = call({**BASE, "chartevents": [{"charttime": at(1), "storetime": at(1)}]})
    reply = tool("load_ehr", timestamp=str(moment))
    assert reply.problem == "other_moment" and str(T) in reply.text
    assert tool("run_sql_query", sql_query="SELECT count(*) AS n FROM chartevents").text.endswith("| 0 |")


@pytest.mark.parametrize(
    "moment", ["", "now", "2150-13-01 00:00:00", "2150-06-10 25:00:00", "2150-06-10T12:00:00+02:00", "10/06/2150"]
)
def test_what_is_no_moment_is_told_so(call, moment):
    assert call(BASE)("load_ehr", timestamp=moment).problem == "bad_arguments"


@pytest.mark.parametrize(
    "form", [SUBJECT, str(SUBJECT), f" {SUBJECT} ", f"{SUBJECT}.0", float(SUBJECT), f"'{SUBJECT}'", f"0{SUBJECT}"]
)
def test_the_patient_may_be_written_in_any_usual_form(call, form):
    assert call(BASE)("get_table_names", subject_id=form).problem is None


@pytest.mark.parametrize(
    "stranger", [SUBJECT + 1, "10000033", str(SUBJECT)[:-1], f"{SUBJECT}.5", -SUBJECT, "patient", "*", f"{SUBJECT}0"]
)
def test_every_tool_refuses_another_patient(tools, stranger):
    box = tools(LIFE)
    filled = {"table_name": "labevents", "column_name": "itemid", "value": "1", "keyword": "a", "timestamp": str(T),
              "start_time": "2150-01-01", "end_time": "2151-01-01", "sql_query": "SELECT 1"}  # fmt: skip
    with_patient = [tool for tool in TOOLS if PATIENT in tool.parameters]
    assert len(with_patient) == 10
    for tool in with_patient:
        given = {one.name: filled[one.name] for one in tool.parameters if one.required and one is not PATIENT}
        assert box.call(tool.name, {**given, "subject_id": SUBJECT}).problem is None
        reply = box.call(tool.name, {**given, "subject_id": stranger})
        assert reply.problem == "other_patient" and str(SUBJECT) in reply.text and "|" not in reply.text


def test_compat_has_only_the_tables_with_rows(call):
    reply = call(LIFE, "compat")("get_table_names")
    assert reply.text.split("\n")[0] == "EHR Tables: admissions, labevents, patients"
