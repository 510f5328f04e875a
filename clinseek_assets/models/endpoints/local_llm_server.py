"""`python -m` this: llama.cpp's server, for as long as whoever started it lives.

Whoever starts it keeps the other end of its standard input open and writes nothing. However that process ends, killed
without a chance to clean up included, the system closes that end, and the server ends with it.
"""

from __future__ import annotations

import os
import runpy
import sys
import threading


def main() -> None:
    """Serve, with llama.cpp's own command line."""
    threading.Thread(target=_end_with_the_starter, name="end with the starter", daemon=True).start()
    runpy.run_module("llama_cpp.server", run_name="__main__", alter_sys=True)


def _end_with_the_starter() -> None:
    while os.read(sys.stdin.fileno(), 1024):  # returns nothing when the other end is closed
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
