"""The key under which two spellings of an answer are the same answer in strict scoring."""

from __future__ import annotations

import unicodedata


def answer_key(text: str) -> str:
    """The key of `text`: NFKC, case folded, spaces collapsed and trimmed.

    Typographic quotes, hyphens and punctuation stay as they are: NFKC does not fold them, and neither do we, since a
    vocabulary may hold both spellings. Folding case can undo NFKC, so it is applied again.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())
