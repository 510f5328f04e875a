"""The server itself: where it listens, and what it tells of a port that is taken."""

from __future__ import annotations

import http.client
import socket
import stat
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from clinseek_assets.browse.library import Library
from clinseek_assets.browse.serving import Served, listening, opened_in_a_browser
from clinseek_assets.faults import Fault


@contextmanager
def served(library: Library) -> Iterator[str]:
    """The address of a library that is being served."""
    with listening(0) as listener:
        server = Served(library, listener)
        running = threading.Thread(target=server.run)
        running.start()
        try:
            yield server.address
        finally:
            server.stop()
            running.join(20)


def ask(address: str, path: str, *hosts: str) -> tuple[int, str, str | None]:
    """Status, text and `Server` header of an answer to a path that is sent to the letter, with these Host headers."""
    parsed = urlparse(address)
    connection = http.client.HTTPConnection(str(parsed.hostname), parsed.port, timeout=20)
    connection.putrequest("GET", path, skip_host=True)
    for host in hosts or (parsed.netloc,):
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    told = answer.status, answer.read().decode("utf-8", "replace"), answer.getheader("server")
    connection.close()
    return told


def test_it_listens_on_the_loopback_and_holds_against_other_names(text_library: Library, caplog):
    with served(text_library) as address:
        parsed = urlparse(address)
        assert parsed.hostname == "127.0.0.1"
        status, page, server = ask(address, parsed.path)
        assert (status, server) == (200, None) and "Subtask × model × arm" in page
        assert ask(address, parsed.path, "evil.example")[0] == 421
        assert ask(address, parsed.path, parsed.netloc, "evil.example")[0] in (400, 421)
        assert ask(address, "/")[0] == 403
    assert parsed.path.strip("/") not in caplog.text


TRICKS = (
    *("picture/../../assets/manifests/text_manifest.parquet", "picture/..%2F..%2Fwarehouse.jpg", "picture/%2e%2e.jpg"),
    *("picture//etc/passwd.jpg", "picture/passwd.jpg", f"picture/{'0' * 64}.jpg", f"picture/{'g' * 64}.jpg"),
    *("question/..%2F..%2F/1", "question/text/../../1", "question/text/-1", "question/text/999999", "question/x/1"),
    *("..%2fstyle.css", "pages/page.html", "%00", "../style.css", "questions/../../../../etc/passwd"),
)


def test_paths_lead_nowhere_but_to_pages(text_library: Library):
    with served(text_library) as address:
        for trick in TRICKS:
            status, told, _ = ask(address, urlparse(address).path + trick)
            assert status in (400, 404), trick
            assert "root:" not in told and "PAR1" not in told


def test_only_the_loopback_is_bound():
    with listening(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        other = next(
            (found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)), "127.0.0.1"
        )
        if not other.startswith("127."):
            with pytest.raises(OSError), socket.create_connection((other, port), timeout=5):
                pass


def test_a_port_that_is_taken_is_said(text_library: Library):
    with listening(0) as listener, pytest.raises(Fault, match="taken"), listening(listener.getsockname()[1]):
        pass


def test_the_browser_is_opened_by_a_private_file_that_goes_away(monkeypatch: pytest.MonkeyPatch):
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    with opened_in_a_browser("http://127.0.0.1:3100/the-token/"):
        (address,) = opened
        way = Path(unquote(urlparse(address).path))
        assert "the-token" not in address and "the-token" in way.read_text()
        assert stat.S_IMODE(way.stat().st_mode) == 0o600 and stat.S_IMODE(way.parent.stat().st_mode) == 0o700
    assert not way.exists()
