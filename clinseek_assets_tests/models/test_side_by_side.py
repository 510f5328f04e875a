"""Lanes side by side: what comes of them, what they are told to end by, and that they do end."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from clinseek_assets.models.arm_run import run_to_end
from clinseek_assets.models.halting import Halt
from clinseek_assets.models.side_by_side import side_by_side

SOON = 0.05


def lanes_alive() -> int:
    return sum(thread.name.startswith("lane ") for thread in threading.enumerate())


def test_lanes_wait_for_each_other_at_the_same_time():
    meeting = threading.Barrier(3, timeout=20)

    def lane(name: str):
        def work(halt: Halt) -> Iterator[str]:
            meeting.wait()  # passed only if all three are at work at once
            yield name

        return work

    found = side_by_side([lane(name) for name in "abc"], meanwhile=lambda: None, every_seconds=SOON)
    assert sorted(found) == ["a", "b", "c"]
    assert lanes_alive() == 0


def test_who_follows_is_told_from_the_thread_that_takes_the_results():
    told: list[threading.Thread] = []

    def slow(halt: Halt) -> Iterator[int]:
        while len(told) < 3:
            time.sleep(SOON / 5)
        yield 1

    assert list(side_by_side([slow], meanwhile=lambda: told.append(threading.current_thread()), every_seconds=SOON))
    assert set(told) == {threading.current_thread()}


def waits_for_ever(ended: list[str]):
    def lane(halt: Halt) -> Iterator[str]:
        async def work() -> None:
            try:
                await asyncio.sleep(3600)
            finally:
                ended.append("loop")

        yield "begun"
        run_to_end(work())
        raise AssertionError("nobody ended it")

    return lane


def test_when_nobody_takes_more_what_is_under_way_is_cancelled():
    ended: list[str] = []
    with closing(side_by_side([waits_for_ever(ended)], meanwhile=lambda: None, every_seconds=SOON)) as working:
        assert next(working) == "begun"
        time.sleep(SOON)
        begun = time.monotonic()
    assert time.monotonic() - begun < 20
    assert lanes_alive() == 0


def test_an_interrupt_of_who_takes_ends_the_lanes():
    ended: list[str] = []

    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(side_by_side([waits_for_ever(ended)], meanwhile=interrupted, every_seconds=SOON))
    assert lanes_alive() == 0


def test_an_error_of_one_lane_ends_the_others_and_is_raised():
    ended: list[str] = []

    def failing(halt: Halt) -> Iterator[str]:
        time.sleep(4 * SOON)
        raise ValueError("of a lane")
        yield "never"

    with pytest.raises(ValueError, match="of a lane"):
        list(side_by_side([waits_for_ever(ended), failing], meanwhile=lambda: None, every_seconds=SOON))
    assert ended == ["loop"]
    assert lanes_alive() == 0


def test_a_lane_that_computes_ends_where_it_heeds():
    def busy(halt: Halt) -> Iterator[int]:
        yield 0
        while True:
            halt.heed()
            time.sleep(SOON / 10)

    with closing(side_by_side([busy], meanwhile=lambda: None, every_seconds=SOON)) as working:
        assert next(working) == 0
    assert lanes_alive() == 0
