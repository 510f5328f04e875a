"""Locks between processes: several at work, one alone, turns, and what a kill leaves of them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from clinseek_assets.faults import Fault
from clinseek_assets.storage.served import serve_alone
from clinseek_assets.storage.working_here import nobody_working, working_here

HOLDING = """
import sys
from pathlib import Path
from clinseek_assets.storage.{module} import {name}
with {name}(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


@contextmanager
def held_elsewhere(module: str, name: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is inside."""
    code = HOLDING.format(module=module, name=name)
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    try:
        yield other
    finally:
        other.kill()
        other.communicate()


def test_many_work_at_once_and_nobody_tidies_meanwhile(tmp_path: Path):
    with held_elsewhere("working_here", "working_here", tmp_path) as other:
        with working_here(tmp_path):
            pass
        with pytest.raises(Fault, match="cannot be tidied now"), nobody_working(tmp_path, "tidied"):
            pass
        other.kill()
        other.wait()
        with nobody_working(tmp_path, "tidied"), pytest.raises(Fault), nobody_working(tmp_path, "tidied"):
            pass


def test_a_turn_comes_when_the_one_before_ends(tmp_path: Path):
    with ExitStack() as stack:
        other = stack.enter_context(held_elsewhere("taking_turns", "taking_turns", tmp_path))
        started = time.monotonic()
        waiting = subprocess.Popen(
            [sys.executable, "-c", HOLDING.format(module="taking_turns", name="taking_turns"), str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(1.0)
        other.kill()
        assert waiting.communicate("\n", timeout=60)[0] == "held\n" and time.monotonic() - started >= 1.0


def test_a_home_is_served_once_and_says_where(tmp_path: Path):
    serve_alone(tmp_path, "http://127.0.0.1:3000")
    with pytest.raises(Fault, match=r"served already at http://127\.0\.0\.1:3000"):
        serve_alone(tmp_path, "http://127.0.0.1:3001")
