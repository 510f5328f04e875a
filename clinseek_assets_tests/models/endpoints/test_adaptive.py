"""The adaptive limit: whatever is said to it, by generated histories, and the cases that its rules are made of."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.endpoints import adaptive
from clinseek_assets.models.endpoints.adaptive import START, AdaptiveLimit


@dataclass(frozen=True)
class Said:
    """One event: time passes, then an answer beside so many requests, or a push back of one that was sent `ago`."""

    passed: float
    under_way: int
    pushed_back: bool
    ago: float = 0.0
    retry_after: float = 0.0


TIMES = st.floats(0, 10)
EVENTS = st.lists(st.builds(Said, TIMES, st.integers(1, 80), st.booleans(), TIMES, TIMES), max_size=120)


def tell(limit: AdaptiveLimit, event: Said, now: float) -> None:
    if event.pushed_back:
        limit.pushed_back(now - event.ago, now, event.retry_after)
    else:
        limit.answered(event.under_way, now)


@given(EVENTS, st.integers(1, 64))
def test_it_stays_between_one_and_its_ceiling_and_moves_a_step_at_a_time(events: list[Said], ceiling: int) -> None:
    limit, now = AdaptiveLimit(ceiling, 0.0), 0.0
    assert limit.allowed == min(START, ceiling)
    for event in events:
        now += event.passed
        before, held = limit.allowed, limit.held_until
        tell(limit, event, now)
        assert 1 <= limit.allowed <= ceiling
        assert limit.held_until >= held
        if event.pushed_back:
            assert limit.allowed in (before, max(1, before // 2))
            assert limit.held_until >= now + event.retry_after
        else:
            assert before <= limit.allowed <= before + 1
            assert limit.allowed == before or event.under_way >= before  # never past what the load has reached


@given(EVENTS, st.integers(1, 64))
def test_its_history_is_what_happened(events: list[Said], ceiling: int) -> None:
    limit, now = AdaptiveLimit(ceiling, 0.0), 0.0
    for event in events:
        now += event.passed
        tell(limit, event, now)
    changes = list(limit.history)
    assert [change.at for change in changes] == sorted(change.at for change in changes)
    assert changes[0].reason == "start" and changes[-1].allowed == limit.allowed
    for before, after in itertools.pairwise(changes):
        assert (after.allowed > before.allowed) == (after.reason == "grown")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_an_episode_counts_once(sent: list[float]) -> None:
    """All that was sent before the halving tells of the same overload."""
    limit = AdaptiveLimit(64, 0.0, start=64)
    for number, at in enumerate(sent):
        limit.pushed_back(at, 1.0 + number)
    assert limit.allowed == 32
    limit.pushed_back(1.5, 100.0)
    assert limit.allowed == 16


def answers(limit: AdaptiveLimit, count: int) -> None:
    for _ in range(count):
        limit.answered(limit.allowed, 0.0)


def test_it_doubles_every_round_until_the_first_push_back_and_adds_one_after_it() -> None:
    limit = AdaptiveLimit(1000, 0.0)
    answers(limit, 8)
    assert limit.allowed == 16
    answers(limit, 16)
    assert limit.allowed == 32
    limit.pushed_back(0.0, 1.0)
    assert limit.allowed == 16
    answers(limit, 15)
    assert limit.allowed == 16
    answers(limit, 3)
    assert limit.allowed == 17


def test_it_does_not_grow_where_nobody_needs_more() -> None:
    limit = AdaptiveLimit(64, 0.0)
    for _ in range(1000):
        limit.answered(START - 1, 0.0)
    assert limit.allowed == START


def test_the_endpoints_wish_to_be_left_alone_is_kept_also_within_an_episode() -> None:
    limit = AdaptiveLimit(64, 0.0)
    limit.pushed_back(0.0, 1.0, retry_after=2.0)
    limit.pushed_back(0.5, 1.5, retry_after=9.0)
    limit.pushed_back(0.6, 2.0, retry_after=1.0)
    assert limit.held_until == 10.5
    assert limit.allowed == START // 2


def test_the_history_forgets_its_oldest_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adaptive, "KEPT", 3)
    limit = AdaptiveLimit(64, 0.0)
    answers(limit, 20)
    assert [change.allowed for change in limit.history] == [26, 27, 28]
