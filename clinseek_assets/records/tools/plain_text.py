"""Plain text in SQL: what a model writes is never a pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clinseek_assets.records.tools.mistakes import Mistake

LONGEST_KEYWORD = 200  # SQLite bounds patterns, and each character may have to be escaped
_SPECIAL = re.compile(r"[\\%_]")


@dataclass(frozen=True)
class Contained:
    """A text that a column has to contain.

    Attributes:
        values: patterns, one of which has to fit; a text without letters stands for itself.
        condition: SQL with a placeholder, on an expression that is filled in.
    """

    values: tuple[str, ...]
    condition: str

    def condition_on(self, expression: str) -> str:
        """The condition in SQL, with a placeholder for each of `values`."""
        return f"({' OR '.join([self.condition.format(expression)] * len(self.values))})"


def contains(keyword: str) -> Contained:
    """That a column contains a keyword, whatever its case; SQLite itself knows cases of ASCII letters alone.

    Raises:
        Mistake: the keyword is too long.
    """
    text = keyword.strip()
    if len(text) > LONGEST_KEYWORD:
        raise Mistake("bad_arguments", f"A keyword has at most {LONGEST_KEYWORD} characters; this one has {len(text)}.")
    if text.upper() == text.lower():
        return Contained((text,), "instr({}, ?)")  # a fifth faster, which counts over many columns
    written = dict.fromkeys([text] if text.isascii() else [text, text.lower(), text.upper()])
    patterns = (_SPECIAL.sub(lambda found: chr(92) + found[0], one) for one in written)
    return Contained(tuple(f"%{pattern}%" for pattern in patterns), r"{} LIKE ? ESCAPE '\'")
