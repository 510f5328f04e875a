"""Candidate search by meaning: with a model, and where there is none."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy
import pytest
from numpy.typing import NDArray
from sklearn.feature_extraction.text import HashingVectorizer

from clinseek_assets.records.tools import meanings
from clinseek_assets.records.tools.catalogue import SEMANTIC
from clinseek_assets.records.tools.meanings import MODEL_VARIABLE, Meanings, SentenceModel, configured_meanings
from clinseek_assets.records.tools.reading_rows import parse_table
from clinseek_assets_tests.records.pinned.lives import BASE


@dataclass
class ByLetters:
    """A model of sorts: texts of like letters have near vectors."""

    identity: str = "letters"
    encoded: list[int] = field(default_factory=list)

    def encode(self, texts: Sequence[str]) -> NDArray[numpy.float32]:
        self.encoded.append(len(texts))
        vectorizer = HashingVectorizer(analyzer="char", n_features=256, alternate_sign=False)
        return numpy.asarray(vectorizer.transform(list(texts)).todense(), dtype=numpy.float32)


def ask(call, semantic, query="Sodium"):
    return call(BASE, semantic=semantic)(
        "get_candidates_by_semantic_similarity", table_name="labevents_candidates", query=query
    )


def test_the_nearest_names_come_first_with_their_cosine(call, tmp_path):
    reply = ask(call, Meanings(ByLetters(), tmp_path), ["sodium", "potassium"])
    rows = parse_table(reply.text)
    assert (rows[0]["candidate"], rows[0]["score"]) == ("Sodium", "1.000")
    assert next(row["candidate"] for row in rows if row["searched"] == "potassium") == "Potassium"
    assert all(0.5 <= float(row["score"]) <= 1 for row in rows)


def test_what_is_not_near_is_not_named(call, tmp_path):
    reply = ask(call, Meanings(ByLetters(), tmp_path), "zzz")
    assert reply.problem is None and not parse_table(reply.text) and "No name is near enough to «zzz»" in reply.text


def test_vectors_are_computed_once_and_kept_privately(call, tmp_path):
    first = ByLetters()
    before = ask(call, Meanings(first, tmp_path)).text
    assert first.encoded == [4, 1]
    again = ByLetters()
    assert ask(call, Meanings(again, tmp_path)).text == before and again.encoded == [1]
    other = ByLetters(identity="another model")
    ask(call, Meanings(other, tmp_path))
    assert other.encoded == [4, 1]
    kept = list((tmp_path / ".meanings").iterdir())
    assert len(kept) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in (*kept,)} == {0o600}
    assert stat.S_IMODE((tmp_path / ".meanings").stat().st_mode) == 0o700


def test_damaged_vectors_are_made_again(call, tmp_path):
    ask(call, Meanings(ByLetters(), tmp_path))
    (kept,) = (tmp_path / ".meanings").iterdir()
    for content in (b"", b"no array", kept.read_bytes()[:-7]):
        kept.write_bytes(content)
        again = ByLetters()
        assert ask(call, Meanings(again, tmp_path)).problem is None and again.encoded == [4, 1]


def test_with_a_model_the_tool_is_offered_and_part_of_the_version(tools, tmp_path):
    box = tools(BASE, semantic=Meanings(ByLetters(), tmp_path))
    assert SEMANTIC in [spec.name for spec in box.specs]
    assert (
        len({tools(BASE).version, box.version, tools(BASE, semantic=Meanings(ByLetters("b"), tmp_path)).version}) == 3
    )


def test_without_a_model_it_is_not_offered_and_says_how_to_have_it(tools, call):
    assert SEMANTIC not in [spec.name for spec in tools(BASE).specs]
    reply = ask(call, None)
    assert reply.problem == "unavailable"
    assert MODEL_VARIABLE in reply.text and "clinseek-assets[semantic]" in reply.text


def test_nothing_is_configured_without_the_library_or_a_model(tmp_path, monkeypatch):
    named = {MODEL_VARIABLE: str(tmp_path)}
    monkeypatch.setattr(meanings, "LIBRARY", "a_library_that_nobody_has")
    assert configured_meanings(tmp_path, named) is None
    monkeypatch.setattr(meanings, "LIBRARY", "json")
    assert configured_meanings(tmp_path, {}) is None
    assert configured_meanings(tmp_path, {MODEL_VARIABLE: " "}) is None
    found = configured_meanings(tmp_path, named)
    assert found is not None and found is configured_meanings(tmp_path, named)


def test_a_model_is_known_by_its_files(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    before = SentenceModel(str(tmp_path)).identity
    assert before == SentenceModel(str(tmp_path)).identity
    (tmp_path / "config.json").write_text("{ }")
    assert SentenceModel(str(tmp_path)).identity != before


def test_a_model_of_the_real_library(tmp_path: Path):
    """Only where the optional library is installed: a folder that holds no model is a fault, not a download."""
    pytest.importorskip("sentence_transformers")
    with pytest.raises(Exception, match="names no sentence-embedding model"):
        SentenceModel(str(tmp_path)).encode(["sodium"])
