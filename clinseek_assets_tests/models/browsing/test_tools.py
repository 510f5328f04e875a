"""The browser tools as a model uses them, right and wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.browsing.corpus import Corpus
from clinseek_assets.models.browsing.toolboxes import Toolboxes
from clinseek_assets.models.browsing.tools import FIND, FOUND_LINES, OPEN, PAGE_LINES, SEARCH, BrowserTools
from clinseek_assets.records.tools.specs import ToolReply


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "long.txt").write_text("\n".join(f"sepsis line {number}" for number in range(300)))
    for number in range(30):
        (folder / f"short{number:02}.txt").write_text(f"Potassium, part {number}\nHypokalaemia and its causes.")
    return Corpus.over(folder, tmp_path_factory.mktemp("cache"))


@pytest.fixture
def tools(corpus: Corpus) -> BrowserTools:
    return BrowserTools(corpus, "hash")


def test_a_search_leads_to_a_page_and_to_its_words(tools: BrowserTools) -> None:
    found = tools.call(SEARCH, {"query": "sepsis"})
    assert found.problem is None and found.text.startswith("[0] 1 results for “sepsis”")
    page = tools.call(OPEN, {"id": 0})
    assert page.text.startswith("[1] sepsis line 0 (long.txt), lines 0 to 119 of 300\nL0: sepsis line 0\n")
    assert page.text.endswith(f"[Lines 120 to 299 are not shown: {OPEN} with cursor=1, loc=120 goes on.]")
    rest = tools.call(OPEN, {"cursor": 1, "loc": "120"})
    assert "L120: sepsis line 120" in rest.text and "lines 120 to 239 of 300" in rest.text
    last = tools.call(OPEN, {"loc": 290, "num_lines": 5})
    assert last.text.count("\nL") == 5 and "not shown" in last.text
    assert tools.call(OPEN, {"loc": 295}).text.count("not shown") == 0
    matches = tools.call(FIND, {"pattern": "LINE 29"})
    assert [line.split(":")[0] for line in matches.text.splitlines()[1:]] == [
        "L29",
        *(f"L{n}" for n in range(290, 300)),
    ]


def test_every_cut_is_said(tools: BrowserTools) -> None:
    assert tools.call(SEARCH, {"query": "potassium"}).text.count("\n   ") == 10
    most = tools.call(SEARCH, {"query": "potassium", "topn": 25})
    assert most.text.count("\n   ") == 20 and "At most 20 results" in most.text
    tools.call(SEARCH, {"query": "sepsis"})
    assert tools.call(OPEN, {"id": "long.txt"}).problem is None
    found = tools.call(FIND, {"pattern": "sepsis"})
    assert found.text.count("\nL") == FOUND_LINES
    assert f"[{300 - FOUND_LINES} more lines are not shown, the first is L{FOUND_LINES}:" in found.text
    assert len(tools.call(OPEN, {"num_lines": 10_000}).text.splitlines()) == PAGE_LINES + 2


def test_a_number_after_reading_still_means_the_search_that_led_there(tools: BrowserTools) -> None:
    tools.call(SEARCH, {"query": "potassium", "topn": 3})
    first = tools.call(OPEN, {"id": 0})
    second = tools.call(OPEN, {"id": 1.0})
    assert first.problem is second.problem is None
    assert first.text.split("\n")[1] != second.text.split("\n")[1]
    assert tools.call(OPEN, {"id": 2, "cursor": 0}).problem is None


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        ("browser.click", {}, "unknown_tool"),
        (SEARCH, {}, "bad_arguments"),
        (SEARCH, {"query": " "}, "bad_arguments"),
        (SEARCH, {"query": ["a"]}, "bad_arguments"),
        (SEARCH, {"query": "a", "topn": "many"}, "bad_arguments"),
        (SEARCH, {"query": "a", "source": "web"}, "bad_arguments"),
        (OPEN, {"id": 99, "cursor": 0}, "not_found"),
        (OPEN, {"id": "../../etc/passwd"}, "not_found"),
        (OPEN, {"id": "https://example.org/"}, "not_found"),
        (OPEN, {"id": "short01.txt"}, "not_found"),  # there, but no search gave it
        (OPEN, {"id": 0, "cursor": 1}, "bad_arguments"),
        (OPEN, {"cursor": 7}, "not_found"),
        (OPEN, {"cursor": True}, "bad_arguments"),
        (OPEN, {"loc": 999}, "not_found"),
        (FIND, {"pattern": "a", "cursor": 0}, "bad_arguments"),
        (FIND, {}, "bad_arguments"),
    ],
)
def test_what_a_model_got_wrong_is_told_in_one_word_and_a_sentence(
    tools: BrowserTools, name: str, arguments: dict[str, Any], problem: str
) -> None:
    tools.call(SEARCH, {"query": "sepsis"})
    tools.call(OPEN, {"id": 0})
    reply = tools.call(name, arguments)
    assert reply.problem == problem and reply.text.endswith(".") and "Traceback" not in reply.text


def test_before_anything_was_seen(tools: BrowserTools) -> None:
    for name, arguments in ((OPEN, {}), (OPEN, {"id": 0}), (FIND, {"pattern": "x"})):
        reply = tools.call(name, arguments)
        assert reply.problem == "bad_arguments" and SEARCH in reply.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from(["query", "topn", "id", "cursor", "loc", "num_lines", "pattern", "other"])


@given(st.lists(st.tuples(st.sampled_from([SEARCH, OPEN, FIND]), st.dictionaries(KEYS, JSON, max_size=4)), max_size=6))
def test_no_call_raises_and_none_is_longer_than_its_limits(corpus: Corpus, calls: list[tuple[str, Any]]) -> None:
    tools = BrowserTools(corpus, "hash")
    tools.call(SEARCH, {"query": "potassium sepsis"})
    for name, arguments in calls:
        assert len(tools.call(name, arguments).text) <= 25_000


def test_two_boxes_are_offered_as_one(tools: BrowserTools, corpus: Corpus) -> None:
    class Other:
        specs = ()
        version = "1"

        def call(self, name: str, arguments: Any) -> ToolReply:
            raise AssertionError(name)

    both = Toolboxes(Other(), tools)
    assert [spec.name for spec in both.specs] == [SEARCH, OPEN, FIND]
    assert both.call(SEARCH, {"query": "sepsis"}).problem is None
    assert both.call("ehr.nothing", {}).problem == "unknown_tool"
    assert both.version != tools.version
    with pytest.raises(ValueError):
        Toolboxes(tools, BrowserTools(corpus, "other"))
