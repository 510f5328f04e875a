"""How tables with paths in them, and sizes, are printed."""

from __future__ import annotations

from rich.console import Console

UNWRAPPED = 400  # characters a line


def path_console() -> Console:
    """A console for standard output that wraps lines on a terminal only: in a file or a pipe a path stays whole."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNWRAPPED
    return console


def readable(size: int) -> str:
    """A number of bytes for people."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"
