"""Calls that are wrong in form: told in words, with one word for the record, and never an exception."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.faults import SourceFault
from clinseek_assets.records.tools.candidates import open_candidates
from clinseek_assets.records.tools.catalogue import SEMANTIC, TOOLS
from clinseek_assets.records.tools.descriptions import read_descriptions
from clinseek_assets.records.tools.ehr_tools import USUAL_CHARACTERS, tools_version
from clinseek_assets_tests.records.pinned.lives import BASE, T, at
from clinseek_assets_tests.records.tools.conftest import opener

PUBLISHED = {
    "load_ehr": "subject_id timestamp",
    "get_table_names": "subject_id",
    "get_column_names": "subject_id table_name",
    "get_table_description": "table_name",
    "get_unique_values": "subject_id table_name column_name",
    "get_records_by_time": "subject_id table_name start_time end_time",
    "get_event_counts_by_time": "subject_id start_time end_time",
    "get_latest_records": "subject_id table_name",
    "get_records_by_keyword": "subject_id table_name keyword",
    "get_records_by_value": "subject_id table_name column_name value",
    "run_sql_query": "subject_id sql_query",
    "get_candidates_by_keyword": "table_name keyword",
    "get_candidates_by_fuzzy_matching": "table_name keywords",
    "get_candidates_by_semantic_similarity": "table_name query",
    "think": "response",
    "finish": "response",
}
"""The published tools with their required parameters, in the published order."""
PROBLEMS = {None, "unknown_tool", "bad_arguments", "other_patient", "other_moment", "refused", "deadline", "not_found",
            "unavailable"}  # fmt: skip
NAMES = sorted({name for parameters in PUBLISHED.values() for name in parameters.split()} | {"page", "subject"})
PLAUSIBLE = st.sampled_from(
    [10000032, "10000032", "labevents", "discharge", "diagnoses_ccs_candidates", "itemid", "charttime", "NULL", "50801",
     str(T), "2150-06-10", "SELECT * FROM labevents", "SELECT text FROM discharge", "a", ["a", "b"], '["a"]', 1, 2, "2"]
)  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


def test_the_published_tools_with_their_parameters_are_offered_in_their_order(tools):
    specs = tools(BASE).specs
    assert [spec.name for spec in specs] == [f"ehr.{name}" for name in PUBLISHED if f"ehr.{name}" != SEMANTIC]
    assert len(TOOLS) == len(PUBLISHED) == 16
    for spec in specs:
        assert " ".join(spec.parameters["required"]) == PUBLISHED[spec.name[4:]]
        assert set(spec.parameters["properties"]) - set(spec.parameters["required"]) <= {"page"}
        assert all(one["description"].strip() for one in spec.parameters["properties"].values())
        assert len(spec.description) > 40 and json.dumps(spec.parameters)


def test_an_unknown_tool_is_told_with_those_that_are_there(tools):
    reply = tools(BASE).call("ehr.get_latest_record", {})
    assert reply.problem == "unknown_tool" and "Did you mean ehr.get_latest_records?" in reply.text
    assert "ehr.finish" in reply.text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "`subject_id` and `table_name` missing"),
        ({"subject_id": "10000032"}, "`table_name` missing"),
        ({"subject_id": "10000032", "table_name": None}, "`table_name` missing"),
        ({"subject_id": "10000032", "table": "labevents"}, "Did you mean table_name?"),
        ({"subject_id": "10000032", "table_name": "labevents", "limit": 5}, "no argument `limit`"),
        ({"subject_id": "10000032", "table_name": ["labevents"]}, "`table_name` has to be a text"),
        ({"subject_id": True, "table_name": "labevents"}, "`subject_id` has to be a text"),
        ({"subject_id": "10000032", "table_name": "  "}, "`table_name` has to be a text that is not empty"),
        ({"subject_id": "10000032", "table_name": "labevents", "page": 0}, "`page` has to be a whole number"),
        ({"subject_id": "10000032", "table_name": "labevents", "page": "two"}, "`page` has to be"),
        ({"subject_id": "10000032", "table_name": "labevents", "page": 1.5}, "`page` has to be"),
        ({"subject_id": "10000032", "table_name": "labevents", "page": True}, "`page` has to be"),
        ({"subject_id": "10000032", "table_name": "labevents", "page": "1e999"}, "`page` has to be"),
    ],
)
def test_wrong_arguments_are_told(tools, arguments, told):
    reply = tools(BASE).call("ehr.get_latest_records", arguments)
    assert reply.problem == "bad_arguments" and told in reply.text


@pytest.mark.parametrize("page", [1, "1", 1.0, "1.0", None])
def test_a_page_may_be_written_as_a_text(tools, page):
    assert (
        tools(BASE)
        .call("ehr.get_latest_records", {"subject_id": 10000032, "table_name": "labevents", "page": page})
        .problem
        is None
    )


@pytest.fixture(scope="module")
def some_tools(beside, tmp_path_factory):
    labs = [{"itemid": 50801, "charttime": at(-hours), "storetime": at(-hours)} for hours in range(1, 300)]
    note = {"charttime": at(-900), "storetime": at(-800), "text": "x|\n" * 20_000}
    life = {**BASE, "labevents": labs, "discharge": [{**note, "note_id": str(number)} for number in range(15)]}
    with ExitStack() as stack:
        yield opener(tmp_path_factory.mktemp("some"), beside, stack)(life)


@given(
    st.sampled_from([f"ehr.{name}" for name in PUBLISHED]),
    st.dictionaries(st.sampled_from(NAMES), PLAUSIBLE | ANYTHING, max_size=6),
)
def test_no_call_raises_and_no_reply_is_too_long(some_tools, name, arguments):
    """Also with the tool's own parameters filled in plausibly."""
    reply = some_tools.call(name, arguments)
    assert reply.problem in PROBLEMS and reply.text and len(reply.text) <= USUAL_CHARACTERS
    reply.text.encode("utf-8")


