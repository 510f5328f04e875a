"""Who is let in: the loopback's own name, the token, reading alone."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from clinseek_assets.browse.app import application
from clinseek_assets.browse.guard import Guard, new_token
from clinseek_assets.browse.library import Library

TOKEN, PORT = "a-token-of-the-test", 3100
HOME = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def client(text_library: Library) -> TestClient:
    return TestClient(Guard(application(text_library), TOKEN, PORT), base_url=HOME)


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}", f"LocalHost:{PORT}"])
def test_this_machine_s_own_names_are_answered(client: TestClient, host: str):
    assert client.get(f"/{TOKEN}/", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil.example:{PORT}"),
        *(f"0.0.0.0:{PORT}", f"[::1]:{PORT}", f"user@127.0.0.1:{PORT}", ""),
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(client: TestClient, host: str):
    answer = client.get(f"/{TOKEN}/", headers={"host": host})
    assert answer.status_code == 421
    assert "<html" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/questions", "/question/text/1", "/picture/" + "0" * 64 + ".jpg", "/style.css"),
        *(f"/{TOKEN[:-1]}/", f"/{TOKEN}x/", f"/{TOKEN.upper()}/", f"//{TOKEN}/", f"/x/{TOKEN}/", "/%C3%A9/"),
    ],
)
def test_without_the_token_nothing_is_told(client: TestClient, path: str):
    answer = client.get(path)
    assert answer.status_code == 403
    assert TOKEN not in answer.text and "clinseek browse" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_answered(client: TestClient, method: str):
    assert client.request(method, f"/{TOKEN}/questions").status_code == 405


@pytest.mark.parametrize("path", [f"/{TOKEN}/", f"/{TOKEN}/style.css", f"/{TOKEN}/nowhere", "/"])
def test_every_answer_forbids_scripts_strangers_and_caches(client: TestClient, path: str):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "script-src" not in policy and "unsafe" not in policy
    assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY" and headers["x-content-type-options"] == "nosniff"


def test_tokens_cannot_be_guessed():
    tokens = {new_token() for _ in range(50)}
    assert len(tokens) == 50 and all(len(token) >= 32 for token in tokens)
