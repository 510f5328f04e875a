"""A working folder belongs to one live process at a time."""

import signal
import subprocess
import sys
import textwrap

import pytest

from clinseek_assets.faults import Fault
from clinseek_assets.storage.sole_use import sole_use

HOLDER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from clinseek_assets.storage.sole_use import sole_use
    with sole_use(Path(sys.argv[1]), "sorting"):
        print("held", flush=True)
        sys.stdin.read()
""")


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, tmp_path / "work"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_another_process_is_turned_away_with_the_reason_and_the_mend(tmp_path, holder):
    with pytest.raises(Fault, match="another run is counting there") as caught, sole_use(tmp_path / "work", "counting"):
        pass
    assert str(tmp_path / "work") in caught.value.what and "Wait" in caught.value.mend
    assert holder.poll() is None


def test_a_killed_process_frees_the_folder(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with sole_use(tmp_path / "work", "counting"):
        pass


def test_afterwards_nothing_is_left_and_it_can_be_had_again(tmp_path):
    for _ in range(2):
        with sole_use(tmp_path, "counting"):
            with pytest.raises(Fault), sole_use(tmp_path, "counting"):
                pass
            assert [path.name for path in tmp_path.iterdir()] == [".in-use"]
        assert list(tmp_path.iterdir()) == []


def test_many_at_once_never_overlap(tmp_path):
    """Each appends two lines; a folder that two had at once would show them interleaved."""
    program = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from clinseek_assets.faults import Fault
        from clinseek_assets.storage.sole_use import sole_use
        folder, name, done = Path(sys.argv[1]), sys.argv[2], 0
        while done < 40:
            try:
                with sole_use(folder / "work", "appending"), open(folder / "log", "a") as log:
                    for _ in range(2):
                        log.write(name + "\\n")
                        log.flush()
                    done += 1
            except Fault:
                continue
    """)
    running = [subprocess.Popen([sys.executable, "-c", program, tmp_path, name]) for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    lines = (tmp_path / "log").read_text().split()
    assert len(lines) == 240
    assert all(first == second for first, second in zip(lines[0::2], lines[1::2], strict=True))
