"""What one context shows and another one of the same question does not: rows and values, as counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from clinseek_assets.contexts.timeline_text import NO_VALUE, Block, read_timeline

Cells = dict[str, str]


@dataclass(frozen=True)
class LeftOut:
    """Counts over one question.

    Attributes:
        rows: rows that only the fuller context shows, header blocks included.
        values: values that only the fuller one shows, in rows that both show.
        rows_added: rows that only the other one shows.
    """

    rows: int
    values: int
    rows_added: int


def left_out(fuller: str, other: str) -> LeftOut:
    """Compare two contexts in the published layout.

    A row is the same in both where each of its values is equal or missing in the other. Both show a table's rows in the
    same order, so that the rows of the other are looked for one behind the other.

    Args:
        fuller: the context that is expected to show more.
        other: a context of the same question.
    """
    shown, remaining = _rows_by_table(fuller), _rows_by_table(other)
    same = [pair for table, rows in remaining.items() for pair in _same_rows(shown.get(table, []), rows)]
    return LeftOut(
        rows=sum(map(len, shown.values())) - len(same),
        values=sum(_missing(row, less) for row, less in same),
        rows_added=sum(map(len, remaining.values())) - len(same),
    )


def _rows_by_table(context: str) -> dict[str, list[Cells]]:
    found: dict[str, list[Cells]] = defaultdict(list)
    for block in read_timeline(context):
        found[block.table].extend(_rows(block))
    return found


def _rows(block: Block) -> Sequence[Cells]:
    """A block's rows; one that is a heading only is a row without values."""
    return block.rows or [{}]


def _same_rows(shown: Sequence[Cells], remaining: Sequence[Cells]) -> Iterator[tuple[Cells, Cells]]:
    """The rows that both have."""
    place = 0
    for less in remaining:
        found = next((at for at in range(place, len(shown)) if _is_less_of(less, shown[at])), None)
        if found is not None:
            yield shown[found], less
            place = found + 1


def _is_less_of(less: Cells, row: Cells) -> bool:
    return all(value in NO_VALUE or row.get(title) == value for title, value in less.items())


def _missing(row: Cells, less: Cells) -> int:
    return sum(value not in NO_VALUE and less.get(title, "") in NO_VALUE for title, value in row.items())
