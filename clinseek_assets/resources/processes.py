"""Processes by name: a name that no later process has, and that no change of the clock touches."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil

BOOT = Path("/proc/sys/kernel/random/boot_id")
START_FIELD = 19  # of /proc/<pid>/stat, counted from the state, which follows the name in brackets


def this_process() -> str:
    """Names this process: machine, boot, number, and when it was started, counted from the boot."""
    return f"{socket.gethostname()} {_boot()} {os.getpid()} {_started(os.getpid())}"


def is_gone(name: str) -> bool:
    """Whether the process of that name ran on this machine and has ended; of other machines nothing is known."""
    host, _, rest = name.partition(" ")
    if host != socket.gethostname():
        return False
    try:
        boot, number, started = rest.split(" ")
        return boot != _boot() or _started(int(number)) != started
    except (ValueError, OSError, psutil.Error):
        return True


def is_there(number: int) -> bool:
    """Whether a process of this machine has that number and has not ended; one that nobody has waited for has ended."""
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _boot() -> str:
    return BOOT.read_text(encoding="ascii").strip() if BOOT.is_file() else "-"


def _started(number: int) -> str:
    """When a process was started: in ticks since the boot where the system tells, since the wall clock may be set."""
    if BOOT.is_file():
        told = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        return "ended" if told[0] == "Z" else told[START_FIELD]
    return f"{psutil.Process(number).create_time():.0f}"
