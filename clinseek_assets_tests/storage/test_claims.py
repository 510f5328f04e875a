"""Claims: one holder at a time, over threads and processes, and none after its holder has died."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clinseek_assets.faults import Fault
from clinseek_assets.storage.claims import claimed

HOLD = """
import sys
from pathlib import Path
from clinseek_assets.storage.claims import claimed
print(claimed(Path(sys.argv[1])) is not None, flush=True)
sys.stdin.read()
"""


def test_a_claim_is_of_one_until_it_is_given_back(tmp_path: Path):
    path = tmp_path / "claims" / "a.lock"
    first = claimed(path)
    assert first is not None
    assert claimed(path) is None
    assert claimed(path.with_name("b.lock")) is not None
    first.give_back()
    assert claimed(path) is not None
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_killed_holder_holds_nothing(tmp_path: Path):
    path = tmp_path / "a.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline().strip() == "True"
        assert claimed(path) is None
    finally:
        holder.kill()
        holder.communicate()
    assert claimed(path) is not None


def test_a_folder_that_cannot_be_is_a_fault(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="keep off each other's work"):
        claimed(tmp_path / "file" / "a.lock")
