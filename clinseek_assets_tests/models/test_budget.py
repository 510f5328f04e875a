"""Caps and costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.models.budget import Caps, Cost

COSTS = st.builds(Cost, st.integers(0, 10**9), st.floats(0, 1e6))


@pytest.mark.parametrize(
    ("caps", "cost", "allowed"),
    [
        (Caps(), Cost(10**12, 1e12), True),
        (Caps(tokens=10), Cost(10, 1e12), True),
        (Caps(tokens=10), Cost(11, 0.0), False),
        (Caps(dollars=1.5), Cost(10**12, 1.5), True),
        (Caps(dollars=1.5), Cost(0, 1.6), False),
        (Caps(dollars=1.5, tokens=10), Cost(11, 1.0), False),
        (Caps(dollars=1.5, tokens=10), Cost(9, 2.0), False),
        (Caps(dollars=0.0, tokens=0), Cost(), True),
        (Caps(dollars=0.0), Cost(0, 1e-9), False),
    ],
)
def test_each_cap_holds_by_itself(caps: Caps, cost: Cost, allowed: bool) -> None:
    assert caps.allow(cost) is allowed


@given(COSTS, COSTS, st.builds(Caps, st.none() | st.floats(0, 1e6), st.none() | st.integers(0, 10**9)))
def test_more_is_never_allowed_where_less_is_not(one: Cost, more: Cost, caps: Caps) -> None:
    assert caps.allow(one) or not caps.allow(one + more)
