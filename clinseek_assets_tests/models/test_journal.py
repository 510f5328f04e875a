from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.completions import Completion, ToolCall
from clinseek_assets.models.journal import Journal

ANSWER = Completion("text", "reasons", "stop", False, 3, None, 1.5)
CALLING = Completion(
    "",
    "",
    "tool_calls",
    False,
    30,
    5,
    0.5,
    (ToolCall("a", "ehr.load_ehr", '{"subject_id": 1}'), ToolCall("", "ehr.think", "not JSON \u00e9")),
    20,
    4,
    '[{"type": "thinking", "signature": "x"}]',
)

# The schema as format 1 had it.
FORMAT_1 = """
CREATE TABLE completions (
    call_key TEXT PRIMARY KEY, text TEXT NOT NULL, reasoning TEXT NOT NULL, finish_reason TEXT,
    refused INTEGER NOT NULL, prompt_tokens INTEGER, completion_tokens INTEGER, seconds REAL NOT NULL
) STRICT;
CREATE TABLE ledger (sent_at REAL NOT NULL, host TEXT NOT NULL, bytes INTEGER NOT NULL, qid_sha256 TEXT) STRICT;
INSERT INTO completions VALUES ('a', 'text', 'reasons', 'stop', 0, 3, NULL, 1.5);
INSERT INTO completions VALUES ('b', '', '', 'content_filter', 1, NULL, NULL, 0.0);
INSERT INTO ledger VALUES (1.0, 'host', 10, 'q');
PRAGMA user_version = 1;
"""


def recorded(path: Path, *calls: tuple[str, Completion]) -> None:
    async def record() -> None:
        with Journal(path) as journal:
            await asyncio.gather(*(journal.record(key, completion, qid_sha256="q") for key, completion in calls))

    asyncio.run(record())


def test_what_was_recorded_is_recalled(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "journal.sqlite"
    with Journal(path) as journal:
        assert journal.recall("a") is None
    recorded(path, ("a", ANSWER), ("c", CALLING))
    with Journal(path) as journal:
        assert journal.recall("a") == ANSWER
        assert journal.recall("c") == CALLING
        assert journal.recall("b") is None


@given(
    st.builds(
        Completion,
        text=st.text(),
        reasoning=st.text(),
        finish_reason=st.none() | st.text(),
        refused=st.booleans(),
        prompt_tokens=st.none() | st.integers(0, 2**63 - 1),
        completion_tokens=st.none() | st.integers(0, 2**63 - 1),
        seconds=st.floats(0, 1e6),
        tool_calls=st.lists(st.builds(ToolCall, st.text(), st.text(), st.text())).map(tuple),
        cached_tokens=st.none() | st.integers(0, 2**63 - 1),
        raw=st.none() | st.text(),
    )
)
def test_any_completion_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, completion: Completion) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    recorded(path, ("key", completion))
    with Journal(path) as journal:
        assert journal.recall("key") == completion


def test_a_record_is_on_the_disk_when_it_is_confirmed(tmp_path: Path) -> None:
    async def record() -> None:
        with Journal(tmp_path / "j") as journal:
            for number in range(5):
                await journal.record(str(number), ANSWER)
                with sqlite3.connect(tmp_path / "j") as other:
                    assert other.execute("SELECT count(*) FROM completions").fetchone() == (number + 1,)

    asyncio.run(record())


def test_many_records_share_a_synchronisation(tmp_path: Path) -> None:
    """150 records in less time than a quarter of them would take one by one."""

    async def seconds(together: int) -> float:
        with Journal(tmp_path / f"j{together}") as journal:
            await journal.record("first", ANSWER)
            started = time.perf_counter()
            for start in range(0, 150, together):
                await asyncio.gather(*(journal.record(f"{start + n}", ANSWER) for n in range(together)))
            return time.perf_counter() - started

    assert asyncio.run(seconds(150)) < asyncio.run(seconds(1)) / 4


def test_the_first_answer_under_a_key_stays(tmp_path: Path) -> None:
    recorded(tmp_path / "j", ("a", ANSWER))
    recorded(tmp_path / "j", ("a", Completion("another", "", None, True, None, None, 0.0)))
    with Journal(tmp_path / "j") as journal:
        assert journal.recall("a") == ANSWER


def test_every_file_is_private(tmp_path: Path) -> None:
    async def record() -> None:
        with Journal(tmp_path / "folder" / "j") as journal:
            await journal.record("a", ANSWER)
            files = list((tmp_path / "folder").iterdir())
            assert {file.name for file in files} == {"j", "j-wal", "j-shm"}
            assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    asyncio.run(record())
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


