"""A real HTTP server on the loopback interface that plays an endpoint by a script."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


@dataclass
class Endpoint:
    """What the server was asked, and how it answers: the scripted replies in turn, then the last one for good."""

    script: list[Reply]
    models: list[str] = field(default_factory=lambda: ["served-model"])
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    port: int = 0
    busy: int = 0
    busiest: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_reply(self, body: dict[str, Any]) -> Reply:
        with self.lock:
            self.requests.append(body)
            return self.script[min(len(self.requests), len(self.script)) - 1]


def send_json(handler: BaseHTTPRequestHandler, body: Any, status: int = 200, **headers: str) -> None:
    content = json.dumps(body).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def chat(text: str | None, finish: str = "stop", **message: Any) -> Reply:
    """A well-formed answer."""
    body = {
        "choices": [{"message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7},
    }
    return lambda handler, _: send_json(handler, body)


def block(*answers: str) -> Reply:
    return chat("Thinking aloud.\n<answer>\n" + "\n".join(answers) + "\n</answer>")


def failing(status: int, **headers: str) -> Reply:
    return lambda handler, _: send_json(handler, {"error": {"message": "no"}}, status, **headers)


def hanging(seconds: float) -> Reply:
    def reply(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return reply


def cut_short(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Promises more bytes than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"mess')
    handler.close_connection = True


def not_json(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    content = b"<html>gateway</html>"
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def dripping(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    """Sends a byte now and then, so that no single read ever times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(40):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.05)


@contextmanager
def serving(*script: Reply, models: list[str] | None = None) -> Iterator[Endpoint]:
    """A running endpoint; stopped at the end."""
    endpoint = Endpoint(list(script) or [block("yes")])
    if models is not None:
        endpoint.models = models

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            endpoint.paths.append(self.path)
            endpoint.headers.append(dict(self.headers))
            send_json(self, {"data": [{"id": name} for name in endpoint.models]})

        def do_POST(self) -> None:
            endpoint.paths.append(self.path)
            endpoint.headers.append(dict(self.headers))
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with endpoint.lock:
                endpoint.busy += 1
                endpoint.busiest = max(endpoint.busiest, endpoint.busy)
            try:
                endpoint.next_reply(body)(self, body)
            except OSError:
                self.close_connection = True
            finally:
                with endpoint.lock:
                    endpoint.busy -= 1

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
