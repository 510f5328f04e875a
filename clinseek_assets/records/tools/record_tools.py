"""The tools that read the record, each a function of the desk and of checked arguments; what it returns is read by a
model. Published names and parameters: `catalogue.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clinseek_assets.records.sqlite_tables import quoted
from clinseek_assets.records.tools import conditions
from clinseek_assets.records.tools.column_kinds import kind_of
from clinseek_assets.records.tools.descriptions import label_meanings
from clinseek_assets.records.tools.desk import Desk, said
from clinseek_assets.records.tools.mistakes import Mistake, shortened
from clinseek_assets.records.tools.showing import Paged, page_size_of, show, show_page
from clinseek_assets.records.tools.times_given import FORMAT, Given, read_time
from clinseek_assets.records.tools.what_is_known_when import remarks_on

MOST_VALUES = 50

Arguments = dict[str, Any]


def load_ehr(desk: Desk, given: Arguments) -> str:
    """The tables of the record with their visible rows, if the moment is the pinned one."""
    moment = desk.record.pin.prediction_time
    asked = read_time(given["timestamp"], "timestamp")
    if asked.start != moment:
        raise Mistake(
            "other_moment",
            f"This record is seen as it was at {moment}, the current time of the question, and cannot be seen at "
            f"another. It is ready: go on, or call ehr.load_ehr with timestamp {moment}.",
        )
    counts = desk.row_counts
    rows = [(table, count, desk.record.time_column(table)) for table, count in counts.items() if count]
    empty = [table for table, count in counts.items() if not count]
    candidates = sorted(desk.candidates.rows.items())
    return said(
        f"The record as it was known at {moment}; nothing from then on is in it.",
        show(("table", "visible_rows", "time_column"), rows, desk.budget).text,
        f"Without any row so far: {', '.join(empty)}." if empty else "",
        "\nCandidate tables, the vocabularies of answers:" if candidates else "",
        show(("candidate_table", "rows"), candidates, desk.budget).text if candidates else "",
    )


def get_table_names(desk: Desk, _: Arguments) -> str:
    """The names of all tables."""
    return said(
        f"EHR Tables: {', '.join(sorted(desk.record.tables))}",
        f"Candidate Tables: {', '.join(desk.candidates.tables)}" if desk.candidates.tables else "",
    )


def get_column_names(desk: Desk, given: Arguments) -> str:
    """The names of a table's columns."""
    table, columns = _any_table(desk, given["table_name"])
    return f"{table}: {', '.join(columns)}"


def get_table_description(desk: Desk, given: Arguments) -> str:
    """What a table and its columns mean, and what is known of them when."""
    table, columns = _any_table(desk, given["table_name"])
    described = desk.descriptions.tables.get(table)
    meanings = {**(described.columns if described else {}), **label_meanings(desk.record.kind.labels.get(table, ()))}
    lines = [f"- {column}: {meanings[column]}" if meanings.get(column) else f"- {column}" for column in columns]
    of_record = table in desk.record.tables
    return said(
        f"{table} ({described.kind}): {described.text}" if described else table,
        "\n".join(lines),
        "\n".join(remarks_on(desk.record, table)) if of_record else "",
    )


def get_unique_values(desk: Desk, given: Arguments) -> str:
    """The values of a column with their counts: all where they are few, else the most frequent."""
    table = desk.table(given["table_name"])
    column = desk.column(table, given["column_name"])
    counted = desk.record.query(_counting_values(desk, table, column)).rows
    if not counted:
        return f"{table} has no rows."
    different, missing = counted[0][2:]
    rows = [(value, count) for value, count, *_ in counted if value is not None][:MOST_VALUES]
    if different <= MOST_VALUES:
        rows.sort(key=lambda row: (str(type(row[0])), row[0]))
        head = f"{different:,} different value{'' if different == 1 else 's'} of {table}.{column}."
    else:
        head = (
            f"{different:,} different values of {table}.{column}; the {MOST_VALUES} most frequent are shown. For "
            f"others ask ehr.run_sql_query, for example SELECT {quoted(column)}, count(*) FROM {table} "
            f"WHERE {quoted(column)} LIKE '%…%' GROUP BY 1 ORDER BY 2 DESC."
        )
    return said(
        [head, f"Rows in which it is missing (NULL): {missing:,}." if missing else ""],
        show((column, "rows"), rows, desk.budget).text if rows else "",
    )


def get_records_by_time(desk: Desk, given: Arguments) -> str:
    """A table's rows between two times, both included."""
    table = desk.table(given["table_name"])
    column = _time_column(desk, table)
    start, end = _span(given)
    condition = conditions.in_span(desk.record, table, start, end)
    what = f"of {table} with {column} from {start} to {end}"
    return said(*_remarks_on_span(desk, table, end), desk.page_of(table, condition, given.get("page", 1), what))


