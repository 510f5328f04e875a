from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.completions import Completion
from clinseek_assets.models.journal import Journal

ANSWER = Completion("text", "reasons", "stop", False, 3, None, 1.5)


def test_what_was_recorded_is_recalled(tmp_path: Path) -> None:
    with Journal(tmp_path / "folder" / "journal.sqlite") as journal:
        assert journal.recall("a") is None
        journal.record("a", ANSWER)
    with Journal(tmp_path / "folder" / "journal.sqlite") as journal:
        assert journal.recall("a") == ANSWER
        assert journal.recall("b") is None


def test_the_first_answer_under_a_key_stays(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal:
        journal.record("a", ANSWER)
        journal.record("a", Completion("another", "", None, True, None, None, 0.0))
        assert journal.recall("a") == ANSWER


def test_every_file_is_private(tmp_path: Path) -> None:
    with Journal(tmp_path / "folder" / "j") as journal:
        journal.record("a", ANSWER)
        files = list((tmp_path / "folder").iterdir())
        assert {file.name for file in files} == {"j", "j-wal", "j-shm"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700


def test_an_answer_survives_a_kill_right_after_it(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from clinseek_assets.models.completions import Completion\n"
        "from clinseek_assets.models.journal import Journal\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "journal.record('a', Completion('text', 'reasons', 'stop', False, 3, None, 1.5))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path / "j")], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Journal(tmp_path / "j") as journal:
        assert journal.recall("a") == ANSWER


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
    with Journal(tmp_path / "j") as one, Journal(tmp_path / "j") as other:
        one.record("a", ANSWER)
        assert other.recall("a") == ANSWER
        other.record("b", ANSWER)
        assert one.recall("b") == ANSWER
