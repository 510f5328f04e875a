"""The ceiling over processes: real processes, killed ones among them, and the gate of one."""

from __future__ import annotations

import asyncio
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints import leases
from clinseek_assets.models.endpoints.adaptive import AdaptiveLimit
from clinseek_assets.models.endpoints.gate import Gate
from clinseek_assets.models.endpoints.leases import Leases
from clinseek_assets_tests.models.loopback import block, serving

ASKS = """
import sys
from pathlib import Path
from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.endpoints.asking import ask_all, request
url, folder, name, ceiling, calls = sys.argv[1:]
asked = [(request(), f"{name} {number}") for number in range(int(calls))]
answers = ask_all(Path(folder), chat_model(url, max_concurrency=int(ceiling)), asked)
assert all("yes" in answer.text for answer in answers)
"""
HOLDS = """
import sys, time
from pathlib import Path
from clinseek_assets.models.endpoints.leases import Leases
held = Leases(Path(sys.argv[1]), "endpoint", int(sys.argv[2]))
print(sum(held.take() is not None for _ in range(int(sys.argv[2]))), flush=True)
time.sleep(60)
"""


def slowly(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    time.sleep(0.02)
    block("yes")(handler, body)


@contextmanager
def other_process(folder: Path, ceiling: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has taken all the slots it could get, and how many these were."""
    command = [sys.executable, "-c", HOLDS, str(folder), str(ceiling)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("ceiling", [1, 5])
def test_two_processes_never_exceed_the_ceiling_and_both_get_through(ceiling: int, tmp_path: Path) -> None:
    with serving(slowly) as endpoint:
        common = [sys.executable, "-c", ASKS, endpoint.url, str(tmp_path)]
        asking = [subprocess.Popen([*common, name, str(ceiling), "25"]) for name in "ab"]
        assert [process.wait() for process in asking] == [0, 0]
    assert len(endpoint.requests) == 50
    assert endpoint.busiest <= ceiling


def test_a_killed_process_frees_its_slots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "COUNT_SECONDS", 0.0)
    with other_process(tmp_path, 4) as (process, taken):
        assert taken == 4
        mine = Leases(tmp_path, "endpoint", 4)
        assert mine.take() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len({mine.take() for _ in range(4)} - {None}) == 4
        mine.close()
    assert not list(tmp_path.rglob("process-*"))


def test_processes_share_alike(tmp_path: Path) -> None:
    mine = Leases(tmp_path, "endpoint", 8)
    with other_process(tmp_path, 8) as (_, taken):
        assert taken == 4
    mine.close()


def test_slots_are_of_one_endpoint_and_come_back(tmp_path: Path) -> None:
    one, other = Leases(tmp_path, "endpoint", 2), Leases(tmp_path, "another", 2)
    slots = [one.take(), one.take()]
    assert sorted(slot for slot in slots if slot is not None) == [0, 1] and one.take() is None
    assert one.held == 2 and other.take() is not None
    one.give_back(1)
    assert (one.held, one.take()) == (1, 1)
    one.close()
    other.close()
    again = Leases(tmp_path, "endpoint", 2)
    assert {again.take(), again.take()} == {0, 1}
    again.close()


def test_files_are_private_and_a_folder_that_cannot_be_used_is_a_fault(tmp_path: Path) -> None:
    held = Leases(tmp_path / "leases", "endpoint", 2)
    files = [path for path in (tmp_path / "leases").rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600} and len(files) == 3
    held.close()
    (tmp_path / "file").write_text("")
    with pytest.raises(EndpointFault, match="cannot be used"):
        Leases(tmp_path / "file", "endpoint", 2)


@asynccontextmanager
async def gate_in(folder: Path, ceiling: int) -> AsyncIterator[Gate]:
    held = Leases(folder, "endpoint", ceiling)
    yield Gate(AdaptiveLimit(ceiling, time.monotonic()), held)
    assert held.held == 0
    held.close()


def test_a_gate_lets_through_in_the_order_of_coming_and_no_more_than_allowed(tmp_path: Path) -> None:
    passed: list[int] = []
    busiest = 0

    async def one(gate: Gate, number: int) -> None:
        nonlocal busiest
        async with gate.passed():
            passed.append(number)
            busiest = max(busiest, gate.under_way)
            await asyncio.sleep(0.001)

    async def run() -> None:
        async with gate_in(tmp_path, 3) as gate:
            await asyncio.gather(*(one(gate, number) for number in range(30)))

    asyncio.run(run())
    assert passed == list(range(30)) and busiest == 3


def test_whoever_is_cancelled_while_waiting_keeps_nothing(tmp_path: Path) -> None:
    async def one(gate: Gate) -> None:
        async with gate.passed():
            await asyncio.sleep(0.005)

    async def run() -> None:
        async with gate_in(tmp_path, 1) as gate:
            waiting = [asyncio.ensure_future(one(gate)) for _ in range(20)]
            for number, task in enumerate(waiting):
                await asyncio.sleep(0.002)
                if number % 2:
                    task.cancel()  # before, at or after its turn
            await asyncio.gather(*waiting, return_exceptions=True)
            async with asyncio.timeout(5), gate.passed():
                pass

    asyncio.run(run())


def test_a_gate_stays_closed_as_long_as_the_endpoint_asks(tmp_path: Path) -> None:
    async def run() -> float:
        async with gate_in(tmp_path, 2) as gate:
            gate.limit.pushed_back(time.monotonic(), time.monotonic(), retry_after=0.2)
            started = time.monotonic()
            async with gate.passed():
                return time.monotonic() - started

    assert asyncio.run(run()) >= 0.19


def test_a_gate_waits_for_slots_of_another_process(tmp_path: Path) -> None:
    async def run() -> None:
        with other_process(tmp_path, 2) as (process, taken):
            assert taken == 2
            async with gate_in(tmp_path, 2) as gate:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1), gate.passed():
                        pass
                process.kill()
                async with asyncio.timeout(5), gate.passed():
                    pass

    asyncio.run(run())