@given(st.data(), st.sampled_from(list(PUBLISHED)))
def test_no_plausible_call_raises_and_no_reply_is_too_long(some_tools, data, name):
    arguments = {one: data.draw(PLAUSIBLE) for one in PUBLISHED[name].split()}
    arguments |= {"subject_id": 10000032} if "subject_id" in arguments else {}
    reply = some_tools.call(f"ehr.{name}", arguments)
    assert reply.problem in PROBLEMS and reply.text and len(reply.text) <= USUAL_CHARACTERS


@given(st.text(max_size=8), st.dictionaries(st.text(max_size=5), ANYTHING, max_size=2))
def test_no_name_raises(some_tools, name, arguments):
    assert some_tools.call(name, arguments).problem == "unknown_tool"


def test_half_a_surrogate_pair_does_no_harm(some_tools):
    for name, arguments in (
        ("ehr.get_candidates_by_keyword", {"table_name": "diagnoses_ccs_candidates", "keyword": "\ud800é"}),
        ("ehr.get_records_by_keyword", {"subject_id": 10000032, "table_name": "labevents", "keyword": "\ud800"}),
        ("ehr.think", {"\ud800": 1}),
        ("ehr.\ud800", {}),
    ):
        some_tools.call(name, arguments).text.encode("utf-8")
    assert some_tools.call("ehr.finish", {"response": ["\ud800"]}).answers == ("?",)


# ------------------------------------------------------------------------------------------------------ think, finish
@pytest.mark.parametrize(
    ("response", "answers"),
    [
        (["yes"], ("yes",)),
        (["Sodium", " Potassium "], ("Sodium", " Potassium ")),
        ("yes", ("yes",)),
        ('["a", "b"]', ("a", "b")),
        ("[not a list", ("[not a list",)),
        ([1, 2.5], ("1", "2.5")),
        (["a", ""], ("a", "")),
    ],
)
def test_finish_gives_the_answers_as_they_were_written(tools, response, answers):
    reply = tools(BASE).call("ehr.finish", {"response": response})
    assert reply.problem is None and reply.answers == answers


@pytest.mark.parametrize(
    "response", [[], "", " ", [""], ["", " "], None, {}, {"a": 1}, [["a"]], [None], [True], "[]", "[null]"]
)
def test_finish_refuses_what_is_no_list_of_texts(tools, response):
    reply = tools(BASE).call("ehr.finish", {"response": response})
    assert reply.problem == "bad_arguments" and reply.answers is None


def test_thinking_looks_nothing_up_and_finishes_nothing(tools):
    reply = tools(BASE).call("ehr.think", {"response": "perhaps sepsis"})
    assert reply.problem is None and reply.answers is None and "sepsis" not in reply.text


# ---------------------------------------------------------------------------------------------------------- versions
def test_the_version_follows_what_shapes_replies(tools, beside, tmp_path):
    box = tools(BASE)
    candidates = open_candidates(beside / "candidates.db")
    told = read_descriptions(beside / "shorten_description.json")
    version = tools_version("strict", "mimic_iv", candidates=candidates, descriptions=told)
    assert box.version == tools(BASE).version == version
    versions = {box.version, tools(BASE, "compat").version, tools(BASE, characters=30_000).version}
    described = (beside / "shorten_description.json").read_text()
    (tmp_path / "shorten_description.json").write_text(described.replace("the patient", "the person"))
    told = read_descriptions(tmp_path / "shorten_description.json")
    versions.add(tools_version("strict", "mimic_iv", candidates=candidates, descriptions=told))
    assert len(versions) == 4


def test_missing_files_beside_the_record_are_faults(tmp_path):
    with pytest.raises(SourceFault):
        open_candidates(tmp_path / "none.db")
    described = tmp_path / "shorten_description.json"
    with pytest.raises(SourceFault):
        read_descriptions(described)
    described.write_text('{"file_name": "labevents"}\n')
    with pytest.raises(SourceFault, match="does not describe tables"):
        read_descriptions(described)


def test_a_reply_needs_room(tools):
    with pytest.raises(ValueError, match="characters"):
        tools(BASE, characters=100)


def test_a_later_question_of_the_patient_needs_no_other_moment(tools):
    """The moment is the pin's: a load at another one leaves the record as it was."""
    box = tools({**BASE, "labevents": [{"charttime": at(1), "storetime": at(1)}]})
    box.call("ehr.load_ehr", {"subject_id": 10000032, "timestamp": str(T + timedelta(days=2))})
    assert box.call("ehr.get_latest_records", {"subject_id": 10000032, "table_name": "labevents"}).text.startswith(
        "No rows"
    )
