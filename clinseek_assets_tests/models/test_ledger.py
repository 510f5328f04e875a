"""The ledger: written before a call is sent, charged at worst until it has ended, the same for all processes."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.budget import Caps, Cost
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.ledger import Ledger, Sending, Usage

WORST = Cost(1000, 0.5)
USED = Usage(300, 40, 200, 10)
PAID = Cost(340, 0.125)


def sending(key: str | None = "key", worst: Cost = WORST, **more: Any) -> Sending:
    fields = {
        "kind": "model",
        "endpoint": "m",
        "host": "127.0.0.1:9",
        "size": 2000,
        "qid_sha256": "q",
        "arm": "seeking",
    }
    return Sending(**{**fields, **more}, call_key=key, worst=worst)


def with_ledger(path: Path, work: Callable[[Ledger], Coroutine[Any, Any, Any]], caps: Caps | None = None) -> Any:
    """What comes of work with an open ledger."""

    async def run() -> Any:
        with Ledger(path, caps) as ledger:
            return await work(ledger)

    return asyncio.run(run())


def rows(path: Path, columns: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(path) as ledger:
        return ledger.execute(
            f"SELECT {columns} FROM calls LEFT JOIN endings USING (call) ORDER BY calls.rowid"
        ).fetchall()


def test_a_call_is_there_before_it_is_sent_and_keeps_its_worst_case_until_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "ledger"

    async def work(ledger: Ledger) -> None:
        call = await ledger.opened(sending())
        assert rows(path, "call, kind, endpoint, host, bytes, qid_sha256, arm, call_key, outcome") == [
            (call, "model", "m", "127.0.0.1:9", 2000, "q", "seeking", "key", None)
        ]
        assert ledger.spent() == WORST
        ledger.settled(call, USED, PAID)
        await asyncio.sleep(0.1)  # soon, also where no call follows
        assert rows(path, "outcome, prompt_tokens, completion_tokens, cached_tokens, cache_write_tokens") == [
            ("settled", 300, 40, 200, 10)
        ]
        assert ledger.spent() == PAID

    with_ledger(path, work)


def test_what_ends_just_before_it_is_closed_is_written(tmp_path: Path) -> None:
    async def work(ledger: Ledger) -> None:
        ledger.settled(await ledger.opened(sending("a")), USED, PAID)
        ledger.failed(await ledger.opened(sending("b")), "timeout", Cost(500, 0.25))

    with_ledger(tmp_path / "ledger", work)
    assert rows(tmp_path / "ledger", "outcome, failure, tokens, dollars") == [
        ("settled", None, 340, 0.125),
        ("failed", "timeout", 500, 0.25),
    ]
    with Ledger(tmp_path / "ledger") as ledger:
        assert ledger.spent() == Cost(840, 0.375)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from clinseek_assets.models.ledger import Ledger
from clinseek_assets_tests.models.test_ledger import sending
async def main():
    ledger = Ledger(Path(sys.argv[1]))
    await asyncio.gather(*(ledger.opened(sending(key)) for key in sys.argv[2:]))
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


def kill_with_open_calls(path: Path, *keys: str) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), *keys], check=False)
    assert killed.returncode == -signal.SIGKILL


def test_calls_of_a_killed_process_stay_open_until_they_are_repeated(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    kill_with_open_calls(path, "a", "b")
    with Ledger(path) as ledger:
        assert ledger.spent() == WORST + WORST
        (total,) = ledger.totals()
        assert (total.calls, total.open, total.lost) == (2, 2, 0)

    async def repeat(ledger: Ledger) -> None:
        ledger.failed(await ledger.opened(sending("a")), "http_500", Cost())  # no answer yet: nothing is known
        assert ledger.totals()[0].lost == 0
        ledger.settled(await ledger.opened(sending("a")), USED, PAID)

    with_ledger(path, repeat)
    with Ledger(path) as ledger:
        (total,) = ledger.totals()
        assert (total.calls, total.settled, total.failed, total.lost, total.open) == (4, 1, 1, 1, 1)
        assert ledger.spent() == PAID + PAID + WORST  # the lost one is charged like the one that was answered
        assert (total.tokens, total.dollars) == (ledger.spent().tokens, ledger.spent().dollars)


def test_totals_by_kind_endpoint_and_arm(tmp_path: Path) -> None:
    async def work(ledger: Ledger) -> None:
        for arm, qid in (("seeking", "q1"), ("seeking", "q1"), ("seeking", "q2"), ("curated", "q1")):
            ledger.settled(await ledger.opened(sending(None, arm=arm, qid_sha256=qid)), USED, PAID)
        ledger.note("search", "s", "search.example", 70, "q1")

    with_ledger(tmp_path / "ledger", work)
    with Ledger(tmp_path / "ledger") as ledger:
        curated, seeking, search = ledger.totals()
    assert (curated.kind, curated.arm, curated.calls, curated.questions) == ("model", "curated", 1, 1)
    assert (seeking.arm, seeking.settled, seeking.questions, seeking.size) == ("seeking", 3, 2, 6000)
    assert (seeking.prompt_tokens, seeking.completion_tokens, seeking.cached_tokens) == (900, 120, 600)
    assert (search.kind, search.endpoint, search.arm, search.calls, search.open) == ("search", "s", None, 1, 0)


def test_notes_come_from_any_thread(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        threads = [
            threading.Thread(target=ledger.note, args=("search", "s", "host", number, None)) for number in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    noted = rows(tmp_path / "ledger", "bytes, outcome, tokens, dollars")
    assert sorted(noted) == [(number, "noted", 0, 0.0) for number in range(20)]


def test_a_call_that_is_taken_back_before_it_is_sent_costs_nothing(tmp_path: Path) -> None:
    async def work(ledger: Ledger) -> None:
        opening = asyncio.ensure_future(ledger.opened(sending()))
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)

    with_ledger(tmp_path / "ledger", work)
    with Ledger(tmp_path / "ledger") as ledger:
        assert ledger.spent() == Cost()
        assert all(total.open == 0 for total in ledger.totals())


@settings(max_examples=25)
@given(
    calls=st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=25),
    cap=st.integers(0, 300),
)
def test_what_is_spent_never_passes_the_cap_whatever_is_under_way(
    tmp_path_factory: pytest.TempPathFactory, calls: list[tuple[int, float, int]], cap: int
) -> None:
    """Calls of any worst case that cost any part of it, all at once; none is refused that fits beside the paid ones."""
    most = 0

    async def one(ledger: Ledger, worst: int, part: float, turns: int) -> int | None:
        nonlocal most
        try:
            call = await ledger.opened(sending(None, Cost(worst, 0.0)))
        except CallError as failure:
            assert (failure.kind, failure.again) == ("over_budget", False)
            return None
        most = max(most, ledger.spent().tokens)
        for _ in range(turns):
            await asyncio.sleep(0)
        paid = int(worst * part)
        ledger.settled(call, Usage(), Cost(paid, 0.0))
        return paid

    async def work(ledger: Ledger) -> list[int | None]:
        return await asyncio.gather(*(one(ledger, *call) for call in calls))

    path = tmp_path_factory.mktemp("ledger") / "ledger"
    paid = with_ledger(path, work, Caps(tokens=cap))
    spent = sum(each for each in paid if each is not None)
    assert most <= cap and spent <= cap
    with Ledger(path) as ledger:
        assert ledger.spent().tokens == spent
    refused = [worst for (worst, _, _), each in zip(calls, paid, strict=True) if each is None]
    assert all(spent + worst > cap for worst in refused)


def test_a_cap_in_dollars_counts_what_other_processes_have_under_way(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    kill_with_open_calls(path, "a")

    async def work(ledger: Ledger) -> None:
        with pytest.raises(CallError, match="over_budget"):
            await ledger.opened(sending("b", Cost(0, 0.6)))
        await ledger.opened(sending("c", Cost(0, 0.5)))

    with_ledger(path, work, Caps(dollars=1.0))


def test_calls_that_cost_nothing_pass_a_cap_that_is_used_up(tmp_path: Path) -> None:
    async def work(ledger: Ledger) -> None:
        await ledger.opened(sending("a", Cost()))

    with_ledger(tmp_path / "ledger", work, Caps(dollars=0.0, tokens=0))


SPENDS = """
import asyncio, sys
from pathlib import Path
from clinseek_assets.models.budget import Caps, Cost
from clinseek_assets.models.endpoints.failures import CallError
from clinseek_assets.models.ledger import Ledger, Usage
from clinseek_assets_tests.models.test_ledger import sending
async def one(ledger, number):
    try:
        call = await ledger.opened(sending(f"{sys.argv[2]} {number}", Cost(10, 0.0)))
    except CallError:
        return
    await asyncio.sleep(0.001)
    ledger.settled(call, Usage(), Cost(9, 0.0))
