"""Lengths in tokens: a real vocabulary, no download, no text too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistral_common.tokens.tokenizers.tekken import Tekkenizer

from clinseek_assets.contexts import tokens
from clinseek_assets.contexts.tokens import count_all, count_tokens


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


def test_the_vocabulary_is_read_once_however_many_texts_are_counted_side_by_side(monkeypatch: pytest.MonkeyPatch):
    read, times = Tekkenizer.from_file, []
    monkeypatch.setattr(Tekkenizer, "from_file", lambda path: times.append(path) or read(path))
    tokens._tokenizer.cache_clear()
    assert count_all([None, None]) == [None, None]
    assert not times
    assert count_all([" patient", None, *["The patient was admitted."] * 20]) == [1, None, *[5] * 20]
    assert len(times) == 1
