"""What SQLite is told it may do for a statement: read the served views and call harmless functions, nothing else.

SQLite asks for every table and column, function and kind of statement while it prepares a statement. What is not on a
list is denied; that includes reads of no column (`count(*)`), which name no database.
"""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from clinseek_assets.records.pinned.views import RESERVED, View

# Aggregates, window functions, and scalars whose time and output are bounded by their input's length. Not among them:
# what builds long values at once (printf, hex, zeroblob, replace), what looks outside, and what is not repeatable.
_FUNCTION_NAMES = """
    avg count group_concat max median min percentile percentile_cont percentile_disc string_agg sum total
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
    coalesce iif if ifnull nullif typeof likely unlikely
    char concat concat_ws glob instr length like lower ltrim octet_length rtrim substr substring trim unicode upper
    abs ceil ceiling exp floor ln log log10 log2 mod pow power round sign sqrt trunc
    date datetime julianday strftime time timediff unixepoch
"""
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
# Names that SQLite takes for tables although none are there, some by what they begin with. None shows anything of a
# patient; they are denied since nothing needs them.
VIRTUAL_TABLES = frozenset({"bytecode", "carray", "completion", "dbstat", "generate_series", "tables_used"})
NO_TABLE_BEGINS_WITH = ("sqlite_", "pragma_", "json", "fts", "rtree", "geopoly", RESERVED)


class Guard:
    """The authorizer of one connection.

    Args:
        views: what is served.
        behind: the tables of the databases behind the views.

    Attributes:
        trusted: whether everything is allowed, while the record itself is at work.
        denied: what the last denial was about, as the statement calls it: `("table", name)`, `("function", name)` or
            `("statement", "")`.
    """

    def __init__(self, views: Iterable[View], behind: Iterable[str]) -> None:
        self._served = {view.table for view in views}
        self._inner = {view.inner_name: view for view in views}
        self._not_served = frozenset({*behind, *VIRTUAL_TABLES} - self._served)
        self.trusted = False
        self.denied: tuple[str, str] | None = None

    def __call__(self, action: int, first: str | None, second: str | None, schema: str | None, by: str | None) -> int:
        """SQLite's question; `by` is the innermost view or common table expression that asks."""
        if self.trusted or self._allowed(action, first or "", second or "", schema, by or ""):
            return apsw.SQLITE_OK
        return apsw.SQLITE_DENY

    def _allowed(self, action: int, first: str, second: str, schema: str | None, by: str) -> bool:
        if action in (apsw.SQLITE_SELECT, apsw.SQLITE_RECURSIVE):
            return True
        if action == apsw.SQLITE_READ:
            allowed = self._may_read(first, second, schema, by)
            denial = ("table", first)
        elif action == apsw.SQLITE_FUNCTION:
            allowed = second.casefold() in FUNCTIONS or second.startswith(RESERVED)
            denial = ("function", second)
        else:
            allowed, denial = False, ("statement", "")
        if not allowed and self.denied is None:
            self.denied = denial
        return allowed

    def _may_read(self, table: str, column: str, schema: str | None, by: str) -> bool:
        if schema == "temp":
            return table in self._served or (table in self._inner and by.casefold() == self._inner[table].table)
        if schema is None:
            return not column and self._is_no_hidden_table(table)
        view = self._inner.get(by)
        return view is not None and (schema, table) in view.reads

    def _is_no_hidden_table(self, name: str) -> bool:
        """Whether a name is a served view's or a common table expression's: no other can stand for no column."""
        folded = name.casefold()
        return folded not in self._not_served and not folded.startswith(NO_TABLE_BEGINS_WITH)
