"""A page as the browser tools show it: numbered lines of plain text.

What a page says is data. Control characters, invisible and direction marks are taken out, and the delimiters by which
chat templates mark who speaks are broken up, so that no page can pass its text off as somebody else's turn. Every line
is shown behind its number, so that none can pass for a notice of the tools either.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

WIDTH = 160  # characters a line
KEPT = "\n\t"
UNSEEN = ("Cc", "Cf", "Cs", "Co")  # Unicode's control, format, surrogate and private signs
# The openings of special tokens of chat templates: <|im_start|>, <｜User｜>, [INST], <s>, <start_of_turn>, <think> …
SPECIAL = re.compile(r"<(?=[|｜])|(?<=[|｜])>|\[(?=/?(?:INST|SYS|TOOL_|AVAILABLE_TOOLS))", re.IGNORECASE)
TAG = re.compile(
    r"<(?=/?(?:s|think|tool_call|tool_response|function|start_of_turn|end_of_turn|bos|eos)\b)", re.IGNORECASE
)


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        name: by which it can be opened: a path below the corpus, or a web address.
        title: its title.
        text: plain text.
    """

    name: str
    title: str
    text: str

    @cached_property
    def lines(self) -> Sequence[str]:
        """The text as lines of bounded width."""
        wrapped = (textwrap.wrap(line, WIDTH) or [""] for line in plain(self.text).split("\n"))
        return [part for lines in wrapped for part in lines]


def plain(text: str) -> str:
    """The text without anything that is more than text (see the module's docstring)."""
    text = re.sub("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    text = "".join(sign for sign in text if sign in KEPT or unicodedata.category(sign) not in UNSEEN)
    return TAG.sub("< ", SPECIAL.sub(lambda found: f"{found[0]} " if found[0] != ">" else " >", text))


def one_line(text: str, length: int) -> str:
    """The text on one line, cut with an ellipsis where it is longer."""
    line = " ".join(plain(text).split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"
