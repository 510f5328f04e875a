"""The page's server: on the loopback, for one reader, until it is stopped."""

from __future__ import annotations

import errno
import socket
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import uvicorn

from clinseek_assets.browse.app import application
from clinseek_assets.browse.guard import LOOPBACK, Guard, new_token
from clinseek_assets.browse.library import Library
from clinseek_assets.faults import Fault

TELLING_SECONDS = 2  # a page that is being sent when Ctrl-C is pressed may take this long


@contextmanager
def listening(port: int) -> Iterator[socket.socket]:
    """A socket that listens on the loopback.

    Args:
        port: the port; 0 for any that is free.

    Raises:
        Fault: the port is taken.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise Fault(
                f"Port {port} cannot be used: it is taken or not yours.", mend="Name another with --port."
            ) from None
        listener.listen()
        yield listener


class Served:
    """One server over a library.

    Args:
        library: what it shows.
        listener: where it listens; see `listening`.
    """

    def __init__(self, library: Library, listener: socket.socket) -> None:
        token, port = new_token(), listener.getsockname()[1]
        self.address = f"http://{LOOPBACK}:{port}/{token}/"
        self._listener = listener
        config = uvicorn.Config(
            Guard(application(library), token, port),
            log_config=None,  # addresses hold the token, and filters
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=TELLING_SECONDS,
        )
        self._server = uvicorn.Server(config)

    def run(self) -> None:
        """Serve until Ctrl-C, or until `stop`."""
        self._server.run(sockets=[self._listener])

    def stop(self) -> None:
        """Let `run` end."""
        self._server.should_exit = True


@contextmanager
def opened_in_a_browser(address: str) -> Iterator[None]:
    """Open the address in the reader's browser, by way of a private file: other users of the machine can read the
    arguments that a program is started with, and so would see the token.
    """
    with tempfile.TemporaryDirectory(prefix="clinseek-browse-") as folder:
        way = Path(folder) / "open.html"
        way.touch(mode=0o600)
        way.write_text(f'<meta http-equiv="refresh" content="0; url={escape(address)}">', encoding="utf-8")
        webbrowser.open(way.as_uri())
        yield
