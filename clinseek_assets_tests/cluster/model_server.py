"""A model server on one address that takes its time and keeps a record of who asked what."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from clinseek_assets_tests.models.loopback import send_json

MARK = "asked"  # stands before the question's hash in the answer, so that a journal tells which questions it holds


@dataclass(frozen=True)
class Asked:
    """One request, when it was answered in full."""

    host: str
    model: str
    question: str  # a hash of the messages
    at: float


@dataclass
class ModelServer:
    """What was asked, and what is being answered."""

    url: str
    seconds: float
    answered: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def times_answered(self) -> Counter[tuple[str, str]]:
        """How often each model answered each question."""
        with self.lock:
            return Counter((each.model, each.question) for each in self.answered)

    def by_host(self) -> Counter[str]:
        with self.lock:
            return Counter(each.host for each in self.answered)

    def reply(self, host: str, body: dict[str, Any]) -> dict[str, Any]:
        """Answer after a while: the candidate that the question's own hash picks, so that every run gets the same."""
        model, messages = str(body["model"]), json.dumps(body["messages"], sort_keys=True)
        question = hashlib.sha256(messages.encode()).hexdigest()
        time.sleep(self.seconds)
        with self.lock:
            self.answered.append(Asked(host, model, question, time.time()))
        answer = "yes" if int(hashlib.sha256(f"{model} {question}".encode()).hexdigest(), 16) % 2 else "no"
        text = f"{MARK} {question}\n<answer>\n{answer}\n</answer>"
        return {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": len(messages) // 4, "completion_tokens": 5},
        }


@contextmanager
def model_server(address: str, seconds: float) -> Iterator[ModelServer]:
    """A running server; stopped at the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            send_json(self, {"data": []})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                send_json(self, server.reply(str(self.client_address[0]), body))
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer((address, 0), Handler)
    http.daemon_threads = True
    server = ModelServer(f"http://{address}:{http.server_address[1]}/v1", seconds)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
