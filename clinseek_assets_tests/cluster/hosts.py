"""Hosts on one machine: a head and workers, each in a network namespace of its own where the machine allows it.

A host has its own address, its own name, and its own folder at a path that is the same on all: what one writes there
the others do not see. Where namespaces are not allowed, all are plain processes on the loopback address.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

NETWORK = "10.231.77"
NEW_NETWORK = 0x40000000  # CLONE_NEWNET


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def namespaces_allowed() -> bool:
    """Whether this user may make namespaces and virtual cables."""
    name = f"try-{secrets.token_hex(3)}"
    try:
        run("ip", "netns", "add", name)
        run("ip", "netns", "exec", name, "unshare", "--uts", "--mount", "true")
        run("ip", "-n", name, "link", "add", "try", "type", "bridge")
    except (OSError, subprocess.CalledProcessError):
        return False
    finally:
        with suppress(OSError):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return True


@dataclass
class Host:
    """One host: how a process is started on it, and those that were."""

    name: str
    address: str
    namespace: str = ""
    own: tuple[Path, Path] | None = None  # its own folder, and where it stands on the host
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str], folder: Path
    ) -> subprocess.Popen[bytes]:
        """Start a process that leads a group of its own."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                self._on_host(command),
                env={**os.environ, **environment},
                cwd=folder,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def kill(self) -> None:
        """Everything on the host is gone at once, as when its plug is pulled."""
        for process in self.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, SIGKILL)
            process.wait()
        if self.namespace:
            found = subprocess.run(["ip", "netns", "pids", self.namespace], capture_output=True, text=True, check=True)
            for number in found.stdout.split():
                with suppress(ProcessLookupError):
                    os.kill(int(number), SIGKILL)
        self.started.clear()

    def _on_host(self, command: Sequence[str]) -> list[str]:
        if not self.namespace:
            return list(command)
        steps = [f"hostname {self.name}"]
        if self.own:
            steps.append(f"mount --bind {shlex.quote(str(self.own[0]))} {shlex.quote(str(self.own[1]))}")
        within = " && ".join([*steps, f"exec {shlex.join(command)}"])
        return ["ip", "netns", "exec", self.namespace, "unshare", "--uts", "--mount", "sh", "-c", within]


@contextmanager
def connected(workers: Sequence[str], apart: bool) -> Iterator[tuple[Host, list[Host]]]:
    """A head and workers that reach each other; inside, this thread and what it starts are on the head.

    Args:
        workers: the names of the workers.
        apart: whether in namespaces; otherwise all is on the loopback address.
    """
    if not apart:
        head, others = Host("head", "127.0.0.1"), [Host(name, "127.0.0.1") for name in workers]
        try:
            yield head, others
        finally:
            for host in [*others, head]:
                host.kill()
        return
    mark = secrets.token_hex(3)
    names = [f"clinseek-{mark}-{name}" for name in ("head", *workers)]
    try:
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", names[0], "link", "add", "cluster", "type", "bridge")
        run("ip", "-n", names[0], "addr", "add", f"{NETWORK}.1/24", "dev", "cluster")
        run("ip", "-n", names[0], "link", "set", "cluster", "up")
        hosts = []
        for place, (short, name) in enumerate(zip(workers, names[1:], strict=True), start=2):
            cable = f"c{mark}{place}"
            run("ip", "-n", names[0], "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", name)
            run("ip", "-n", names[0], "link", "set", cable, "master", "cluster", "up")
            run("ip", "-n", name, "addr", "add", f"{NETWORK}.{place}/24", "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
            hosts.append(Host(short, f"{NETWORK}.{place}", name))
        head = Host("head", f"{NETWORK}.1", "")
        with _on(names[0]):
            try:
                yield head, hosts
            finally:
                for host in [*hosts, head]:
                    host.kill()
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


@contextmanager
def _on(namespace: str) -> Iterator[None]:
    """This thread in a network namespace; what it starts inherits it."""
    libc = ctypes.CDLL(None, use_errno=True)
    with Path("/proc/thread-self/ns/net").open() as before, Path(f"/run/netns/{namespace}").open() as there:
        if libc.setns(there.fileno(), NEW_NETWORK):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            yield
        finally:
            libc.setns(before.fileno(), NEW_NETWORK)
