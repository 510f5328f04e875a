"""Files appear whole or not at all, and private."""

import signal
import stat
import subprocess
import sys
import textwrap

import pytest

from clinseek_assets.storage.atomic import UNFINISHED, private_folder, sweep, whole_file, write_text


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_replaces_what_was_there_and_is_private(tmp_path):
    path = tmp_path / "new" / "table.txt"
    write_text(path, "old")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert names_in(path.parent) == ["table.txt"]


def test_every_folder_that_is_made_on_the_way_is_private(tmp_path):
    made = private_folder(tmp_path / "a" / "b" / "c")
    assert made == private_folder(made)
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (made, *made.parents[:2])} == {0o700}


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "table.txt"
    write_text(path, "old")
    with pytest.raises(ZeroDivisionError), whole_file(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["table.txt"]


def test_a_killed_writer_leaves_only_what_is_swept(tmp_path):
    path = tmp_path / "table.txt"
    program = textwrap.dedent("""
        import os, signal, sys
        from pathlib import Path
        from clinseek_assets.storage.atomic import whole_file
        with whole_file(Path(sys.argv[1])) as temporary:
            temporary.write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """)
    killed = subprocess.run([sys.executable, "-c", program, str(path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not path.exists()
    assert [name.startswith(UNFINISHED) for name in names_in(tmp_path)] == [True]
    assert sweep(tmp_path) == 1
    assert names_in(tmp_path) == []
