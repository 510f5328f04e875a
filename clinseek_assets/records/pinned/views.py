"""The shape of a view: what a pinned record shows of one table, and how its SQL is put together.

Each table is served by two views: `labevents`, which the model names, selects from `__pin_labevents`, which reads the
database. SQLite tells the authorizer the innermost view or common table expression that a read happens in; a model may
give a common table expression the name `labevents`, but none whose name begins with `__pin_`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from clinseek_assets.mimic.tables import ColumnType
from clinseek_assets.records.pinned.labels import REFERENCE, LabelColumn

SOURCE = "src"
"""The schema that the patient's database is attached as."""
RESERVED = "__pin_"
"""How the names of everything begin that a statement may not name."""
SOURCE_ROW = f"{RESERVED}source_row"
"""The inner views' last column: the record number in the source file."""
ROW = "r"
"""The alias of the row that a view shows."""
EVERY_ROW = f'{ROW}."subject_id" IS NOT NULL'
NO_ROW = f'{ROW}."subject_id" IS NULL'
"""Conditions that always and never hold. They name a column, as every view must: where SQLite finds no column of a
source in use, it forgets in which view it reads."""


@dataclass(frozen=True)
class View:
    """What is shown of one table.

    Attributes:
        table: its name.
        columns: what is served, label columns last.
        select: the inner view's statement: the columns in order, then `SOURCE_ROW`; with marks `{name}` for constants.
        reads: (schema, table) of everything that it reads.
        time_column: the column that tools filter and order by, or None.
        constants: what stands for the marks.
    """

    table: str
    columns: tuple[str, ...]
    select: str
    reads: frozenset[tuple[str, str]]
    time_column: str | None
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def inner_name(self) -> str:
        """The name of the view that reads the database."""
        return RESERVED + self.table

    def statements(self) -> tuple[str, str]:
        """The statements that make the two views."""
        return (
            f'CREATE TEMP VIEW "{self.inner_name}" AS {self.select.format_map(self.constants)}',
            f'CREATE TEMP VIEW "{self.table}" AS SELECT {listed(self.columns)} FROM temp."{self.inner_name}"',
        )


def listed(columns: Iterable[str]) -> str:
    """Column names as SQL writes them."""
    return ", ".join(f'"{column}"' for column in columns)


def masked(condition: str, column: str, kind: ColumnType) -> str:
    """A column that reads NULL unless the condition holds; the cast keeps its type, so that it compares as before."""
    return f'CAST(CASE WHEN {condition} THEN {ROW}."{column}" END AS {kind.sqlite}) AS "{column}"'


def view_of(
    table: str,
    shown: dict[str, str],
    where: str,
    *,
    also_read: frozenset[str],
    time_column: str | None,
    labels: Sequence[LabelColumn],
) -> View:
    """Put a view together.

    Args:
        table: the table.
        shown: column -> its expression over the row `ROW`, with its name.
        where: which rows are shown: a condition on one of the row's columns.
        also_read: tables of the patient's database that the expressions read besides it.
        time_column: see `View`.
        labels: the names of the table's codes.
    """
    expressions = [*shown.values(), *(f'{label.lookup(ROW)} AS "{label.name}"' for label in labels)]
    return View(
        table=table,
        columns=(*shown, *(label.name for label in labels)),
        select=(
            f'SELECT {", ".join(expressions)}, {ROW}.rowid AS "{SOURCE_ROW}" '
            f'FROM {SOURCE}."{table}" AS {ROW} WHERE {where}'
        ),
        reads=frozenset({(SOURCE, name) for name in also_read | {table}})
        | frozenset((REFERENCE, label.dictionary) for label in labels),
        time_column=time_column,
    )
