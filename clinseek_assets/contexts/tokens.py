"""Lengths of texts in tokens, by a real tokenizer that needs no download.

The counts are approximations: every model family has a tokenizer of its own, and this is one of them (Tekken, whose
vocabulary mistral-common ships in its package). They are good for forecasts and for seeing what will not fit a context
window, not for bills.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

VOCABULARY = "tekken_240911.json"


@cache
def _tokenizer() -> Tekkenizer:
    """The tokenizer, imported and read once a process (about a second), by those only who count."""
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    return Tekkenizer.from_file(Path(str(files("mistral_common") / "data" / VOCABULARY)))


def count_tokens(text: str) -> int:
    """How many tokens a text has in the Tekken vocabulary, without start and end marks; 0 for the empty text.

    Args:
        text: of any length; marks of special tokens inside it count as the plain text that they are.
    """
    return len(_tokenizer().encode(text, bos=False, eos=False))


def count_all(texts: Sequence[str | None]) -> list[int | None]:
    """`count_tokens` of each text, None where there is none.

    The tokenizer leaves Python's lock while it works, so threads are enough. It is read before they start: each of
    them would read it for itself, and all would wait for all of that.
    """
    if any(text is not None for text in texts):
        _tokenizer()
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda text: None if text is None else count_tokens(text), texts))
