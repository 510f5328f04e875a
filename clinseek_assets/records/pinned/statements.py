"""What may be asked of a pinned record at all: one SELECT, WITH or VALUES a call, of bearable length."""

from __future__ import annotations

import re

from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.views import RESERVED

LONGEST_STATEMENT = 100_000
FIRST_WORDS = ("SELECT", "WITH", "VALUES")

# SQLite's own tokens, as far as they may hide a semicolon: texts and quoted names (a doubled quote stands for one, and
# one that never ends goes on to the end), comments, and what lies between.
TOKEN = re.compile(
    r"""'(?:[^']|'')*+(?:'|\Z) | "(?:[^"]|"")*+(?:"|\Z) | `(?:[^`]|``)*+(?:`|\Z) | \[[^\]]*+(?:\]|\Z)
      | (?P<nothing> --[^\n]*+(?:\n|\Z) | /\*.*?(?:\*/|\Z) | [ \t\n\f\r]+ )
      | (?P<end> ; ) | [^'"`\[;/ \t\n\f\r-][^'"`\[;/-]*+ | .""",
    re.VERBOSE | re.DOTALL,
)
FIRST_WORD = re.compile(r"\w*")


def checked(statement: str) -> str:
    """The statement without what follows its end, if it may be prepared.

    Raises:
        Refusal: it is too long, names what is reserved, is not one statement, or is of another kind.
    """
    if len(statement) > LONGEST_STATEMENT:
        raise Refusal("wrong_statement", f"The statement is longer than {LONGEST_STATEMENT:,} characters.")
    if RESERVED in statement.casefold():
        raise Refusal("not_allowed", f"Names that contain «{RESERVED}» are reserved; choose another.")
    if "\0" in statement:
        raise Refusal("wrong_statement", "The statement contains a null character.")
    tokens = [token for token in TOKEN.finditer(statement) if token["nothing"] is None]
    while tokens and tokens[-1]["end"] is not None:
        tokens.pop()
    if not tokens:
        raise Refusal("wrong_statement", "The statement is empty.")
    if any(token["end"] is not None for token in tokens):
        raise Refusal("wrong_statement", "Give one statement a call.")
    if _first_word(tokens[0][0]) not in FIRST_WORDS:
        raise Refusal("not_allowed", "The record can only be read: begin with SELECT, WITH or VALUES.")
    return statement[: tokens[-1].end()].rstrip()


def _first_word(text: str) -> str:
    found = FIRST_WORD.match(text)
    return found[0].upper() if found else ""
