"""From SQLite's errors to refusals in our own words.

SQLite's texts can name what lies behind the views; none is passed on. A name is repeated only where the statement
itself contains it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import apsw

from clinseek_assets.records.pinned.answers import Refusal
from clinseek_assets.records.pinned.views import RESERVED

WORD = re.compile(r"\w+")
TRIM_SET_TOO_LONG = "too many characters to trim"
NOT_VALID = "The statement is not valid SQL (SQLite's dialect)."


@dataclass(frozen=True)
class Served:
    """What a statement may name: tables and their columns."""

    tables: Mapping[str, tuple[str, ...]]

    def list_tables(self) -> str:
        """A sentence that lists the tables."""
        return f"The tables are {', '.join(self.tables)}."

    def list_columns(self, statement: str) -> str:
        """A sentence a table that the statement mentions, with its columns."""
        words = {word.casefold() for word in WORD.findall(statement)}
        named = [table for table in self.tables if table in words]
        return " ".join(f"The columns of {table} are {', '.join(self.tables[table])}." for table in named)


@dataclass(frozen=True)
class _Words:
    """How an error of SQLite's is told: a pattern of its text, and our words for the name in it."""

    pattern: re.Pattern[str]
    tell: Callable[[str, str, Served], str]


def _no_column(name: str, statement: str, served: Served) -> str:
    return f"There is no column {name}. {served.list_columns(statement)}".strip()


def no_table(name: str, served: Served) -> str:
    """That a table is not there, and which are."""
    return f"There is no table {name}. {served.list_tables()}"


def no_function(name: str) -> str:
    """That a function may not be called."""
    return f"The function {name} is not available."


_KNOWN = (
    _Words(re.compile(r"no such column: (.+)"), _no_column),
    _Words(re.compile(r"no such table: (.+)"), lambda name, _, served: no_table(name, served)),
    _Words(re.compile(r"no such function: (.+)"), lambda name, _, __: no_function(name)),
    _Words(
        re.compile(r"ambiguous column name: (.+)"),
        lambda name, _, __: f"Several tables have a column {name}: write table.column.",
    ),
    _Words(re.compile(r'near "(.+)": syntax error'), lambda name, _, __: f"{NOT_VALID} It fails near «{name}»."),
    _Words(
        re.compile(r"wrong number of arguments to function (.+)\(\)"),
        lambda name, _, __: f"The function {name} takes another number of arguments.",
    ),
    _Words(
        re.compile(r"misuse of (?:aliased )?(?:aggregate|window)(?: function)?:? (\w+).*"),
        lambda name, _, __: (
            f"{name} may not stand there: aggregates and window functions belong after SELECT, "
            "conditions on them in HAVING or in a query around it."
        ),
    ),
    _Words(
        re.compile(r"circular reference: (.+)"),
        lambda name, _, __: f"The common table expression {name} refers to itself; give it another name.",
    ),
)
# Errors that are told alike whatever they name: a piece of their text, and our words. The first that fits counts.
_TOLD_ALIKE = (
    ("incomplete input", "The statement ends too early."),
    ("unrecognized token", f"{NOT_VALID} A text or name is perhaps not closed."),
    ("cannot modify", "The record can only be read."),
    ("same number of result columns", "The parts of a compound SELECT differ in their number of columns."),
    ("same number of terms", "The rows of VALUES differ in their number of values."),
    ("present in both tables", "A column in USING (…) is not in both tables: join with ON."),
    ("is not a function", "A table takes no arguments."),
    ("out of range - should be between", "ORDER BY or GROUP BY names a column by a number that there is not."),
    ("sub-select returns", "A subquery in the place of a value may have one column only."),
    ("datatype mismatch", "LIMIT and OFFSET take whole numbers."),
    ("integer overflow", "A whole number grew too large: calculate with 1.0 * the value."),
    ("string or blob too big", "A value is longer than allowed: take pieces with substr()."),
    ("pattern too complex", "The LIKE or GLOB pattern is too long."),
    (TRIM_SET_TOO_LONG, "The set of characters to trim is too long."),
    ("number of bindings", "The statement has placeholders (?) for which there are no values: write the values."),
    ("codec can't decode", "A value is no valid text: do not cast binary values to text."),
    ("nested too deep", "Subqueries or common table expressions are nested too deeply."),
    ("Recursion limit", "An expression is nested too deeply."),
    ("Expression tree is too large", "An expression is nested too deeply."),
    ("parser stack overflow", "An expression is nested too deeply."),
    ("too many", "The statement has too many columns, terms or tables."),
    ("GROUP BY", "GROUP BY or HAVING stands where it may not."),
)


def refusal_of(error: Exception, statement: str, served: Served) -> Refusal:
    """What a model is told of an error that SQLite found in its statement."""
    text = str(error).removeprefix("SQLError: ")
    for words in _KNOWN:
        found = words.pattern.fullmatch(text)
        if found and _is_in(found[1], statement):
            return Refusal("wrong_statement", words.tell(found[1], statement, served))
    for piece, told in _TOLD_ALIKE:
        if piece in text:
            return Refusal("wrong_statement", told)
    return Refusal("wrong_statement", NOT_VALID)


def denial(denied: tuple[str, str], statement: str, served: Served) -> Refusal:
    """What a model is told of something that it may not do."""
    kind, name = denied
    if kind == "function":
        return Refusal("not_allowed", no_function(name) if _is_in(name, statement) else NOT_VALID)
    if kind == "table" and name in served.tables:
        return Refusal("not_found", f"Write the name {name} alone, without a schema before it.")
    if kind == "table":
        told = no_table(name, served) if _is_in(name, statement) else f"There is no such table. {served.list_tables()}"
        return Refusal("not_found", told)
    return Refusal("not_allowed", f"The record can only be read, table by table. {served.list_tables()}")


def _is_in(name: str, statement: str) -> bool:
    folded = name.casefold()
    return RESERVED not in folded and folded in statement.casefold()


OUT_OF_MEMORY = (apsw.NoMemError, MemoryError)
DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.CantOpenError)