def get_event_counts_by_time(desk: Desk, given: Arguments) -> str:
    """How many rows each table has between two times, both included."""
    start, end = _span(given)
    timed = [table for table in desk.record.tables if desk.record.time_column(table)]
    found = [conditions.in_span(desk.record, table, start, end) for table in timed]
    statement = " UNION ALL ".join(
        f"SELECT '{table}', count(*) FROM {quoted(table)} WHERE {condition.sql}"
        for table, condition in zip(timed, found, strict=True)
    )
    values = [value for condition in found for value in condition.values]
    counts = dict(desk.record.query(statement, values).rows) if timed else {}
    rows = [(table, desk.record.time_column(table), counts[table]) for table in timed if counts[table]]
    without = [table for table in desk.record.tables if table not in timed]
    return said(
        *_remarks_on_end(desk, end),
        f"Rows from {start} to {end}: {sum(counts.values()):,} in {len(rows)} tables; other tables with a time have "
        "none.",
        show(("table", "time_column", "rows"), rows, desk.budget).text if rows else "",
        f"Without a time column, not counted: {', '.join(without)}." if without else "",
    )


def get_latest_records(desk: Desk, given: Arguments) -> str:
    """All rows of a table at the latest time that it has."""
    table = desk.table(given["table_name"])
    column = _time_column(desk, table)
    condition = conditions.at_latest(desk.record, table)
    return desk.page_of(table, condition, given.get("page", 1), f"of {table} at its latest {column}")


def get_records_by_keyword(desk: Desk, given: Arguments) -> str:
    """Rows of a table in which any column contains a text."""
    table, keyword = desk.table(given["table_name"]), given["keyword"].strip()
    condition = conditions.with_keyword(desk.record, table, keyword)
    return desk.page_of(table, condition, given.get("page", 1), f"of {table} that contain «{shortened(keyword)}»")


def get_records_by_value(desk: Desk, given: Arguments) -> str:
    """Rows of a table in which a column has a value."""
    table = desk.table(given["table_name"])
    column = desk.column(table, given["column_name"])
    value = given["value"].strip()
    condition = conditions.with_value(desk.record, table, column, value)
    kind = kind_of(desk.record, table, column)
    told = (
        f"{column} missing"
        if value == conditions.MISSING
        else f"{column} = {shortened(value)} (compared as {kind.word})"
    )
    return desk.page_of(table, condition, given.get("page", 1), f"of {table} with {told}")


def run_sql_query(desk: Desk, given: Arguments) -> str:
    """The rows of a SELECT over the record."""
    answer = desk.record.query(given["sql_query"])
    rows = list(answer.rows)
    remarks = (answer.cut,) if answer.cut else ()
    if not rows:
        return said(answer.cut or f"The statement gives no rows. Its columns: {', '.join(answer.columns)}.")
    size = page_size_of(answer.columns, rows, desk.budget)
    start = (given.get("page", 1) - 1) * size
    what = "of the statement" if answer.cut is None else "that were taken"
    page = Paged(answer.columns, rows[start : start + size], start, len(rows), size, what, "", "…", remarks)
    return show_page(page, desk.budget)


def _counting_values(desk: Desk, table: str, column: str) -> str:
    """A statement that counts a column's values: value, rows, different values (NULL is none), rows with NULL.

    The name of an item is counted by item first: there are few of them, and many rows of each.
    """
    name = quoted(column)
    counted = f"SELECT {name} AS value, count(*) AS n FROM {quoted(table)} GROUP BY {name}"
    if column in conditions.names_of_items(desk.record, table):
        by_item = f"SELECT itemid, {name} AS value, count(*) AS n FROM {quoted(table)} GROUP BY itemid"
        counted = f"SELECT value, sum(n) AS n FROM ({by_item}) GROUP BY value"
    overall = "count(value) OVER (), sum(CASE WHEN value IS NULL THEN n ELSE 0 END) OVER ()"
    return f"SELECT value, n, {overall} FROM ({counted}) ORDER BY n DESC, value LIMIT {MOST_VALUES + 1}"


def _any_table(desk: Desk, given: str) -> tuple[str, Sequence[str]]:
    """A table of the record or of candidates, with its columns."""
    folded = given.strip().casefold()
    if folded in desk.candidates.tables:
        return folded, desk.candidates.tables[folded]
    table = desk.table(given)
    return table, desk.record.tables[table]


def _time_column(desk: Desk, table: str) -> str:
    column = desk.record.time_column(table)
    if column is None:
        raise Mistake(
            "bad_arguments",
            f"{table} has no time column. Read it with ehr.get_records_by_value (for example by hadm_id, stay_id or "
            "note_id), or join it in ehr.run_sql_query with a table that has one.",
        )
    return column


def _span(given: Arguments) -> tuple[Given, Given]:
    start, end = read_time(given["start_time"], "start_time"), read_time(given["end_time"], "end_time")
    if start.start > end.end:
        raise Mistake("bad_arguments", f"`start_time` {start} lies after `end_time` {end}. Write {FORMAT}.")
    return start, end


def _remarks_on_span(desk: Desk, table: str, end: Given) -> list[str]:
    """What a range cannot show: what comes after the moment, and rows without a time."""
    remarks = _remarks_on_end(desk, end)
    column = _time_column(desk, table)
    known = desk.record.kind.tables[table]
    if column not in known.column_names or not known.column(column).required:
        missing = desk.count(table, conditions.with_value(desk.record, table, column, conditions.MISSING))
        if missing:
            remarks.append(
                f"Rows of {table} without {column}, which are in no range: {missing:,}; ehr.get_records_by_value with "
                f"column_name {column} and value NULL shows them."
            )
    return remarks


def _remarks_on_end(desk: Desk, end: Given) -> list[str]:
    moment = desk.record.pin.prediction_time
    if end.end < moment:
        return []
    return [f"The record ends before the current time, {moment}; nothing from then on is in it."]
