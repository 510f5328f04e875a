"""The strict contexts in the graph: what is made, what is told of it, what the checks catch."""

from __future__ import annotations

import pandas
import pytest

from clinseek_assets.assets.contexts import STRICT, path_of, strict_inputs, strict_path_of
from clinseek_assets.checks.contexts import STRICT_SPECS, of_text_strict_contexts
from clinseek_assets.contexts.schema import STRICT_CONTEXTS
from clinseek_assets.records.pinned import versions
from clinseek_assets.resources.home import Home
from clinseek_assets_tests.conftest import FEW, settings_over


@pytest.fixture
def home(finished_home, tiny_release):
    return Home.of(settings_over(tiny_release, finished_home))


def test_each_published_context_has_a_strict_one(home):
    for subtask in FEW:
        published = pandas.read_parquet(path_of(home, subtask))
        strict = STRICT_CONTEXTS.validate(home.read(STRICT, subtask, strict_path_of(home, subtask)))
        assert strict["qid"].tolist() == published["qid"].tolist()
        assert (strict["context"].notna() == published["context"].notna()).all()


def test_what_only_curated_shows_is_told_by_subtask(home):
    facts = [home.receipts.read(STRICT, subtask).facts for subtask in FEW]
    assert all("values that only curated shows" in told for told in facts)
    assert len(facts) == len(FEW)


def test_all_checks_pass(home):
    results = {result.check_name: result.passed for result in of_text_strict_contexts(home, FEW)}
    assert results == {spec.name: True for spec in STRICT_SPECS}


def test_another_policy_of_time_makes_them_stale(home, monkeypatch):
    before = strict_inputs(home, FEW[0])
    monkeypatch.setattr(versions, "policy_version", lambda policy: f"another {policy}")
    assert strict_inputs(home, FEW[0]) != before


@pytest.mark.parametrize(
    ("damage", "caught_by"),
    [
        (lambda frame, moment: frame.iloc[1:], "a_row_a_question"),
        (lambda frame, moment: frame.assign(tokens=0), "schema"),
        (lambda frame, moment: frame.assign(context=f"## ICUstays [{moment}]"), "nothing_from_the_moment_on"),
    ],
)
def test_what_is_wrong_is_caught(home, tmp_path, monkeypatch, damage, caught_by):
    subtask = next(subtask for subtask in FEW if home.questions(subtask))
    moment = home.questions(subtask)[0].prediction_time
    damage(pandas.read_parquet(strict_path_of(home, subtask)), moment).to_parquet(tmp_path / "damaged.parquet")
    monkeypatch.setattr(type(home.layout), "contexts", lambda *names: tmp_path / "damaged.parquet")
    failed = {result.check_name for result in of_text_strict_contexts(home, [subtask]) if not result.passed}
    assert failed == {caught_by}
