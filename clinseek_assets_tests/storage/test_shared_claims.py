"""Claims of several machines: one at a time, whoever it is, and free again when a process is gone."""

from __future__ import annotations

import threading

import pytest

from clinseek_assets.faults import Fault
from clinseek_assets.storage.shared_claims import SharedClaims


def test_a_claim_is_of_one_machine_at_a_time(lease_server):
    a, b = SharedClaims(lease_server.url, "a campaign"), SharedClaims(lease_server.url, "a campaign")
    claim = a.claimed("a cell")
    assert claim is not None
    assert a.claimed("a cell") is None, "not even of the same process twice"
    assert b.claimed("a cell") is None
    assert b.claimed("another cell") is not None
    claim.give_back()
    assert b.claimed("a cell") is not None
    b.locks.close()
    assert a.claimed("a cell") is not None, "a connection that ended gives its claims back"
    assert SharedClaims(lease_server.url, "another campaign").claimed("a cell") is not None


def test_without_the_server_nothing_is_claimed(lease_server):
    claims = SharedClaims(lease_server.url, "a campaign")
    assert claims.claimed("a cell") is not None
    lease_server.stop()
    try:
        with pytest.raises(Fault, match="CLINSEEK_LEASES"):
            claims.claimed("another cell")
    finally:
        lease_server.start()
    assert claims.claimed("another cell") is not None, "a later try has a connection of its own"


def test_who_comes_second_waits_for_the_first(lease_server):
    a, b = SharedClaims(lease_server.url, "turns"), SharedClaims(lease_server.url, "turns")
    order: list[str] = []

    def second() -> None:
        with b.held(["two", "one"]):
            order.append("second")

    with a.held(["one"]):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.5)
        assert waiting.is_alive()
        order.append("first")
    waiting.join(20)
    assert order == ["first", "second"]
