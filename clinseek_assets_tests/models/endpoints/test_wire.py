"""What carries requests: compressed answers, no proxy for plain http, connections that are kept."""

from __future__ import annotations

import gzip
import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from clinseek_assets_tests.models.cases import chat_model
from clinseek_assets_tests.models.endpoints.asking import ask, ask_all, request
from clinseek_assets_tests.models.loopback import block, serving


def compressed(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
    answer = {"choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}]}
    content = gzip.compress(json.dumps(answer).encode())
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def test_a_compressed_answer_is_read(tmp_path: Path) -> None:
    with serving(compressed) as endpoint:
        assert ask(tmp_path, chat_model(endpoint.url)).text == "yes"
    assert "gzip" in {name.lower(): value for name, value in endpoint.headers[0].items()}["accept-encoding"]


def test_plain_http_passes_no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would read what is asked."""
    with serving(block("no")) as proxy, serving(block("yes")) as endpoint:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert "yes" in ask(tmp_path, chat_model(endpoint.url)).text
    assert proxy.requests == []


def test_connections_are_kept_and_no_more_than_allowed(tmp_path: Path) -> None:
    clients: set[tuple[str, int]] = set()

    def counts(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        clients.add(handler.client_address)
        block("yes")(handler, body)

    with serving(counts) as endpoint:
        ask_all(tmp_path, chat_model(endpoint.url, max_concurrency=3), [(request(), str(n)) for n in range(30)])
    assert len(endpoint.requests) == 30 and len(clients) <= 3
