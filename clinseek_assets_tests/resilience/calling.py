"""`clinseek` in a process of its own, as a user calls it; folders on disks that are small, or that are read-only."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = Path(sys.executable).with_name("clinseek")
SECONDS = 900.0  # on a machine that is busy with other work


def start(environment: Mapping[str, str], *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start `clinseek` with arguments, behind a program that changes its world (`before`)."""
    return subprocess.Popen(
        [*before, str(PROGRAM), *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and all that was told."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    finally:
        process.kill()  # nothing where it has ended
    return process.returncode, out + err


def call(environment: Mapping[str, str], *arguments: str, before: tuple[str, ...] = ()) -> tuple[int, str]:
    """Call `clinseek` to its end."""
    return ended(start(environment, *arguments, before=before))


def clear_error(code: int, told: str, *words: str) -> None:
    """Hold that a call ended with a clear error: code 1, no traceback, and these words."""
    assert code == 1, told
    assert "Traceback" not in told, told
    for word in words:
        assert word in told, told


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """Something mounted at a folder; the test is skipped where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["mount", *options, str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing may be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that nobody can write to, root neither."""
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
