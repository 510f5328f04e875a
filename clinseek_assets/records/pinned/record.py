"""A pinned record: an SQLite connection that sees one patient at one moment, whatever a statement says.

The patient's database is attached read-only; what is served are views cut at the pin (`strict_views`, `compat_views`).
An authorizer denies everything else (`guard`), a clock and limits stop what takes too long or too much (`limits`), and
errors are told in our own words (`refusals`). The SQLite is apsw's own copy: of a known version, apart from Python's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import apsw

from clinseek_assets.faults import DatabaseFault
from clinseek_assets.mimic.code_classes import normalised_ndc
from clinseek_assets.mimic.tables import ColumnType, Table
from clinseek_assets.records.patient_databases import database_path
from clinseek_assets.records.pinned import compat_views, refusals, statements, strict_views
from clinseek_assets.records.pinned.answers import LatestRows, Refusal, Rows
from clinseek_assets.records.pinned.guard import Guard
from clinseek_assets.records.pinned.kinds import KINDS, RecordKind
from clinseek_assets.records.pinned.labels import NORMALISED_NDC, REFERENCE
from clinseek_assets.records.pinned.limits import CONNECTION_LIMITS, STEPS_BETWEEN_LOOKS, Limits, heap_of
from clinseek_assets.records.pinned.patient_facts import PatientFacts
from clinseek_assets.records.pinned.pin import Pin, Policy
from clinseek_assets.records.pinned.views import SOURCE, SOURCE_ROW, View, listed

LONGEST_TRIM_SET = 100
LONGEST_VALUE = 1_000_000_000
# A file is read as memory, without a system call a page: it is never changed or cut short, only replaced.
MAPPED_BYTES = 4 << 30
FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI | apsw.SQLITE_OPEN_MEMORY
USUAL = Limits()
Parameters = Sequence[Any] | Mapping[str, Any]
VisibleRows = dict[str, list[dict[str, Any]]]
"""Table -> rows, in the form that `timeline/rows.py` reads from a database."""


class PinnedRecord:
    """One patient, seen at one moment. A context manager.

    Args:
        pin: whose record, and at which moment.
        policy: by which rules of time.
        databases: the folder of patient databases.
        reference: the reference database, for the names of codes.
        limits: what one statement may take.

    Raises:
        DatabaseFault: one of the databases is missing, damaged or not of this project.
    """

    def __init__(self, pin: Pin, policy: Policy, *, databases: Path, reference: Path, limits: Limits = USUAL) -> None:
        self.pin = pin
        self.policy = policy
        self.kind = KINDS[pin.dataset]
        self._limits = limits
        with heap_of(None):
            self._connection = _connected(
                self.kind, database_path(databases, pin.subject_id), reference, pin.subject_id
            )
            try:
                self._views = {view.table: view for view in self._cut_views()}
                _lock(self._connection)
            except apsw.Error as error:
                self._connection.close()
                raise _unreadable("A patient database", error) from None
        self._provided: set[str] = set()
        self._guard = Guard(self._views.values(), (*self.kind.tables, *self.kind.dictionaries))
        self._connection.authorizer = self._guard
        self.tables: Mapping[str, tuple[str, ...]] = {name: view.columns for name, view in self._views.items()}
        self._served = refusals.Served(self.tables)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the databases."""
        self._connection.close()

    def time_column(self, table: str) -> str | None:
        """The column by which a served table's rows are looked up in time, or None where it has none.

        Raises:
            KeyError: the table is not served.
        """
        return self._views[table].time_column

    def query(self, statement: str, parameters: Parameters = ()) -> Rows:
        """The rows of one SELECT, WITH or VALUES over the served tables.

        Args:
            statement: SQL in SQLite's dialect; it may come from a model.
            parameters: values for its placeholders.

        Returns:
            As many rows as the limits allow, with a sentence on what was cut off; without ORDER BY in any order.

        Raises:
            Refusal: the statement is wrong, not allowed, or takes too long or too much memory.
            DatabaseFault: the database is damaged.
        """
        text = statements.checked(statement)
        folded = text.casefold()
        with heap_of(self._limits.memory):
            self._provide(table for table in self._views if table in folded)
            self._guard.denied = None
            self._connection.set_progress_handler(self._limits.stopper(), STEPS_BETWEEN_LOOKS)
            try:
                return self._answer(text, parameters)
            except apsw.InterruptError:
                raise Refusal("deadline", _too_long(self._limits.seconds)) from None
            except refusals.OUT_OF_MEMORY:
                raise Refusal("memory", _too_much(self._limits.memory)) from None
            except refusals.DAMAGED as error:
                raise _unreadable("A patient database", error) from None
            except (apsw.Error, UnicodeError, TypeError, ValueError) as error:
                raise self._refusal(error, text) from None

    def timeline_rows(self) -> VisibleRows:
        """All that is visible, in the form of `timeline/rows.py`: for our own renderer, out of a statement's reach.

        Returns:
            Table -> rows with the catalogue's columns, `source_row`, times as datetime and dates as date; None stands
            in columns that are not served. Tables that are not served have no rows.

        Raises:
            DatabaseFault: the database is damaged.
        """
        with heap_of(None), self._at_work():
            self._provide(self._views)
            return {
                name: _timeline_rows(self._connection, table, self._views[name]) if name in self._views else []
                for name, table in self.kind.tables.items()
            }

    def latest_rows(self, table: str, most: int) -> LatestRows:
        """At most so many rows of a served table, the latest by its time: for our own renderer.

        Rows at one time are taken in the order of the source file, of a table without a time all of them so.

        Raises:
            KeyError: the table is not served.
            DatabaseFault: the database is damaged.
        """
        view = self._views[table]
        with heap_of(None), self._at_work():
            self._provide([table])
            return _latest_rows(self._connection, view, most)

    def _cut_views(self) -> list[View]:
        if self.policy == "strict":
            return strict_views.strict_views(self.pin, PatientFacts(self._connection, self.pin))
        return compat_views.compat_views(self._connection, self.pin)

    def _provide(self, tables: Iterable[str]) -> None:
        """Make the views of these tables that are not there yet.

        A table's views are made when a statement first contains its name, since making all takes three milliseconds.
        Should a name get past that, it leads to the table itself, which the guard denies to all but the inner views.
        """
        wanted = [table for table in tables if table not in self._provided]
        if not wanted:
            return
        with self._at_work():
            script = ";".join(statement for table in wanted for statement in self._views[table].statements())
            self._connection.execute(f"PRAGMA query_only = 0; BEGIN; {script}; COMMIT; PRAGMA query_only = 1")
            self._provided.update(wanted)
            ((there,),) = self._connection.execute("SELECT count(*) FROM sqlite_temp_schema WHERE type = 'view'")
        assert there == 2 * len(self._provided), "views have vanished"

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        """Let the record itself do what no statement may, without a clock and with values of any length."""
        before = self._guard.trusted
        longest = self._connection.limit(apsw.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        self._connection.set_progress_handler(None)
        self._guard.trusted = True
        try:
            yield
        except apsw.Error as error:
            raise _unreadable("A patient database", error) from None
        finally:
            self._guard.trusted = before
            self._connection.limit(apsw.SQLITE_LIMIT_LENGTH, longest)

    def _answer(self, text: str, parameters: Parameters) -> Rows:
        seen = _SeenOnce()
        cursor = self._connection.cursor()
        cursor.exec_trace = seen
        try:
            rows = cursor.execute(text, parameters, can_cache=False)
            return _cut(seen.columns, rows, self._limits)
        finally:
            cursor.close(True)

    def _refusal(self, error: Exception, text: str) -> Refusal:
        if self._guard.denied is not None:
            return refusals.denial(self._guard.denied, text, self._served)
        return refusals.refusal_of(error, text, self._served)


class _SeenOnce:
    """Asked by apsw before a statement runs: lets one reading statement run and keeps its columns' names."""

    def __init__(self) -> None:
        self.columns: tuple[str, ...] = ()
        self._before = 0

    def __call__(self, cursor: apsw.Cursor, statement: str, bindings: Any) -> bool:
        self._before += 1
        if self._before > 1 or cursor.is_explain or not cursor.is_readonly:
            return False
        self.columns = tuple(column[0] for column in cursor.get_description())
        return True


def _cut(columns: tuple[str, ...], rows: apsw.Cursor, allowed: Limits) -> Rows:
    """As many rows as are allowed."""
    kept: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        if allowed.bytes is not None:
            size += sum(map(_bytes, row))
        if allowed.rows is not None and len(kept) == allowed.rows:
            return Rows(columns, kept, _more_rows(len(kept)))
        if allowed.bytes is not None and size > allowed.bytes:
            return Rows(columns, kept, _more_bytes(len(kept), allowed.bytes))
        kept.append(row)
    return Rows(columns, kept)


def _bytes(value: Any) -> int:
    """About what a value takes in an answer; a number is taken as eight characters."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    return len(value) if isinstance(value, bytes) else 8


def _more_rows(kept: int) -> str:
    return (
        f"Only the first {kept:,} rows are shown; there are more. Count or group them (count(*), GROUP BY), narrow "
        f"the WHERE, or read on with ORDER BY … LIMIT {kept} OFFSET {kept}."
    )


def _more_bytes(kept: int, allowed: int) -> str:
    if not kept:
        return (
            f"No row is shown: the first alone is larger than {allowed:,} bytes. Select fewer columns, or a piece of a "
            "long text: substr(text, 1, 5000)."
        )
    return (
        f"Only the first {kept:,} rows are shown, since an answer holds {allowed:,} bytes; there are more. Select "
        f"fewer columns, narrow the WHERE, or read on with ORDER BY … LIMIT {kept} OFFSET {kept}."
    )


def _too_long(seconds: float | None) -> str:
    return (
        f"The statement was stopped after {seconds:g} s. Narrow it (by time, itemid or LIMIT), and join tables by "
        "their ids."
    )


def _too_much(memory: int | None) -> str:
    return (
        f"The statement needs more than {(memory or 0) >> 20:,} MB of memory. Narrow it (by time, itemid or LIMIT), "
        "and sort or group fewer rows."
    )


def _connected(kind: RecordKind, database: Path, reference: Path, subject_id: int) -> apsw.Connection:
    """A connection with both databases attached, each checked to be what it should be."""
    for path, what, mend in (
        (database, "A patient database", "Build the patient databases first."),
        (reference, "The reference database", "Build the reference tables first."),
    ):
        if not path.is_file():
            raise DatabaseFault(f"{what} is missing.", mend=mend)
    connection = apsw.Connection(":memory:", flags=FLAGS, statementcachesize=0)
    try:
        # In this order: a later `temp_store` would drop all temporary views without a word.
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
        for path, schema in ((database, SOURCE), (reference, REFERENCE)):
            connection.execute(f"ATTACH ? AS {schema}", (_read_only(path),))
            connection.execute(f"PRAGMA {schema}.mmap_size = {MAPPED_BYTES}")
        _register_functions(connection)
        _check_source(connection, kind, subject_id)
        _check_reference(connection, kind)
    except apsw.Error as error:
        connection.close()
        raise _unreadable("A patient database or the reference database", error) from None
    except DatabaseFault:
        connection.close()
        raise
    return connection


def _read_only(path: Path) -> str:
    """A URI under which SQLite neither locks nor looks for journals: files are replaced whole, never changed."""
    return f"file:{quote(str(path.resolve()))}?mode=ro&immutable=1"


def _register_functions(connection: apsw.Connection) -> None:
    """What the views call, and functions whose own versions could take minutes on long arguments."""
    functions: dict[str, tuple[int, Callable[..., str | None]]] = {
        NORMALISED_NDC: (1, lambda ndc: None if ndc is None else normalised_ndc(str(ndc))),
        "trim": (2, _trimmer(str.strip)),
        "ltrim": (2, _trimmer(str.lstrip)),
        "rtrim": (2, _trimmer(str.rstrip)),
    }
    for name, (arguments, function) in functions.items():
        connection.create_scalar_function(name, function, arguments, deterministic=True, flags=apsw.SQLITE_INNOCUOUS)


def _trimmer(strip: Callable[[str, str], str]) -> Callable[..., str | None]:
    """One of SQLite's trim functions with two arguments, with a bound on the second: its time is their product."""

    def trimmed(text: Any, characters: Any) -> str | None:
        if text is None or characters is None:
            return None
        if len(str(characters)) > LONGEST_TRIM_SET:
            raise ValueError(refusals.TRIM_SET_TOO_LONG)
        return strip(str(text), str(characters))

    return trimmed


def _check_source(connection: apsw.Connection, kind: RecordKind, subject_id: int) -> None:
    """The database has exactly the catalogue's tables, and its patient is the one that it is named after."""
    found = {sql for (sql,) in connection.execute(f"SELECT sql FROM {SOURCE}.sqlite_schema WHERE type = 'table'")}
    if not found.issuperset(kind.statements):
        raise DatabaseFault(
            "A patient database does not have the tables and columns of the catalogue.",
            mend="Build the patient databases again.",
        )
    of_others = (f"SELECT 1 FROM {SOURCE}.{table} WHERE subject_id <> :patient" for table in kind.named_in)
    strangers = connection.execute(f"{' UNION ALL '.join(of_others)} LIMIT 1", {"patient": subject_id})
    if strangers.fetchone():
        raise DatabaseFault(
            "A patient database holds another patient than its name says.", mend="Build the patient databases again."
        )


def _check_reference(connection: apsw.Connection, kind: RecordKind) -> None:
    found = {name for (name,) in connection.execute(f"SELECT name FROM {REFERENCE}.sqlite_schema WHERE type = 'table'")}
    if not found.issuperset(kind.dictionaries):
        raise DatabaseFault("The reference database lacks tables.", mend="Build the reference tables again.")


def _lock(connection: apsw.Connection) -> None:
    """After the views are made: nothing more is written, and values and statements are bounded."""
    connection.execute("PRAGMA query_only = 1")
    for limit, value in CONNECTION_LIMITS.items():
        connection.limit(limit, value)


def _timeline_rows(connection: apsw.Connection, table: Table, view: View) -> list[dict[str, Any]]:
    served = [column for column in table.column_names if column in view.columns]
    statement = f'SELECT {listed([*served, SOURCE_ROW])} FROM temp."{view.inner_name}" ORDER BY "{SOURCE_ROW}"'
    times = [column.name for column in table.columns if column.type is ColumnType.DATETIME and column.name in served]
    dates = [column.name for column in table.columns if column.type is ColumnType.DATE and column.name in served]
    names = (*served, "source_row")
    unserved = dict.fromkeys(table.column_names)
    rows = [{**unserved, **dict(zip(names, values, strict=True))} for values in connection.execute(statement)]
    for row in rows:
        for name in times:
            row[name] = row[name] and datetime.fromisoformat(row[name])
        for name in dates:
            row[name] = row[name] and _day(row[name])
    return rows


def _latest_rows(connection: apsw.Connection, view: View, most: int) -> LatestRows:
    """The rows are chosen first and read then, so that names of codes are looked up for those alone."""
    inner, number = f'temp."{view.inner_name}"', f'"{SOURCE_ROW}"'
    times = [f'"{view.time_column}"'] if view.time_column else []
    later_first = ", ".join(f"{column} DESC" for column in (*times, number))
    ((visible,),) = connection.execute(f"SELECT count(*) FROM {inner}")
    latest = connection.execute(f"SELECT {number} FROM {inner} ORDER BY {later_first} LIMIT {most}")
    chosen = ", ".join(str(at) for (at,) in latest)
    read = f"SELECT {listed(view.columns)}, {number} FROM {inner} WHERE {number} IN ({chosen})"
    rows = connection.execute(f"{read} ORDER BY {', '.join((*times, number))}").fetchall() if chosen else []
    return LatestRows(view.columns, [row[:-1] for row in rows], [int(row[-1] or 0) for row in rows], visible)


def _day(text: str) -> date:
    """A date; under `compat` a day is served as a time, its end."""
    return date.fromisoformat(text) if len(text) == len("2150-01-31") else datetime.fromisoformat(text)


def _unreadable(what: str, error: apsw.Error) -> DatabaseFault:
    return DatabaseFault(f"{what} cannot be read ({type(error).__name__}).", mend="Remove it and build it again.")
