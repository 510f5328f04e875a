"""Candidate search by plain text and by likeness."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.records import sqlite_tables
from clinseek_assets.records.sqlite_tables import SqliteTable
from clinseek_assets.records.tools.candidates import Vocabulary, open_candidates, words_of
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets_tests.records.pinned.lives import BASE
from clinseek_assets_tests.records.tools.conftest import DIAGNOSES
from clinseek_assets_tests.records.tools.test_pages import pages

NAMES = sorted({name for _, _, name, *_ in DIAGNOSES})


def found(reply):
    return [row["candidate"] for row in parse_table(reply.text)]


def keyword(call, table, text, **options):
    return call(BASE)("get_candidates_by_keyword", table_name=table, keyword=text, **options)


def test_a_keyword_finds_each_name_once_the_shortest_first(call):
    assert found(keyword(call, "diagnoses_ccs_candidates", "UNSPECIFIED")) == [
        "Heart failure, unspecified",
        "Pneumonia, organism unspecified",
        "Pneumonia, unspecified organism",
        "Acute kidney failure, unspecified",
        "Unspecified essential hypertension",
        "Congestive heart failure, unspecified",
    ]


def test_other_columns_are_searched_too(call):
    assert found(keyword(call, "diagnoses_ccs_candidates", "nonhypertensive")) == [
        "Heart failure, unspecified",
        "Congestive heart failure, unspecified",
    ]
    assert found(keyword(call, "labevents_candidates", "50983")) == ["Sodium"]


@pytest.mark.parametrize(("text", "names"), [("(primary)", 1), ("(", 1), (".*", 0), ("50%", 1), ("e_x", 1), ("m_i", 0)])
def test_a_keyword_is_plain_text(call, text, names):
    tables = ("diagnoses_ccs_candidates", "labevents_candidates")
    assert sum(len(found(keyword(call, table, text))) for table in tables) == names


def test_many_candidates_come_in_pages(call):
    texts = list(pages(call(BASE), "get_candidates_by_keyword", table_name="transfers_candidates", keyword="unit"))
    names = [row["candidate"] for text in texts for row in parse_table(text)]
    assert len(texts) == 3 and sorted(names) == sorted(f"Unit {number}" for number in range(230))
    assert keyword(call, "transfers_candidates", "unit", page=4).problem == "not_found"
    assert keyword(call, "transfers_candidates", "ward").text == "No rows of transfers_candidates that contain «ward»."


def test_a_table_may_be_named_without_its_ending(call):
    assert found(keyword(call, "Labevents", "sodium")) == ["Sodium", "Sodium, Urine"]
    reply = keyword(call, "labs", "sodium")
    assert reply.problem == "not_found" and "labevents_candidates" in reply.text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("pneumonia", "Pneumonia due to adenovirus"),
        ("pnuemonia organism", "Pneumonia, organism unspecified"),
        ("hypertention essential", "Essential (primary) hypertension"),
        ("type 2 diabetes", "Type 2 diabetes mellitus without complications"),
        ("diabetes type II", "Diabetes mellitus without mention of complication, type II"),
        ("congestive heart", "Congestive heart failure, unspecified"),
        ("kidney", "Acute kidney failure, unspecified"),
        ("KIDNEY FAILURE ACUTE", "Acute kidney failure, unspecified"),
        ("hyperten", "Essential (primary) hypertension"),
    ],
)
def test_short_misspelt_and_turned_words_find_their_name_first(call, text, first):
    reply = call(BASE)("get_candidates_by_fuzzy_matching", table_name="diagnoses_ccs_candidates", keywords=text)
    assert len(found(reply)) == 5
    best = found(reply)[0]
    assert best == first or (text == "pneumonia" and best.startswith("Pneumonia"))


def test_several_texts_are_answered_one_after_the_other(call):
    reply = call(BASE)(
        "get_candidates_by_fuzzy_matching", table_name="labevents_candidates", keywords=["sodum", "pottasium", "sodum"]
    )
    rows = parse_table(reply.text)
    assert [row["searched"] for row in rows] == ["sodum"] * 4 + ["pottasium"] * 4
    assert [rows[0]["candidate"], rows[4]["candidate"]] == ["Sodium", "Potassium"]
    assert rows[0]["itemid"] == "50983"
    scores = [float(row["score"]) for row in rows[:4]]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 100 for score in scores)


def test_there_is_a_bound_on_texts_and_something_must_be_in_them(call):
    tool = call(BASE)
    for keywords in ([f"word {number}" for number in range(11)], [], [" "], [["a"]]):
        reply = tool("get_candidates_by_fuzzy_matching", table_name="labevents_candidates", keywords=keywords)
        assert reply.problem == "bad_arguments"
    for table, keywords in (("labevents_candidates", "?!"), ("procedures_ccs_candidates", "bypass")):
        reply = tool("get_candidates_by_fuzzy_matching", table_name=table, keywords=keywords)
        assert reply.problem is None and "No name is near enough" in reply.text


@given(st.lists(st.text(max_size=12), unique=True, max_size=8), st.text(max_size=12))
def test_any_vocabulary_can_be_searched_for_anything(names, text):
    matches = Vocabulary(names).alike(text, 5)
    assert len(matches) == (min(5, len(names)) if words_of(text) else 0)
    assert all(0 <= score <= 100.001 for _, score in matches)
    assert len({place for place, _ in matches}) == len(matches)


@given(st.sampled_from(NAMES))
def test_a_name_is_most_like_itself(name):
    vocabulary = Vocabulary(NAMES)
    ((place, score), *_) = vocabulary.alike(name, 1)
    assert vocabulary.names[place] == name and score == pytest.approx(100)


def test_the_file_is_read_once_until_it_is_replaced(tmp_path):
    path = tmp_path / "candidates.db"
    write = lambda *names: sqlite_tables.write_tables(  # noqa: E731
        path, [SqliteTable("x_candidates", {"candidate": "TEXT"}, [(name,) for name in names])], "0" * 64
    )
    write("a")
    first = open_candidates(path)
    assert open_candidates(path) is first
    write("a", "b")
    assert open_candidates(path).rows == {"x_candidates": 2} and open_candidates(path) is not first
