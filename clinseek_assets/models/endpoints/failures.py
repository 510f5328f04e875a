"""How a call can fail."""

from __future__ import annotations


class CallError(Exception):
    """A question that got no answer from its endpoint; `kind` says why, in one word."""

    def __init__(self, kind: str, retry_after: float = 0.0, *, again: bool = True) -> None:
        super().__init__(kind)
        self.kind = kind
        self.retry_after = retry_after
        self.again = again
