"""`clinseek browse` as a user starts and stops it."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("clinseek")


def test_it_prints_its_address_and_ends_with_ctrl_c(tmp_path: Path):
    environment = {"CLINSEEK_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    command = [PROGRAM, "browse", "--port", "0", "--no-open"]
    server = subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background hands down an ignored Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert server.stderr is not None
    address = server.stderr.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    try:
        urllib.request.urlopen(address, timeout=20)
    except urllib.error.HTTPError as told:
        assert told.code == 404 and "clinseek demo" in told.read().decode()
    server.send_signal(signal.SIGINT)
    assert server.wait(20) == 0
    assert "Traceback" not in server.stderr.read()
    assert not (tmp_path / "home").exists()
