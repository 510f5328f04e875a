"""A curated context that does not fit a model's window, with its oldest events left out visibly.

The published drivers cut such a prompt at its left end without a word, task and all. Here the header blocks and the
latest events stay, since questions are about what comes next.
"""

from __future__ import annotations

from clinseek_assets.contexts.timeline_text import HEADING, events_of


def shortened(context: str, keep: int) -> str:
    """The context in at most about so many bytes; itself where it is no longer.

    Args:
        context: in the published layout; of any other text the end stays.
        keep: bytes; the header blocks and the last event stay whatever it says.
    """
    size = len(context.encode())
    if size <= keep:
        return context
    starts = [heading.start() for heading in HEADING.finditer(context)]
    events = starts[len(starts) - len(events_of(context)) :]
    if len(events) < 2:
        return _end_of(context, keep)
    header = context[: events[0]]
    room = keep - len(header.encode())
    # From the second event on: the first start whose rest fits, or else the last event alone.
    first = next((start for start in events[1:] if len(context[start:].encode()) <= room), events[-1])
    left_out = events.index(first)
    notice = f"[{left_out:,} earlier events of this timeline are left out: they do not fit the context window.]\n\n\n\n"
    return header + notice + context[first:]


def _end_of(text: str, keep: int) -> str:
    shown = text.encode()[-keep:].decode(errors="ignore") if keep > 0 else ""
    left_out = len(text) - len(shown)
    return f"[{left_out:,} characters at the beginning are left out: they do not fit the context window.]\n{shown}"
