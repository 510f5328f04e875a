"""Filters as an address holds them."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from clinseek_assets.browse.choice import SCORES, Choice
from clinseek_assets.faults import ResultsFault
from clinseek_assets_tests.browse.test_cells import answers

FRAME = answers(
    ("m", "seeking", "emar", 1, 1, "finished", 1.0),
    ("m", "seeking", "emar", 2, 1, "finished", 0.4),
    ("m", "curated", "emar", 3, 1, "truncated", 0.0),
    ("other/one", "curated", "poe", 4, 1, "endpoint_failed", None),
)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({}, [1, 2, 3, 4]),
        ({"split": "multimodal"}, []),
        ({"split": "text", "arm": "curated"}, [3, 4]),
        ({"model": "other/one"}, [4]),
        ({"subtask": "emar", "outcome": "finished"}, [1, 2]),
        ({"score": "right"}, [1]),
        ({"score": "partly right"}, [2]),
        ({"score": "wrong"}, [3]),
        ({"score": "not scored"}, [4]),
        ({"arm": "", "score": "", "nonsense": "x"}, [1, 2, 3, 4]),
    ],
)
def test_what_is_chosen_is_shown(query: dict[str, str], rows: list[int]):
    assert Choice.of(query).of_answers(FRAME)["row_number"].to_list() == rows


def test_each_answer_has_exactly_one_kind_of_score():
    assert sum(len(FRAME.filter(kind)) for kind in SCORES.values()) == len(FRAME)


def test_an_address_gives_back_the_choice_it_was_made_from():
    choice = Choice(split="text", model="other/one & more", score="partly right", page=3)
    assert Choice.of(dict(parse_qsl(choice.query()))) == choice
    assert choice.query(page=1, model="", score="") == "split=text"


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e3", "²", "9999999"])
def test_a_page_that_is_no_number_is_refused(page: str):
    with pytest.raises(ResultsFault):
        Choice.of({"page": page})


def test_an_unknown_kind_of_score_is_refused():
    with pytest.raises(ResultsFault):
        Choice.of({"score": "good"})
