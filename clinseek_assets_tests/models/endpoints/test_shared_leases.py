"""Slots of a Postgres server: never more than the ceiling over all machines, and given back however one ends."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints import shared_leases
from clinseek_assets.models.endpoints.adaptive import AdaptiveLimit
from clinseek_assets.models.endpoints.gate import Gate
from clinseek_assets.models.endpoints.shared_leases import LeaseServer, SharedLeases
from clinseek_assets_tests.services.postgres import Postgres

ENDPOINT = "http://an.endpoint/v1"


@pytest.fixture(autouse=True)
def counted_always(monkeypatch):
    """Whoever comes or goes is known at once."""
    monkeypatch.setattr(shared_leases, "COUNT_SECONDS", -1.0)
    monkeypatch.setattr(shared_leases, "POLITE_SECONDS", 0.0)


def leases_at(server: Postgres, ceiling: int = 4, endpoint: str = ENDPOINT) -> SharedLeases:
    return SharedLeases(LeaseServer(server.url), endpoint, ceiling)


def all_of(leases: SharedLeases) -> list[int]:
    taken = []
    while (slot := leases.take()) is not None:
        taken.append(slot)
    return taken


def test_one_process_has_all_slots_and_two_share_them(lease_server):
    one = leases_at(lease_server)
    slots = all_of(one)
    assert sorted(slots) == [0, 1, 2, 3]
    assert one.held == 4
    two = leases_at(lease_server)
    assert two.take() is None, "all are taken"
    assert not one.may_keep(), "one has more than its share now"
    for slot in slots[:3]:
        one.give_back(slot)
    assert len(all_of(two)) == 2, "no more than its share"
    assert len(all_of(one)) + 1 == 2
    two.close()
    assert len(all_of(one)) == 2
    assert one.held == 4
    one.close()


def test_endpoints_have_slots_of_their_own(lease_server):
    one, two = leases_at(lease_server), leases_at(lease_server, endpoint="http://another/v1")
    assert len(all_of(one)) == len(all_of(two)) == 4
    one.close()
    two.close()


KILLED = """
import sys, time
from clinseek_assets.models.endpoints.shared_leases import LeaseServer, SharedLeases
leases = SharedLeases(LeaseServer(sys.argv[1]), sys.argv[2], 4)
print(*[leases.take() for _ in range(4)], flush=True)
time.sleep(600)
"""


def test_the_slots_of_a_killed_process_come_back(lease_server):
    command = [sys.executable, "-c", KILLED, lease_server.url, ENDPOINT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert sorted(other.stdout.readline().split()) == ["0", "1", "2", "3"]
            mine = leases_at(lease_server)
            assert mine.take() is None
        finally:
            other.kill()
        end = time.monotonic() + 20
        while mine.take() is None:
            assert time.monotonic() < end, "the slots of a killed process were not given back"
            time.sleep(0.02)
        mine.close()


def test_without_the_server_nothing_is_let_through_and_no_answer_is_lost(lease_server):
    async def asked() -> list[str]:
        gate = Gate(AdaptiveLimit(1, time.monotonic()), leases_at(lease_server, ceiling=1))
        answered = []

        async def ask(name: str) -> None:
            async with gate.passed():
                await asyncio.sleep(0.1)
            answered.append(name)

        one = asyncio.create_task(ask("one"))
        await asyncio.sleep(0.03)
        waiting = [asyncio.create_task(ask("two")), asyncio.create_task(ask("three"))]
        lease_server.stop()
        try:
            await one
            told = await asyncio.gather(*waiting, return_exceptions=True)
        finally:
            lease_server.start()
        assert [type(each) for each in told] == [EndpointFault, EndpointFault]
        assert "CLINSEEK_LEASES" in str(told[0])
        return answered

    assert asyncio.run(asked()) == ["one"]


def test_a_server_that_is_not_there_is_a_clear_fault_without_the_url():
    with pytest.raises(EndpointFault, match="The server of leases") as caught:
        SharedLeases(LeaseServer("postgresql://somebody:hunter2@127.0.0.1:1/db"), ENDPOINT, 4)
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(LeaseServer("postgresql://somebody:hunter2@127.0.0.1:1/db"))