def test_an_answer_survives_a_kill_right_after_it(tmp_path: Path) -> None:
    script = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from clinseek_assets.models.completions import Completion\n"
        "from clinseek_assets.models.journal import Journal\n"
        "async def main():\n"
        "    journal = Journal(Path(sys.argv[1]))\n"
        "    await journal.record('a', Completion('text', 'reasons', 'stop', False, 3, None, 1.5))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "j")], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Journal(tmp_path / "j") as journal:
        assert journal.recall("a") == ANSWER


def test_format_1_is_taken_over_with_all_that_was_paid_for(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as old:
        old.executescript(FORMAT_1)
    recorded(tmp_path / "j", ("c", CALLING))
    with Journal(tmp_path / "j") as journal:
        assert journal.recall("a") == ANSWER
        assert journal.recall("b") == Completion("", "", "content_filter", True, None, None, 0.0)
        assert journal.recall("c") == CALLING
        journal.put_exchange("q", 1, ["said"])
    with sqlite3.connect(tmp_path / "j") as now:
        assert now.execute("SELECT * FROM ledger").fetchall() == [(1.0, "host", 10, "q")]
        assert now.execute("PRAGMA user_version").fetchone() == (2,)


def test_several_processes_may_take_over_format_1_at_once(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as old:
        old.executescript(FORMAT_1)
    script = (
        "import sys\nfrom pathlib import Path\nfrom clinseek_assets.models.journal import Journal\n"
        "with Journal(Path(sys.argv[1])) as journal: print(journal.recall('a').text)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "j")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in running] == ["text\n"] * 3


def test_a_file_of_format_1_that_is_being_written_is_waited_for(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as old:
        old.executescript(FORMAT_1)
    with closing(sqlite3.connect(tmp_path / "j", isolation_level=None, check_same_thread=False)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        ended = threading.Timer(0.2, writer.execute, ["COMMIT"])
        ended.start()
        with Journal(tmp_path / "j") as journal:
            assert journal.recall("a") == ANSWER
        ended.join()


def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("something else, long enough to be no database header at all" * 20)
    with pytest.raises(EndpointFault, match="journal"):
        Journal(tmp_path / "j")


def test_another_format_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "j") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(EndpointFault, match="format 99"):
        Journal(tmp_path / "j")


def test_two_runs_may_share_a_journal(tmp_path: Path) -> None:
    async def record() -> None:
        with Journal(tmp_path / "j") as one, Journal(tmp_path / "j") as other:
            await one.record("a", ANSWER)
            assert other.recall("a") == ANSWER
            await asyncio.gather(other.record("b", ANSWER), one.record("c", ANSWER))
            assert (one.recall("b"), other.recall("c")) == (ANSWER, ANSWER)

    asyncio.run(record())


def test_exchanges_and_identities_by_question_and_run(tmp_path: Path) -> None:
    exchange = [{"role": "user", "text": "x" * 100_000}, {"role": "assistant", "text": "\u00e9"}]
    with Journal(tmp_path / "j") as journal:
        journal.put_exchange("q", 1, ["an earlier one"])
        journal.put_exchange("q", 1, exchange)
        journal.put_exchange("q", 2, [])
        journal.put_identity("q", 1, {"parts": {"prompt": "1"}})
        journal.put_identity("r", 1, {"parts": {}})
    with Journal(tmp_path / "j") as journal:
        assert journal.exchange("q", 1) == exchange
        assert journal.exchange("q", 2) == []
        assert journal.exchange("r", 1) is None
        assert journal.identity("q", 1) == {"parts": {"prompt": "1"}}
        assert journal.identity("q", 2) is None
        assert dict(journal.identities()) == {("q", 1): {"parts": {"prompt": "1"}}, ("r", 1): {"parts": {}}}
    assert (tmp_path / "j").stat().st_size < 60_000  # exchanges are compressed


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    async def record() -> None:
        with Journal(tmp_path / "j") as journal:
            with sqlite3.connect(tmp_path / "j") as other:
                other.execute("DROP TABLE completions")
            with pytest.raises(EndpointFault, match="journal"):
                await journal.record("a", ANSWER)

    asyncio.run(record())


def test_what_nobody_waited_for_is_missed_at_the_end(tmp_path: Path) -> None:
    with pytest.raises(EndpointFault, match="journal"), Journal(tmp_path / "j") as journal:
        with sqlite3.connect(tmp_path / "j") as other:
            other.execute("DROP TABLE exchanges")
        journal.put_exchange("q", 1, [])
