"""Stages begin when what they need has ended, and two that do not need each other may meet."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.automation.order import Order, needs_of
from clinseek_assets.build import build
from clinseek_assets_tests.conftest import settings_over


@pytest.fixture
def needs(tiny_release, tmp_path) -> dict[str, set[str]]:
    return needs_of(build(settings_over(tiny_release, tmp_path / "home")).graph.stages)


def all_needs(title: str, needs: dict[str, set[str]]) -> set[str]:
    return needs[title].union(*(all_needs(need, needs) for need in needs[title]))


def test_models_wait_for_the_audit_where_a_policy_of_time_shows_them_anything(needs):
    for arm in ("curated_strict", "seeking", "seeking_compat"):
        assert "leak audit" in needs[f"predictions, {arm} arm"]
    assert "leak audit" not in all_needs("predictions, curated arm", needs)


def test_what_is_made_from_a_stage_waits_for_it(needs):
    assert needs["questions"] == set()
    assert needs["source tables"] == {"questions"}
    assert {"patient databases", "contexts", "source tables"} <= needs["leak audit"]
    for arm in ("curated", "curated_strict", "seeking", "seeking_compat"):
        assert f"predictions, {arm} arm" in needs[f"scores, {arm} arm"]
        assert f"scores, {arm} arm" in needs["scores by model"]
    assert {"scores by model", "intervals"} <= needs["tables (dbt)"]
    assert "tables (dbt)" in needs["leaderboard"]


def test_a_name_that_is_not_among_the_stages_is_waited_for_by_nobody(tiny_release, tmp_path):
    stages = build(settings_over(tiny_release, tmp_path / "home")).graph.stages
    alone = next(stage for stage in stages if stage.title == "predictions, seeking arm")
    assert needs_of([alone]) == {alone.title: set()}
    assert needs_of([replace(alone, after=("nobody",))]) == {alone.title: set()}


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, set[str]]:
    """Stages that need any of those before them."""
    titles = list("abcdefgh")[: draw(st.integers(1, 8))]
    return {
        title: draw(st.sets(st.sampled_from(titles[:place]))) if place else set() for place, title in enumerate(titles)
    }


@given(graphs(), st.data())
def test_whoever_ends_first_no_stage_begins_before_what_it_needs_and_all_are_done(needs, data):
    order, running, done = Order(list(needs), needs), list[str](), list[str]()
    while (ready := order.ready()) or running:
        for title in ready:
            assert needs[title] <= set(done)
            order.begin(title)
            running.append(title)
        ended = running.pop(data.draw(st.integers(0, len(running) - 1)))
        order.end(ended)
        done.append(ended)
    assert sorted(done) == sorted(needs)


@given(graphs(), st.data())
def test_a_failure_leaves_out_exactly_what_rests_on_it(needs, data):
    failing = data.draw(st.sampled_from(list(needs)))
    order, done = Order(list(needs), needs), set[str]()
    while ready := order.ready():
        for title in ready:
            order.begin(title)
            order.end(title)
            done.add(title)
            if title == failing:
                order.leave_out_what_needs(title)
    assert done == {title for title in needs if failing not in all_needs(title, needs)}


@given(graphs(), st.data())
def test_two_stages_meet_unless_one_rests_on_the_other(needs, data):
    one, other = data.draw(st.sampled_from(list(needs))), data.draw(st.sampled_from(list(needs)))
    apart = one == other or one in all_needs(other, needs) or other in all_needs(one, needs)
    assert Order(list(needs), needs).meet([one, other]) is not apart
