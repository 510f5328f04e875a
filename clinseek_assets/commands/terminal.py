"""How tables with paths in them are printed."""

from __future__ import annotations

from rich.console import Console

UNWRAPPED = 400  # characters a line


def path_console() -> Console:
    """A console for standard output that wraps lines on a terminal only: in a file or a pipe a path stays whole."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNWRAPPED
    return console
