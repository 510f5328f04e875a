"""Claims of several machines: one at a time, whoever it is, and free again when a process is gone."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clinseek_assets.faults import Fault
from clinseek_assets.storage.shared_claims import SharedClaims
from clinseek_assets_tests import postgres

pytestmark = pytest.mark.skipif(not postgres.available(), reason="no Postgres server is installed")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    with tempfile.TemporaryDirectory(prefix="clinseek-postgres-") as folder:
        Path(folder).chmod(0o755)
        with postgres.serving(Path(folder) / "server") as running:
            yield running


def test_a_claim_is_of_one_machine_at_a_time(server):
    a, b = SharedClaims(server.url, "a campaign"), SharedClaims(server.url, "a campaign")
    claim = a.claimed("a cell")
    assert claim is not None
    assert a.claimed("a cell") is None, "not even of the same process twice"
    assert b.claimed("a cell") is None
    assert b.claimed("another cell") is not None
    claim.give_back()
    assert b.claimed("a cell") is not None
    b.locks.close()
    assert a.claimed("a cell") is not None, "a connection that ended gives its claims back"
    assert SharedClaims(server.url, "another campaign").claimed("a cell") is not None


def test_without_the_server_nothing_is_claimed(server):
    claims = SharedClaims(server.url, "a campaign")
    assert claims.claimed("a cell") is not None
    server.stop()
    try:
        with pytest.raises(Fault, match="CLINSEEK_LEASES"):
            claims.claimed("another cell")
    finally:
        server.start()
    assert claims.claimed("another cell") is not None, "a later try has a connection of its own"


def test_who_comes_second_waits_for_the_first(server):
    a, b = SharedClaims(server.url, "turns"), SharedClaims(server.url, "turns")
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