async def main():
    with Ledger(Path(sys.argv[1]), Caps(tokens=1000)) as ledger:
        for start in range(0, 200, 20):
            await asyncio.gather(*(one(ledger, start + number) for number in range(20)))
asyncio.run(main())
"""


def test_two_processes_spend_one_budget(tmp_path: Path) -> None:
    spending = [subprocess.Popen([sys.executable, "-c", SPENDS, str(tmp_path / "l"), name]) for name in "ab"]
    assert [process.wait() for process in spending] == [0, 0]
    with Ledger(tmp_path / "l") as ledger:
        assert 990 < ledger.spent().tokens <= 1000  # one more could have cost 10


def test_every_file_is_private(tmp_path: Path) -> None:
    with Ledger(tmp_path / "folder" / "l"):
        files = list((tmp_path / "folder").iterdir())
        assert {file.name for file in files} == {"l", "l-wal", "l-shm"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_another_format_and_another_file_are_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "l") as database:
        database.execute("PRAGMA user_version = 9")
    with pytest.raises(EndpointFault, match="format 9"):
        Ledger(tmp_path / "l")
    (tmp_path / "text").write_text("No ledger at all, but long enough to be looked at as one." * 20)
    with pytest.raises(EndpointFault, match="cannot be used"):
        Ledger(tmp_path / "text")


def test_a_ledger_that_cannot_be_written_stops_the_call(tmp_path: Path) -> None:
    """Nothing leaves unwritten."""

    async def work(ledger: Ledger) -> None:
        with sqlite3.connect(ledger.path) as other:
            other.execute("DROP TABLE calls")
        with pytest.raises(EndpointFault, match="cannot be used"):
            await ledger.opened(sending())

    with pytest.raises(EndpointFault):
        with_ledger(tmp_path / "l", work)


def test_many_processes_may_make_it_at_once(tmp_path: Path) -> None:
    script = "import sys; from pathlib import Path; from clinseek_assets.models.ledger import Ledger\n"
    script += "with Ledger(Path(sys.argv[1])) as ledger: ledger.note('search', 's', 'h', 1, None)"
    making = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "l")]) for _ in range(4)]
    assert [process.wait() for process in making] == [0] * 4
    assert len(rows(tmp_path / "l", "call")) == 4
