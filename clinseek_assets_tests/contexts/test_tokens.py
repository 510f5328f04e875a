"""Lengths in tokens: a real vocabulary, no download, no text too long."""

from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.contexts.tokens import count_tokens


def test_common_words_are_one_token_each():
    assert count_tokens("") == 0
    assert count_tokens(" patient") == 1
    assert count_tokens("The patient was admitted.") == 5


def test_marks_of_special_tokens_are_plain_text():
    assert count_tokens("[INST]") > 1


def test_a_long_text_is_counted():
    line = "| Sodium | 140.0 | mEq/L |\n"
    assert count_tokens(line * 50_000) == 50_000 * count_tokens(line)
    assert 0 < count_tokens("_" * 500_000) < 500_000


@given(st.text())
def test_there_are_never_more_tokens_than_bytes(text):
    assert (count_tokens(text) == 0) == (text == "")
    assert count_tokens(text) <= len(text.encode("utf-8"))
